// Two texts line by line: what stayed, what went, what came.

/** [{kind: 'same' | 'gone' | 'come', line}] by the longest common sequence of lines. */
export function lineDiff(before, after) {
  const a = before.split('\n').slice(0, 2000);
  const b = after.split('\n').slice(0, 2000);
  const width = b.length + 1;
  const longest = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i * width + j] = a[i] === b[j] ? longest[(i + 1) * width + j + 1] + 1 : Math.max(longest[(i + 1) * width + j], longest[i * width + j + 1]);
    }
  }
  const out = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { out.push({ kind: 'same', line: a[i] }); i += 1; j += 1; }
    else if (j >= b.length || (i < a.length && longest[(i + 1) * width + j] >= longest[i * width + j + 1])) { out.push({ kind: 'gone', line: a[i] }); i += 1; }
    else { out.push({ kind: 'come', line: b[j] }); j += 1; }
  }
  return out;
}

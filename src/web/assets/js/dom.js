// Builds and finds elements; text always goes in as text, never as markup.

export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const SVG = 'http://www.w3.org/2000/svg';

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === 'class') node.setAttribute('class', value);
    else if (typeof value === 'function') node.addEventListener(name.slice(2), value);
    else if (name === 'value' && 'value' in node && node.localName !== 'progress') node.value = value;
    else node.setAttribute(name, value === true ? '' : String(value));
  }
  node.append(...children.flat(2).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** el('p', {class: 'soft', onclick: f}, 'text', node): strings become text nodes. */
export const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
export const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

export function show(node, visible = true) {
  if (node) node.hidden = !visible;
  return node;
}

/** Sets text only when it differs, so that live regions do not speak twice. */
export function text(node, value) {
  if (node && node.textContent !== value) node.textContent = value;
  return node;
}

/** Puts these in place of what a node has, if they differ: who reads, copies or has the keyboard's focus in there is left alone. */
export function renew(node, ...children) {
  const next = fill(node.cloneNode(false), {}, children);
  if (!next.isEqualNode(node)) node.replaceChildren(...next.childNodes);
  return node;
}

/** Moves the keyboard's place to a heading or notice that is not a control. */
export function focusOn(node) {
  if (!node) return;
  if (node.tabIndex < 0) node.tabIndex = -1;
  node.focus();
}

/** A path of this site, or the fallback: `next` and redirectUrl never lead elsewhere. */
export function localPath(path, fallback) {
  if (typeof path !== 'string' || !path.startsWith('/')) return fallback;
  try {
    const url = new URL(path, location.origin);
    return url.origin === location.origin ? url.pathname + url.search + url.hash : fallback;
  } catch {
    return fallback;
  }
}

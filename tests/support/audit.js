// Accessibility checks that run in the page: names, labels, structure, contrast, focus, size of targets.

function visible(element) {
  if (!element.checkVisibility || !element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true })) return false;
  if (element.closest('[aria-hidden="true"], [inert]')) return false;
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.height > 0;
}

function unseen(element) { // for screen readers only: clipped to nothing
  for (let one = element; one && one !== document.body; one = one.parentElement) {
    const style = getComputedStyle(one);
    const box = one.getBoundingClientRect();
    if ((box.width <= 2 && box.height <= 2 && style.overflow !== 'visible') || /inset\(50%|rect\(0/.test(style.clipPath + style.clip)) return true;
  }
  return false;
}

function short(element) { return element.outerHTML.replace(/\s+/g, ' ').slice(0, 140); }

function nameOf(element) {
  const by = element.getAttribute('aria-labelledby');
  if (by) return by.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '').join(' ').trim();
  if (element.getAttribute('aria-label')) return element.getAttribute('aria-label').trim();
  if (element.labels?.length) return [...element.labels].map((label) => label.textContent).join(' ').trim();
  if (element.localName === 'img') return element.alt.trim();
  if (element.localName === 'fieldset') return (element.querySelector('legend')?.textContent ?? '').trim();
  if (element.localName === 'input' && ['submit', 'button'].includes(element.type)) return element.value.trim();
  const inner = [...element.querySelectorAll('img[alt], svg[aria-label], svg > title')].map((one) => one.alt || one.getAttribute('aria-label') || one.textContent);
  return (element.textContent + inner.join(' ') + (element.title ?? '')).trim();
}

function parse(colour) {
  const rgb = colour.match(/^rgba?\(([\d.]+),\s*([\d.]+),\s*([\d.]+)(?:,\s*([\d.]+))?\)$/);
  if (rgb) return { r: +rgb[1], g: +rgb[2], b: +rgb[3], a: rgb[4] === undefined ? 1 : +rgb[4] };
  const canvas = document.createElement('canvas'); // oklch() and color-mix() come out as they are: let the canvas say
  canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return { r: a ? r : 0, g: a ? g : 0, b: a ? b : 0, a: a / 255 };
}

const over = (top, under) => ({ r: top.r * top.a + under.r * (1 - top.a), g: top.g * top.a + under.g * (1 - top.a), b: top.b * top.a + under.b * (1 - top.a), a: 1 });

function behind(element) { // the colour an element's text stands on; null where a picture is
  const layers = [];
  for (let one = element; one; one = one.parentElement) {
    const style = getComputedStyle(one);
    if (style.backgroundImage !== 'none') {
      const stops = style.backgroundImage.match(/rgba?\([^)]*\)|oklch\([^)]*\)|#[0-9a-f]{3,8}/gi);
      if (!/gradient/.test(style.backgroundImage) || !stops) return null;
      layers.push(stops.map(parse)); // of a gradient, every stop
      if (stops.map(parse).every(({ a }) => a === 1)) break;
      continue;
    }
    const colour = parse(style.backgroundColor);
    if (colour.a > 0) layers.push([colour]);
    if (colour.a === 1) break;
  }
  const canvas = parse(getComputedStyle(document.documentElement).backgroundColor);
  let grounds = [canvas.a ? canvas : (matchMedia('(prefers-color-scheme: dark)').matches ? { r: 18, g: 18, b: 18, a: 1 } : { r: 255, g: 255, b: 255, a: 1 })];
  for (const layer of layers.reverse()) grounds = grounds.flatMap((ground) => layer.map((colour) => over(colour, ground)));
  return grounds;
}

function luminance({ r, g, b }) {
  const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}

function contrast(one, other) {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

function ring(element) { // an outline or shadow that stands out from the ground (1.4.11)
  const style = getComputedStyle(element);
  if (style.boxShadow !== 'none' || style.outlineStyle === 'auto') return true; // auto: the browser's own
  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 1.5) return false;
  const grounds = behind(element.parentElement ?? element);
  return !grounds || grounds.some((ground) => contrast(over(parse(style.outlineColor), ground), ground) >= 3);
}

function focusShown(element) {
  if (!element || element === document.body || element === document.documentElement) return true; // the end of the page
  if (element.matches('[tabindex="-1"]')) return true; // a heading that was given the focus by the page, not by a key
  for (let one = element, far = 0; one && far < 5; one = one.parentElement, far += 1) { // a card may show it for its link
    if (one !== element && !one.matches(':has(:focus-visible)')) break;
    if (ring(one)) return one === element || one.querySelectorAll('a[href], button, input, select, textarea').length <= 2;
  }
  return false;
}

function audit() {
  const wrong = [];
  const all = (css) => [...document.querySelectorAll(css)].filter(visible);

  if (!document.documentElement.lang) wrong.push('the page has no language');
  if (!document.title.trim()) wrong.push('the page has no title');
  if (all('main').length !== 1) wrong.push(`${all('main').length} main landmarks`);
  const tops = all('h1').length;
  if (tops !== 1) wrong.push(`${tops} headings of level 1`);

  let level = 0;
  for (const heading of all('h1, h2, h3, h4, h5, h6')) {
    const now = Number(heading.localName[1]);
    if (level && now > level + 1) wrong.push(`heading jumps from ${level} to ${now}: ${short(heading)}`);
    if (!heading.textContent.trim()) wrong.push(`empty heading ${short(heading)}`);
    level = now;
  }

  const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
  for (const id of new Set(ids.filter((one, place) => ids.indexOf(one) !== place))) wrong.push(`two elements have the id ${id}`);
  for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for', 'list']) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(/\s+/)) if (id && !document.getElementById(id)) wrong.push(`${attribute} names ${id}, which is not there: ${short(element)}`);
    }
  }

  for (const dialog of all('dialog[open], [role=dialog]')) if (!nameOf(dialog) || !(dialog.hasAttribute('aria-labelledby') || dialog.hasAttribute('aria-label'))) wrong.push(`a dialog without a name: ${short(dialog)}`);
  for (const control of all('input:not([type=hidden]), select, textarea, button, a[href], summary, progress, [role=button], [role=tab], fieldset, img, iframe, nav:not(:only-of-type)')) {
    if (control.localName === 'img' && control.hasAttribute('alt')) continue;
    if (!nameOf(control)) wrong.push(`no name: ${short(control)}`);
  }
  for (const element of all('[role]')) {
    const known = ['alert', 'alertdialog', 'button', 'dialog', 'list', 'listitem', 'status', 'tab', 'tablist', 'tabpanel', 'group', 'radiogroup', 'img', 'presentation', 'none', 'navigation', 'region', 'progressbar', 'log', 'note', 'table', 'row', 'cell', 'columnheader'];
    if (!known.includes(element.getAttribute('role'))) wrong.push(`unknown role: ${short(element)}`);
  }
  for (const element of all('[aria-invalid="true"]')) {
    const told = (element.getAttribute('aria-describedby') ?? '').split(' ').some((id) => document.getElementById(id)?.textContent.trim());
    if (!told) wrong.push(`invalid without a reason: ${short(element)}`);
  }
  for (const element of document.querySelectorAll('[tabindex]')) if (element.tabIndex > 0) wrong.push(`tabindex above 0: ${short(element)}`);
  for (const element of all('[aria-hidden="true"] a[href], [aria-hidden="true"] button, [aria-hidden="true"] input')) wrong.push(`can be reached but not heard: ${short(element)}`);

  // Tables say what they are and what heads what (1.3.1); a document's own have heads alone. A mail's are for its layout, and say so
  for (const table of all('table:not([role="presentation"])')) {
    const named = table.caption?.textContent.trim() || table.getAttribute('aria-label') || table.getAttribute('aria-labelledby');
    if (!table.closest('.prose') && !named) wrong.push(`a table without a caption: ${short(table)}`);
    if (!table.querySelector('th')) wrong.push(`a table without heads: ${short(table)}`);
    for (const head of table.querySelectorAll('th:not([scope])')) if (!table.closest('.prose')) wrong.push(`a head without a scope: ${short(head)}`);
  }
  // Lists hold items only; sections that are landmarks have names
  for (const list of all('ul, ol')) for (const child of list.children) if (!['li', 'script', 'template'].includes(child.localName)) wrong.push(`a list holds what is no item: ${short(child)}`);
  for (const part of all('section')) if (!part.hasAttribute('aria-labelledby') && !part.hasAttribute('aria-label') && !part.querySelector('h1, h2, h3, h4')) wrong.push(`a section without a heading: ${short(part)}`);
  // States are words that ARIA knows
  const states = { 'aria-pressed': /^(true|false|mixed)$/, 'aria-expanded': /^(true|false)$/, 'aria-hidden': /^(true|false)$/, 'aria-invalid': /^(true|false|grammar|spelling)$/,
    'aria-current': /^(page|step|location|date|time|true|false)$/, 'aria-live': /^(off|polite|assertive)$/, 'aria-busy': /^(true|false)$/ };
  for (const [name, known] of Object.entries(states)) for (const element of document.querySelectorAll(`[${name}]`)) if (!known.test(element.getAttribute(name))) wrong.push(`${name} is ${element.getAttribute(name)}: ${short(element)}`);
  const set = (one) => one.parentElement.closest('nav, details') ?? document.body; // a menu in a nav is a set of its own
  for (const list of all('nav, nav details')) if ([...list.querySelectorAll('[aria-current]')].filter((one) => set(one) === list).length > 1) wrong.push(`two places are the current one: ${short(list)}`);
  // Links within the page lead somewhere
  for (const link of all('a[href^="#"]')) if (link.hash.length > 1 && !document.getElementById(decodeURIComponent(link.hash.slice(1)))) wrong.push(`a link to ${link.hash}, which is not there: ${short(link)}`);
  // What scrolls can be scrolled by keyboard (2.1.1)
  for (const box of all('main *')) {
    const style = getComputedStyle(box);
    if (!/auto|scroll/.test(style.overflowX + style.overflowY) || box.localName === 'textarea' || unseen(box)) continue;
    const scrolls = (box.scrollWidth > box.clientWidth + 1 && /auto|scroll/.test(style.overflowX)) || (box.scrollHeight > box.clientHeight + 1 && /auto|scroll/.test(style.overflowY));
    if (scrolls && box.tabIndex < 0 && !box.querySelector('a[href], button, input, select, textarea, [tabindex="0"]')) wrong.push(`scrolls, but not by keyboard: ${short(box)}`);
  }
  // No control within a control
  for (const inner of all('a[href] button, a[href] a[href], button a[href], button button, label button, summary a[href], summary button')) wrong.push(`a control within a control: ${short(inner)}`);

  // Contrast of text (WCAG 2.2, 1.4.3)
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element || seen.has(element) || !visible(element) || unseen(element)) continue;
    seen.add(element);
    if (element.closest(':disabled, [aria-disabled="true"], option, script, style, noscript, svg')) continue;
    const style = getComputedStyle(element);
    const grounds = behind(element);
    if (!grounds) continue;
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    let opacity = 1;
    for (let one = element; one; one = one.parentElement) opacity *= Number(getComputedStyle(one).opacity);
    for (const ground of grounds) {
      const ink = parse(style.color);
      const got = contrast(over({ ...ink, a: ink.a * opacity }, ground), ground);
      if (got < least - 0.02) { wrong.push(`contrast ${got.toFixed(2)} below ${least}: "${element.textContent.trim().slice(0, 40)}" ${style.color} in ${short(element)}`); break; }
    }
  }
  // Borders of what one types into (1.4.11)
  for (const control of all('input:not([type=checkbox]):not([type=radio]):not([readonly]), select, textarea')) {
    const style = getComputedStyle(control);
    const grounds = behind(control.parentElement);
    if (!grounds || parseFloat(style.borderBottomWidth) === 0) continue;
    const best = Math.max(contrast(over(parse(style.borderBottomColor), grounds[0]), grounds[0]), contrast(over(parse(style.backgroundColor), grounds[0]), grounds[0]));
    if (best < 2.98) wrong.push(`a field whose edge has contrast ${best.toFixed(2)}: ${short(control)}`);
  }
  // Targets (2.5.8): 24 px, or nothing else within 12 px of the middle; links in a sentence may be as they are
  const targets = all('button, a[href], input:not([type=hidden]), select, summary').filter((one) => !unseen(one))
    .map((one) => ({ one, box: (one.closest('label') ?? one).getBoundingClientRect() }));
  for (const { one, box } of targets) {
    if ((box.width >= 23.5 && box.height >= 23.5) || (one.localName === 'a' && one.closest('p, li, dd') && getComputedStyle(one).display === 'inline')) continue;
    const x = box.x + box.width / 2;
    const y = box.y + box.height / 2;
    const near = targets.find(({ one: other, box: its }) => other !== one && its !== box
      && Math.hypot(Math.max(its.left - x, 0, x - its.right), Math.max(its.top - y, 0, y - its.bottom)) < 12);
    if (near) wrong.push(`a target of ${Math.round(box.width)} × ${Math.round(box.height)} px beside another: ${short(one)}`);
  }
  // Nothing is wider than the window (1.4.10)
  const root = document.scrollingElement;
  if (root.scrollWidth > root.clientWidth + 1) {
    const wide = [...document.querySelectorAll('body *')].filter((one) => visible(one) && one.getBoundingClientRect().right > root.clientWidth + 1).slice(-1)[0];
    wrong.push(`the page is ${root.scrollWidth} px wide in a window of ${root.clientWidth}: ${wide ? short(wide) : ''}`);
  }
  return wrong;
}

function reach() { // what Tab can lead to takes the focus, shows it, and comes in the order of the document; of an open dialog, all there is
  const wrong = [];
  const before = [scrollX, scrollY];
  const modal = [...document.querySelectorAll('dialog:modal')].at(-1); // a question stands over what it asks about
  if (modal && !modal.contains(document.activeElement)) wrong.push(`the focus is not in the dialog but on ${short(document.activeElement)}`);
  const stops = [...(modal ?? document).querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
    .filter((one) => !one.disabled && (visible(one) || one.matches('.skip')) && !(one.type === 'radio' && !one.checked)).slice(0, 150);
  for (const one of stops) {
    one.focus({ focusVisible: true, preventScroll: true });
    if (document.activeElement !== one) wrong.push(`does not take the focus: ${short(one)}`);
    else if (!focusShown(one)) wrong.push(`the focus cannot be seen on ${short(one)}`);
  }
  for (const one of document.querySelectorAll('[data-form-error], [data-said]')) if (!one.closest('[role=alert], [role=status], [aria-live]')) wrong.push(`nobody hears of ${short(one)}`);
  for (const one of document.querySelectorAll('img:not([alt])')) wrong.push(`a picture without words: ${short(one)}`);
  scrollTo(...before);
  return wrong;
}

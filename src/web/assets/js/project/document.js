// The requirements document: server-made safe HTML, headings fitted under the page's own, and a table of contents.
import { $, $$, el, show } from '../dom.js';
import { t } from '../words.js';

const slug = (words) => words.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '');

let last = null;

/** Headings start at h3 and get an id to link to. */
function fit(root) {
  const headings = $$('h1, h2, h3, h4, h5, h6', root);
  const top = Math.min(...headings.map((heading) => Number(heading.localName[1])));
  const taken = new Set();
  return headings.map((heading) => {
    const level = Math.min(6, Number(heading.localName[1]) - top + 3);
    const id = `doc-${slug(heading.textContent) || 'part'}`;
    let free = id;
    for (let n = 2; taken.has(free); n += 1) free = `${id}-${n}`;
    taken.add(free);
    const fitted = el(`h${level}`, { id: free });
    fitted.append(...heading.childNodes);
    heading.replaceWith(fitted);
    return fitted;
  });
}

// What is wider than its place scrolls, and so takes the keyboard's focus as long as it does.
const wide = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    if (target.scrollWidth > target.clientWidth + 1) target.tabIndex = 0;
    else target.removeAttribute('tabindex');
  }
});

/** Shows the document; `growing` while it is still being written. Does nothing when nothing changed. */
export function drawDocument(html, growing = false) {
  const place = $('#prd');
  place.classList.toggle('growing', growing);
  place.setAttribute('aria-busy', String(growing));
  if (html === last) return;
  last = html;
  if (!html) {
    place.replaceChildren(el('p', { class: 'soft' }, growing ? t('The first sentences appear here in a moment.') : t('There is no document yet.')));
    show($('#contents'), false);
    return;
  }
  place.innerHTML = html; // the server renders it without raw HTML: md4c, then nothing executable
  for (const link of $$('a[href^="http"]', place)) link.rel = 'noopener noreferrer nofollow';
  wide.disconnect();
  for (const box of $$('table, pre', place)) wide.observe(box);
  const headings = fit(place);
  const least = Math.min(6, ...headings.map((heading) => Number(heading.localName[1])));
  // One title above the parts is no part itself.
  const parts = headings.filter((heading) => Number(heading.localName[1]) === least).length > 1 ? least : least + 1;
  const entries = headings.filter((heading) => Number(heading.localName[1]) === parts);
  $('#contents ol').replaceChildren(...entries.map((heading) => el('li', {}, el('a', { href: `#${heading.id}` }, heading.textContent))));
  show($('#contents'), entries.length > 1);
}

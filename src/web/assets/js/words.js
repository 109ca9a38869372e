// The words of a page: English is what HTML and scripts are written in, and the key by which a catalogue (../words) has the rest.
const root = document.documentElement;

let words = {};
let messages = {};
if ('wording' in root.dataset) { // language.js found that it is not to be in English
  try {
    const parts = await Promise.all(('office' in root.dataset ? ['', '-office'] : ['']).map((part) => import(`../words/${root.lang}${part}.js`)));
    words = Object.assign({}, ...parts.map((part) => part.default));
    messages = Object.assign({}, ...parts.map((part) => part.messages));
  } catch {
    root.lang = 'en'; // out of reach: English is better than nothing
  }
}

/** The language of the page, and the locale that writes its dates and numbers. */
export const language = root.lang;
export const locale = `${language}-PH`;
/** The languages that the agency offers; none on pages that are in English only. */
export const offered = root.dataset.languages?.split(' ') ?? [];

/** The text for a key; space around it stays. */
function found(key) {
  const bare = key.trim();
  return Object.hasOwn(words, bare) ? key.replace(bare, () => words[bare]) : key;
}

/** The key of a template: what is put in is numbered. */
const keyOf = (strings) => strings.reduce((all, part, index) => `${all}{${index}}${part}`);
const filled = (text, values) => text.replace(/\{(\d)\}/g, (hole, number) => (Number(number) <= values.length ? String(values[number - 1]) : hole));

/** t('Sign in'), or t`${done} of ${all} done`. */
export const t = (text, ...values) => (typeof text === 'string' ? found(text) : filled(found(keyOf(text)), values));

/** A sentence with elements in it: woven`Go to ${link} first.` answers strings and nodes, for el() or append(). */
export const woven = (strings, ...values) => found(keyOf(strings)).split(/(\{\d\})/).map((part) => (/^\{\d\}$/.test(part) ? values[part[1] - 1] : part)).filter((part) => part !== '');

const forms = new Intl.PluralRules(language);

/** "1 task", "3 tasks": the catalogue has both as "task|tasks", in another language one word for each of its plural forms, or one for all. */
export function plural(count, one, many = `${one}s`) {
  const known = found(`${one}|${many}`).split('|');
  const categories = forms.resolvedOptions().pluralCategories;
  const order = ['zero', 'one', 'two', 'few', 'many', 'other'].filter((name) => categories.includes(name));
  const word = known[Math.min(order.indexOf(forms.select(count)), known.length - 1)];
  return `${count} ${word}`;
}

let patterns;

/** What the server says in English: as a whole, or by a pattern whose values may be words themselves. */
export function said(text) {
  if (typeof text !== 'string' || language === 'en' || !text) return text;
  if (Object.hasOwn(messages, text)) return messages[text];
  patterns ??= Object.keys(messages).filter((key) => key.includes('{1}')).sort((a, b) => b.length - a.length)
    .map((key) => [new RegExp(`^${key.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{\d\}/g, '(.+?)')}$`, 's'), messages[key], [...key.matchAll(/\{(\d)\}/g)].map((hole) => Number(hole[1]))]);
  for (const [pattern, text_, order] of patterns) {
    const match = pattern.exec(text);
    if (!match) continue;
    const values = [];
    for (const [index, number] of order.entries()) values[number - 1] = Object.hasOwn(messages, match[index + 1]) ? messages[match[index + 1]] : match[index + 1];
    return filled(text_, values);
  }
  return text;
}

/* The page as it was written. */

const ATTRIBUTES = ['aria-label', 'placeholder', 'title', 'alt'];
const letters = /\p{L}/u;
const trimmed = (text) => text.replace(/\s+/g, ' ').trim();
const untouched = (node) => node.matches('script, style, noscript, template, [data-agency], [translate="no"]');

/** The children that a sentence consists of: without pictures and fields at its edges. */
function sentence(element) {
  const nodes = [...element.childNodes].filter((node) => node.nodeType === Node.ELEMENT_NODE || node.nodeType === Node.TEXT_NODE);
  const says = (node) => (node.nodeType === Node.TEXT_NODE ? Boolean(trimmed(node.data)) : Boolean(node.textContent.trim()));
  let first = 0;
  let end = nodes.length;
  while (first < end && !says(nodes[first])) first += 1;
  while (end > first && !says(nodes[end - 1])) end -= 1;
  return nodes.slice(first, end);
}

/** "This link is over: <1>ask for a new one</1>." Elements are numbered as they come; `<1/>` is one whose words are not ours. */
function described(nodes, elements) {
  return nodes.map((node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    const number = elements.push(node);
    if (untouched(node) || !node.textContent.trim()) return `<${number}/>`;
    return `<${number}>${described([...node.childNodes].filter((one) => one.nodeType !== Node.COMMENT_NODE), elements)}</${number}>`;
  }).join('');
}

/** Puts the words of a sentence in place; its elements are kept, with whatever listens to them. */
function rewrite(element, nodes) {
  const elements = [];
  const key = trimmed(described(nodes, elements));
  const text = found(key);
  if (text === key) return;
  const before = nodes[0].nodeType === Node.TEXT_NODE && /^\s/.test(nodes[0].data) ? ' ' : '';
  const after = nodes.at(-1).nextSibling;
  const end = document.createTextNode(nodes.at(-1).nodeType === Node.TEXT_NODE && /\s$/.test(nodes.at(-1).data) ? ' ' : '');
  element.insertBefore(end, after);
  const open = [[element, (node) => element.insertBefore(node, end)]];
  for (const node of nodes) node.remove();
  if (before) element.insertBefore(document.createTextNode(before), end);
  for (const [, whole, begins, ends, plain] of text.matchAll(/<(\d+)\/>|<(\d+)>|<\/(\d+)>|([^<]+|<)/g)) {
    const put = open.at(-1)[1];
    if (whole) put(elements[whole - 1]);
    else if (begins) {
      const inner = elements[begins - 1];
      put(inner);
      inner.replaceChildren();
      open.push([inner, (node) => inner.append(node)]);
    } else if (ends) open.pop();
    else put(document.createTextNode(plain));
  }
}

function translate(element, within = false) {
  if (untouched(element)) return;
  for (const name of ATTRIBUTES) if (element.hasAttribute(name)) element.setAttribute(name, found(trimmed(element.getAttribute(name))));
  const speaks = !within && [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && letters.test(node.data));
  if (speaks) rewrite(element, sentence(element));
  for (const child of element.children) translate(child, within || speaks);
}

if (language !== 'en') {
  document.title = document.title.split(' – ').map(found).join(' – ');
  const description = document.querySelector('meta[name="description"]');
  if (description) description.content = found(description.content);
  translate(document.body);
}
delete root.dataset.wording;

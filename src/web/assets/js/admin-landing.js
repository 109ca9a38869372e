// The landing page's sections: their words, their order, and which are shown.
import { get } from './api.js';
import { $, el, text } from './dom.js';
import { attempt } from './view.js';
import { t } from './words.js';
import { Editor, formEnd } from './admin/editor.js';
import { checkField, checkedIn, textField, valueOf } from './admin/fields.js';
import { drawHistory } from './admin/history.js';
import { moveButtons, orderSaver, orderable } from './admin/ordered.js';
import { office } from './admin/shell.js';

const line = (name, label, more = {}) => ({ name, label, ...more });
const INTRO = line('intro', t('Introduction'), { optional: true, rows: 2, maxlength: 300 });

/** What each section consists of, as the server's check (cms-landing) and the page (landing.js) have it. */
const SHAPES = {
  hero: { label: t('Hero'), parts: [line('headline', t('Headline'), { required: true, maxlength: 120 }), line('subheadline', t('Text below it'), { optional: true, rows: 3, maxlength: 400 }), line('ctaLabel', t('Button'), { optional: true, maxlength: 40 })] },
  features: { label: t('Features'), parts: [INTRO], lists: [{ name: 'items', one: t('feature'), parts: [line('title', t('Title'), { required: true, maxlength: 80 }), line('text', t('Text'), { required: true, rows: 2, maxlength: 400 })] }] },
  'how-it-works': { label: t('How it works'), parts: [INTRO], lists: [{ name: 'steps', one: t('step'), parts: [line('title', t('Title'), { required: true, maxlength: 80 }), line('text', t('Text'), { required: true, rows: 2, maxlength: 400 })] }] },
  'social-proof': { label: t('Social proof'), parts: [INTRO], lists: [
    { name: 'items', one: t('figure'), parts: [line('value', t('Figure'), { required: true, maxlength: 30 }), line('label', t('What it counts'), { required: true, maxlength: 120 })] },
    { name: 'quotes', one: t('quote'), parts: [line('quote', t('Quote'), { required: true, rows: 2, maxlength: 600 }), line('name', t('Who said it'), { required: true, maxlength: 80 }), line('role', t('Their role'), { optional: true, maxlength: 80 })] }] },
  faq: { label: t('Questions and answers'), parts: [INTRO], lists: [{ name: 'items', one: t('question'), parts: [line('question', t('Question'), { required: true, maxlength: 200 }), line('answer', t('Answer'), { required: true, rows: 3, maxlength: 1500 })] }] },
  cta: { label: t('Call to action'), parts: [line('headline', t('Headline'), { required: true, maxlength: 120 }), line('text', t('Text'), { optional: true, rows: 2, maxlength: 400 }), line('ctaLabel', t('Button'), { optional: true, maxlength: 40 })] },
  pricing: { label: t('Services and prices'), parts: [INTRO] },
};
const labelOf = (key) => SHAPES[key]?.label ?? key;

const list = $('#sections');
const said = $('#said');
const state = { version: 1 };
let sections = [];

/** A list inside a section: its items can be added, moved and taken out. */
function drawList(form, { name, one, parts }, items) {
  const box = el('ol', { class: 'items', role: 'list', 'data-list': name });
  const note = el('p', { class: 'unseen', role: 'status' });
  const number = () => [...box.children].forEach((item, place) => {
    item.dataset.place = place;
    text($('legend', item), `${one[0].toUpperCase()}${one.slice(1)} ${place + 1}`);
    for (const field of item.querySelectorAll('[data-field]')) field.dataset.field = `content.${name}.${place}.${field.dataset.part}`;
  });
  const add = (value, focus) => {
    const item = el('li', { 'data-ordered': '' }, el('fieldset', { class: 'item' }, el('legend', {}),
      parts.map((part) => { const field = textField(part.name, part.label, value[part.name], part); field.dataset.part = part.name; return field; }),
      el('div', { class: 'row' }, moveButtons(t`this ${one}`, true), el('button', { type: 'button', class: 'button quiet short', onclick: () => {
        const next = item.nextElementSibling ?? item.previousElementSibling;
        item.remove(); number(); ends();
        ($('input, textarea', next ?? form) ?? form).focus();
      } }, t`Remove this ${one}`))));
    box.append(item);
    number();
    ends();
    if (focus) $('input, textarea', item).focus();
  };
  const ends = orderable(box, note, number);
  (items ?? []).forEach((item) => add(item, false));
  return el('div', { class: 'field item-list', 'data-field': `content.${name}` }, note, box, el('p', { class: 'error', hidden: true, id: `list-${form.id}-${name}-error` }),
    el('div', {}, el('button', { type: 'button', class: 'button quiet short', onclick: () => add({}, true) }, t`Add a ${one}`)));
}

const filled = (entries) => Object.fromEntries(entries.filter(([, value]) => value !== ''));

function sectionForm(section) {
  const shape = SHAPES[section.key];
  const form = el('form', { class: 'section-form', id: `section-${section.key}`, 'aria-label': labelOf(section.key) });
  let now = section;
  const read = () => {
    let { content } = now;
    if (shape) {
      const own = $('.parts', form);
      content = filled(shape.parts.map(({ name }) => [name, valueOf(own, name)]));
      for (const { name, parts } of shape.lists ?? []) {
        const items = [...$(`[data-list="${name}"]`, form).children].map((item) => filled(parts.map((part) => [part.name, valueOf(item, part.name)])));
        if (items.length || now.content?.[name]) content[name] = items;
      }
      // The members in the order that the server has them in, so that only what differs is a change.
      content = Object.fromEntries(Object.keys({ ...now.content, ...content }).filter((name) => name in content).map((name) => [name, ordered(now.content?.[name], content[name])]));
    }
    return { title: valueOf(form, 'title'), content, active: checkedIn(form, 'active') };
  };
  const draw = (next) => {
    now = next;
    const parts = el('div', { class: 'parts' }, (shape?.parts ?? []).map((part) => { const field = textField(part.name, part.label, next.content?.[part.name], part); field.dataset.field = `content.${part.name}`; return field; }));
    form.replaceChildren(textField('title', t('Title'), next.title, { required: true, maxlength: 120 }), parts,
      ...(shape?.lists ?? []).map((one) => drawList(form, one, next.content?.[one.name])),
      checkField('active', t('Shown on the page'), next.active), ...formEnd(t('Save this section')));
  };
  const history = el('details', { class: 'history' }, el('summary', {}, t('Versions of this section')), el('div', {}));
  const drawVersions = () => drawHistory(history.lastElementChild, 'section', section.id, (version) => editor.save({ restore: version }));
  const editor = new Editor(form, {
    item: section, draw, read, path: '/api/admin/cms/landing', extra: { key: section.key },
    reload: async (which) => (await load()).find((one) => one.id === which),
    saved: async (answer) => {
      if (!section.id) { text(said, t`${labelOf(section.key)} is on the page.`); await reload(section.key); return; }
      const summary = $(`[data-id="${section.id}"] > details > summary`, list);
      if (summary) summary.replaceChildren(...headline(answer));
      if (history.open) await drawVersions();
    },
  });
  history.addEventListener('toggle', () => { if (history.open) drawVersions(); });
  return [form, section.id ? history : null].filter(Boolean);
}

/** `value` with its members in the order of `like`. */
function ordered(like, value) {
  if (Array.isArray(value)) return value.map((one, place) => ordered(like?.[place], one));
  if (!value || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys({ ...like, ...value }).filter((name) => name in value).map((name) => [name, ordered(like?.[name], value[name])]));
}

const headline = (section) => [el('span', { class: 'section-name' }, labelOf(section.key)), el('span', { class: 'soft small' }, section.title),
  section.id && !section.active ? el('span', { class: 'chip' }, t('Hidden')) : section.id ? el('span', { class: 'chip good' }, t('Shown')) : el('span', { class: 'chip' }, t('Not there yet'))];

function row(section) {
  const details = el('details', {}, el('summary', {}, headline(section)));
  const item = el('li', section.id ? { class: 'card section-row', 'data-id': section.id, 'data-key': section.key, 'data-ordered': '', 'data-carry': '' } : { class: 'card section-row', 'data-key': section.key }, section.id && moveButtons(labelOf(section.key)), details);
  details.addEventListener('toggle', () => {
    if (details.open && details.children.length === 1) details.append(...sectionForm(section));
    item.toggleAttribute('data-carry', Boolean(section.id) && !details.open); // an open one is written in
  });
  return item;
}

async function load() {
  const answer = await get('/api/admin/cms/landing');
  sections = answer.sections;
  state.version = answer.version;
  return sections;
}

async function reload(open) {
  await load();
  list.replaceChildren(...sections.map(row));
  const missing = Object.keys(SHAPES).filter((key) => !sections.some((one) => one.key === key));
  $('#missing').replaceChildren(...missing.map((key) => row({ key, title: labelOf(key), content: {}, active: true })));
  ends();
  if (open) {
    const details = $(`[data-key="${open}"] details`, list);
    details.open = true;
    $('summary', details).focus();
  }
}

const again = () => attempt($('#failed'), () => reload());
const save = orderSaver('/api/admin/cms/landing/order', said, state, again);
const ends = orderable(list, said, () => save(list));

office(again);

// Fields of the back office's forms: a label, a hint, a control and a place for what is wrong.
import { $, el } from '../dom.js';
import { t } from '../words.js';

let made = 0;

function wrapped(name, label, { hint, required, optional }, id, control) {
  const hintId = hint ? `${id}-hint` : null;
  if (hintId) control.setAttribute('aria-describedby', hintId);
  return el('div', { class: 'field', 'data-field': name },
    el('label', { for: id }, label, required && [' ', el('span', { class: 'must', 'aria-hidden': 'true' }, '*'), el('span', { class: 'unseen' }, t(' (required)'))],
      optional && [' ', el('span', { class: 'optional' }, t('(optional)'))]),
    hint && el('p', { class: 'hint', id: hintId }, hint), control, el('p', { class: 'error', id: `${id}-error`, hidden: true }));
}

/** One line, or several with `rows`. */
export function textField(name, label, value, how = {}) {
  const id = `f${++made}-${name.replace(/\W/g, '-')}`;
  const { rows, type = 'text', required, maxlength, inputmode, placeholder, list, readonly } = how;
  const common = { id, name, class: 'input', required, maxlength, placeholder, readonly, autocomplete: 'off', value: value ?? '' };
  return wrapped(name, label, how, id, rows ? el('textarea', { ...common, rows, class: 'input short-area' }) : el('input', { ...common, type, inputmode, list, step: type === 'number' ? '1' : null }));
}

/** options: [[value, label]…]; a disabled one still shows what it is. */
export function choiceField(name, label, value, options, how = {}) {
  const id = `f${++made}-${name.replace(/\W/g, '-')}`;
  const control = el('select', { id, name, class: 'input', disabled: how.disabled }, options.map(([option, words]) => el('option', { value: option }, words)));
  control.value = value ?? '';
  return wrapped(name, label, how, id, control);
}

export function checkField(name, label, checked, hint) {
  const id = `f${++made}-${name.replace(/\W/g, '-')}`;
  return el('div', { class: 'field tick', 'data-field': name },
    el('label', { class: 'choice', for: id }, el('input', { type: 'checkbox', id, name, checked, 'aria-describedby': hint ? `${id}-hint` : null }), el('span', {}, label)),
    hint && el('p', { class: 'hint', id: `${id}-hint` }, hint), el('p', { class: 'error', id: `${id}-error`, hidden: true }));
}

/** Lines of text in one box, one item a line. */
export const linesField = (name, label, lines, how = {}) => textField(name, label, (lines ?? []).join('\n'), { rows: 6, ...how });

export const valueOf = (root, name) => $(`[name="${CSS.escape(name)}"]`, root)?.value.trim() ?? '';
export const checkedIn = (root, name) => $(`[name="${CSS.escape(name)}"]`, root).checked;
export const linesIn = (root, name) => valueOf(root, name).split('\n').map((line) => line.trim()).filter(Boolean);

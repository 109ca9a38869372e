// Draws a service's questions in their seven types, reads the answers and says which are still missing.
import { $, $$, el, show, text } from '../dom.js';
import { acceptDrops, uploadLine } from '../upload.js';
import { remove } from '../api.js';
import { added } from '../format.js';
import { isEmpty, visibleKeys } from './show-if.js';
import { t, woven } from '../words.js';

const LIMIT = { text: 500, textarea: 5000 };
const isText = (question) => question.questionType in LIMIT;
const idOf = (question) => `q-${question.questionKey.replace(/[^\w-]/g, '_')}`;
const nameOf = (question) => `q:${question.questionKey}`;

const priceOf = (question, option) => (Object.hasOwn(question.optionPrices ?? {}, option) ? Number(question.optionPrices[option]) || 0 : 0);

const mark = (question) => (question.required
  ? [' ', el('span', { class: 'must', 'aria-hidden': 'true' }, '*'), el('span', { class: 'unseen' }, t(' (required)'))]
  : [' ', el('span', { class: 'optional' }, t('(optional)'))]);

const errorLine = (id) => el('p', { class: 'error', id: `${id}-error`, hidden: true });

function single(question, answer) {
  const id = idOf(question);
  const common = { id, name: nameOf(question), class: 'input', required: question.required, placeholder: question.placeholder, autocomplete: 'off' };
  const controls = {
    textarea: () => el('textarea', { ...common, rows: 4, value: answer ?? '' }),
    number: () => el('input', { ...common, type: 'number', step: 'any', inputmode: 'decimal', value: answer ?? '' }),
    text: () => el('input', { ...common, type: 'text', value: answer ?? '' }),
    select: () => {
      const control = el('select', { ...common, placeholder: null },
        el('option', { value: '' }, question.placeholder || t('Choose one')),
        (question.options ?? []).map((option) => el('option', { value: option }, priceOf(question, option) ? `${option} (${added(priceOf(question, option))})` : option)));
      control.value = answer ?? '';
      if (control.selectedIndex < 0) control.value = '';
      return control;
    },
  };
  return el('div', { class: 'field', 'data-field': nameOf(question), 'data-question': question.questionKey },
    el('label', { for: id }, question.questionText, mark(question)),
    (controls[question.questionType] ?? controls.text)(),
    errorLine(id));
}

function several(question, answer) {
  const id = idOf(question);
  const type = question.questionType;
  const chosen = new Set([answer ?? []].flat().map(String));
  const choices = el('div', { class: 'choices' }, (question.options ?? []).map((option) => el('label', { class: 'choice' },
    el('input', { type, name: nameOf(question), value: option, checked: chosen.has(option), required: type === 'radio' && question.required }),
    el('span', {}, option), priceOf(question, option) !== 0 && el('span', { class: 'adds' }, added(priceOf(question, option))))));
  const hint = question.placeholder || (type === 'checkbox' ? t('Choose all that apply.') : '');
  const clear = type === 'radio' && !question.required && el('button', {
    type: 'button', class: 'linklike small', hidden: chosen.size === 0,
    onclick: () => {
      for (const input of $$('input', choices)) input.checked = false;
      choices.dispatchEvent(new Event('input', { bubbles: true }));
      $('input', choices).focus();
    },
  }, t('Clear this answer'));
  if (clear) choices.addEventListener('input', () => show(clear, Boolean($(':checked', choices))));
  return el('fieldset', { class: 'field', 'data-field': nameOf(question), 'data-question': question.questionKey, 'aria-describedby': hint ? `${id}-hint` : null },
    el('legend', {}, question.questionText, mark(question)),
    hint && el('p', { class: 'hint', id: `${id}-hint` }, hint),
    choices, clear && el('div', {}, clear), errorLine(id));
}

// What each file question holds: [{id, name}].
const held = new WeakMap();
const MOST_FILES = 10;

function fileQuestion(question, answer, draftFiles) {
  const id = idOf(question);
  const kept = new Map((Array.isArray(answer) ? answer : []).filter((file) => file?.id).map((file) => [file.id, { id: file.id, name: file.name ?? t`File ${file.id}` }]));
  const list = el('ul', { class: 'uploads', role: 'list', 'aria-label': t('Your files') });
  const said = el('p', { class: 'unseen', role: 'status' });
  const input = el('input', { type: 'file', id, class: 'unseen', multiple: true, 'aria-describedby': `${id}-hint` });
  const fail = errorLine(id);
  const field = el('div', { class: 'field', 'data-field': nameOf(question), 'data-question': question.questionKey },
    el('label', { for: id }, question.questionText, mark(question)),
    el('p', { class: 'hint', id: `${id}-hint` }, question.placeholder || t`Up to ${MOST_FILES} files of 10 MB each.`),
    el('div', { class: 'drop-zone' }, el('p', {}, woven`Drop files here, or ${el('span', { class: 'pick' }, input, el('label', { class: 'linklike', for: id }, t('choose them')))}.`)),
    list, said, fail);
  held.set(field, kept);
  const changed = () => field.dispatchEvent(new Event('input', { bubbles: true }));
  const draw = (file) => {
    const drop = el('button', { type: 'button', class: 'linklike small', 'aria-label': t`Remove ${file.name}` }, t('Remove'));
    const line = el('li', { class: 'upload', 'data-kept': file.id }, el('span', { class: 'file-name' }, file.name), drop);
    drop.addEventListener('click', async () => {
      kept.delete(file.id);
      line.remove();
      changed();
      input.focus();
      const path = await draftFiles();
      if (path) remove(`${path}/${file.id}`, { login: false }).catch(() => { /* it goes with the draft */ });
    });
    list.append(line);
  };
  for (const file of kept.values()) draw(file);
  const take = async (files) => {
    const path = await draftFiles();
    if (!path) { text(fail, t('We could not reach the server to send this. Please try again, or send it on the project’s page later.')); show(fail); return; }
    for (const file of files) {
      list.append(uploadLine(path, file, { done: (made) => { kept.set(made.id, { id: made.id, name: made.name }); draw(made); text(said, t`${made.name} was sent.`); show(fail, false); changed(); } }));
    }
  };
  input.addEventListener('change', (event) => { event.stopPropagation(); take([...input.files]); input.value = ''; });
  input.addEventListener('input', (event) => event.stopPropagation());
  acceptDrops(field, take);
  return field;
}

function readField(question, field) {
  if (question.questionType === 'file') return [...held.get(field).values()];
  if (question.questionType === 'checkbox') return $$(':checked', field).map((input) => input.value);
  if (question.questionType === 'radio') return $(':checked', field)?.value ?? '';
  const control = $('.input', field);
  if (question.questionType !== 'number') return control.value;
  return control.value === '' ? '' : Number(control.value);
}

export class Questions {
  #place;
  #list;
  #fields = new Map();

  /** `draftFiles()` answers where a draft's files are sent to. */
  constructor(place, list, answers, draftFiles) {
    this.#place = place;
    this.#list = [...list].sort((a, b) => (a.sortOrder ?? 0) - (b.sortOrder ?? 0));
    for (const question of this.#list) {
      const draw = question.questionType === 'file' ? fileQuestion : ['radio', 'checkbox'].includes(question.questionType) ? several : single;
      this.#fields.set(question.questionKey, draw(question, answers[question.questionKey], draftFiles));
    }
    place.replaceChildren(...(this.#fields.size ? this.#fields.values() : [el('p', { class: 'soft' }, t('This service needs no further answers.'))]));
    this.refresh();
  }

  /** Every answer, also of questions hidden just now, so that showing them again brings it back. */
  answers() {
    return Object.fromEntries(this.#list.map((question) => [question.questionKey, readField(question, this.#fields.get(question.questionKey))]));
  }

  /** As the server reads them: text without the spaces around it. */
  #visible(answers) {
    return visibleKeys(this.#list, Object.fromEntries(Object.entries(answers).map(([key, answer]) => [key, typeof answer === 'string' ? answer.trim() : answer])));
  }

  /** Shows and hides by showIf; call after each change. */
  refresh() {
    const visible = this.#visible(this.answers());
    for (const [key, field] of this.#fields) show(field, visible.has(key));
  }

  /** The questions that are asked, with their answers: [{question, answer}], unanswered ones included. */
  asked() {
    const answers = this.answers();
    const visible = this.#visible(answers);
    return this.#list.filter((question) => visible.has(question.questionKey)).map((question) => ({ question, answer: answers[question.questionKey] }));
  }

  /** What an answer adds to the price. */
  static adds({ question, answer }) {
    return [answer ?? []].flat().reduce((sum, option) => sum + (typeof option === 'string' ? priceOf(question, option) : 0), 0);
  }

  /** Whether any answer could change the price, and what those that are given add to it. */
  priced() { return this.#list.some((question) => Object.keys(question.optionPrices ?? {}).length > 0); }
  added() { return this.asked().reduce((sum, one) => sum + Questions.adds(one), 0); }

  /** What is sent: answers to asked questions, empty ones left out. */
  given() {
    return Object.fromEntries(this.asked().map(({ question, answer }) => [question.questionKey, isText(question) ? answer.trim() : answer]).filter(([, answer]) => !isEmpty(answer)));
  }

  /** {fieldName: message} for what is missing or cannot be read. */
  errors() {
    const wrong = {};
    for (const { question, answer } of this.asked()) {
      const control = $('.input', this.#fields.get(question.questionKey));
      if (question.questionType === 'file' && $('[data-upload]:not([data-state="failed"])', this.#fields.get(question.questionKey))) { wrong[nameOf(question)] = t('One moment: a file is still on its way.'); continue; }
      if (control?.validity?.badInput || (typeof answer === 'number' && !Number.isFinite(answer))) wrong[nameOf(question)] = t('Please enter a number.');
      else if (isText(question) && [...answer.trim()].length > LIMIT[question.questionType]) wrong[nameOf(question)] = t`Please write at most ${LIMIT[question.questionType]} characters; this has ${[...answer.trim()].length}.`;
      else if (question.required && isEmpty(isText(question) ? answer.trim() : answer)) {
        wrong[nameOf(question)] = question.questionType === 'file' ? t('Please send a file.') : question.questionType === 'checkbox' ? t('Please choose at least one.') : ['radio', 'select'].includes(question.questionType) ? t('Please choose one.') : t('Please answer this question.');
      }
    }
    return wrong;
  }
}

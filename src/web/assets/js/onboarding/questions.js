// Draws a service's questions in their six types, reads the answers and says which are still missing.
import { $, $$, el, show } from '../dom.js';
import { isEmpty, visibleKeys } from './show-if.js';

const LIMIT = { text: 500, textarea: 5000 };
const isText = (question) => question.questionType in LIMIT;
const idOf = (question) => `q-${question.questionKey.replace(/[^\w-]/g, '_')}`;
const nameOf = (question) => `q:${question.questionKey}`;

const mark = (question) => (question.required
  ? [' ', el('span', { class: 'must', 'aria-hidden': 'true' }, '*'), el('span', { class: 'unseen' }, ' (required)')]
  : [' ', el('span', { class: 'optional' }, '(optional)')]);

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
        el('option', { value: '' }, question.placeholder || 'Choose one'),
        (question.options ?? []).map((option) => el('option', { value: option }, option)));
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
    el('span', {}, option))));
  const hint = question.placeholder || (type === 'checkbox' ? 'Choose all that apply.' : '');
  const clear = type === 'radio' && !question.required && el('button', {
    type: 'button', class: 'linklike small', hidden: chosen.size === 0,
    onclick: () => {
      for (const input of $$('input', choices)) input.checked = false;
      choices.dispatchEvent(new Event('input', { bubbles: true }));
      $('input', choices).focus();
    },
  }, 'Clear this answer');
  if (clear) choices.addEventListener('input', () => show(clear, Boolean($(':checked', choices))));
  return el('fieldset', { class: 'field', 'data-field': nameOf(question), 'data-question': question.questionKey, 'aria-describedby': hint ? `${id}-hint` : null },
    el('legend', {}, question.questionText, mark(question)),
    hint && el('p', { class: 'hint', id: `${id}-hint` }, hint),
    choices, clear && el('div', {}, clear), errorLine(id));
}

function readField(question, field) {
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

  constructor(place, list, answers) {
    this.#place = place;
    this.#list = [...list].sort((a, b) => (a.sortOrder ?? 0) - (b.sortOrder ?? 0));
    for (const question of this.#list) {
      const draw = ['radio', 'checkbox'].includes(question.questionType) ? several : single;
      this.#fields.set(question.questionKey, draw(question, answers[question.questionKey]));
    }
    place.replaceChildren(...(this.#fields.size ? this.#fields.values() : [el('p', { class: 'soft' }, 'This service needs no further answers.')]));
    this.refresh();
  }

  /** Every answer, also of questions hidden just now, so that showing them again brings it back. */
  answers() {
    return Object.fromEntries(this.#list.map((question) => [question.questionKey, readField(question, this.#fields.get(question.questionKey))]));
  }

  /** Shows and hides by showIf; call after each change. */
  refresh() {
    const visible = visibleKeys(this.#list, this.answers());
    for (const [key, field] of this.#fields) show(field, visible.has(key));
  }

  /** The questions that are asked, with their answers: [{question, answer}], unanswered ones included. */
  asked() {
    const answers = this.answers();
    const visible = visibleKeys(this.#list, answers);
    return this.#list.filter((question) => visible.has(question.questionKey)).map((question) => ({ question, answer: answers[question.questionKey] }));
  }

  /** What is sent: answers to asked questions, empty ones left out. */
  given() {
    return Object.fromEntries(this.asked().map(({ question, answer }) => [question.questionKey, isText(question) ? answer.trim() : answer]).filter(([, answer]) => !isEmpty(answer)));
  }

  /** {fieldName: message} for what is missing or cannot be read. */
  errors() {
    const wrong = {};
    for (const { question, answer } of this.asked()) {
      const control = $('.input', this.#fields.get(question.questionKey));
      if (control?.validity.badInput || (typeof answer === 'number' && !Number.isFinite(answer))) wrong[nameOf(question)] = 'Please enter a number.';
      else if (isText(question) && [...answer.trim()].length > LIMIT[question.questionType]) wrong[nameOf(question)] = `Please write at most ${LIMIT[question.questionType]} characters; this has ${[...answer.trim()].length}.`;
      else if (question.required && isEmpty(isText(question) ? answer.trim() : answer)) {
        wrong[nameOf(question)] = question.questionType === 'checkbox' ? 'Please choose at least one.' : ['radio', 'select'].includes(question.questionType) ? 'Please choose one.' : 'Please answer this question.';
      }
    }
    return wrong;
  }
}

// The form of one question: words, type, options, condition.
import { $, $$, el, show } from '../dom.js';
import { t } from '../words.js';
import { Condition } from './condition.js';
import { Editor, formEnd } from './editor.js';
import { checkField, checkedIn, choiceField, linesField, linesIn, textField, valueOf } from './fields.js';

export const TYPES = [['text', t('One line of text')], ['textarea', t('Several lines of text')], ['select', t('One of a list')], ['radio', t('One of a few choices')],
  ['checkbox', t('Any of several choices')], ['number', t('A number')], ['file', t('Files')]];
const CHOICES = ['select', 'radio', 'checkbox'];

const keyOf = (words) => words.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 40).replace(/_+$/, '');

const samePrices = (a, b) => Object.keys({ ...a, ...b }).every((name) => a[name] === b[name]);

/** What each option adds to the price: a line for every option that is written above it, none for what is not a choice. */
class OptionPrices {
  #lines = el('div', { class: 'option-prices' });
  #known;
  #options = [];

  constructor(known) {
    this.#known = { ...known };
    this.node = el('div', { class: 'field', 'data-field': 'optionPrices' }, el('fieldset', {}, el('legend', {}, t('What each adds to the price')),
      el('p', { class: 'hint', id: 'option-prices-hint' }, t('In pesos; with a minus it takes off. Empty where the price stays. Projects that are there keep theirs.')), this.#lines,
      el('p', { class: 'error', id: 'option-prices-error', hidden: true })));
  }

  draw(options) {
    if (options.join('\n') === this.#options.join('\n')) return;
    this.#keep();
    this.#options = options;
    this.#lines.replaceChildren(...options.map((option, at) => el('div', {}, el('label', { for: `option-price-${at}` }, option),
      el('input', { class: 'input', id: `option-price-${at}`, inputmode: 'numeric', maxlength: 12, autocomplete: 'off', placeholder: '0', 'aria-describedby': 'option-prices-hint', value: this.#known[option] ?? '' }))));
  }

  #keep() {
    $$('input', this.#lines).forEach((input, at) => { this.#known[this.#options[at]] = input.value.trim(); });
  }

  /** {option: pesos}, without those that add nothing; what is no number goes as it is, and comes back as wrong. */
  read() {
    this.#keep();
    return Object.fromEntries(this.#options.map((option) => [option, String(this.#known[option] ?? '').replace(/^\u2212/, '-').replace(/[\s,\u20b1]/g, '')])
      .filter(([, typed]) => !/^[-+]?0*$/.test(typed)).map(([option, typed]) => [option, /^[-+]?\d+$/.test(typed) ? Number(typed) : typed]));
  }
}

/** others(): the other questions that are asked; changed(): what is typed differs from a moment ago. */
export function questionForm({ item, service, others, reload, saved, changed }) {
  const form = el('form', { class: 'question-form', 'aria-label': item.id ? t`Question “${item.questionText}”` : t('New question') });
  let condition, prices;
  const read = () => {
    const questionType = valueOf(form, 'questionType');
    const optionPrices = CHOICES.includes(questionType) ? prices.read() : {};
    return {
      questionKey: item.id ? item.questionKey : valueOf(form, 'questionKey'), questionText: valueOf(form, 'questionText'), questionType,
      required: checkedIn(form, 'required'), placeholder: valueOf(form, 'placeholder'), options: CHOICES.includes(questionType) ? linesIn(form, 'options') : [],
      optionPrices: samePrices(optionPrices, item.optionPrices) ? item.optionPrices : optionPrices,
      showIf: condition.read(), active: checkedIn(form, 'active'),
    };
  };
  const draw = (now) => {
    item = now;
    prices = new OptionPrices(now.optionPrices);
    condition = new Condition(now.showIf, others(), () => changed());
    const options = linesField('options', t('Options'), now.options, { hint: t('One on each line, in the order in which they are shown. What is taken out is not offered any more; answers that name it stay.') });
    const type = choiceField('questionType', t('Type of answer'), now.questionType, TYPES, { disabled: now.answered, hint: now.answered ? t('This question has answers, so its type stays.') : null });
    form.replaceChildren(
      textField('questionText', t('Question'), now.questionText, { required: true, maxlength: 300, rows: 2 }),
      el('div', { class: 'two' }, type,
        textField('questionKey', t('Key'), now.questionKey, { required: true, maxlength: 60, readonly: Boolean(now.id), hint: now.id ? t('It stays: answers and conditions name it.') : t('The name under which answers are kept.') })),
      options, prices.node,
      textField('placeholder', t('Hint'), now.placeholder, { optional: true, maxlength: 200, hint: t('Shown in the empty field, or above the choices.') }),
      checkField('required', t('An answer is required'), now.required),
      condition.node,
      checkField('active', t('It is asked'), now.active, t('Switched off it is retired: nobody is asked any more, and the answers that were given stay.')),
      ...formEnd(now.id ? t('Save the question') : t('Add the question')));
    const types = () => {
      const choices = CHOICES.includes(valueOf(form, 'questionType'));
      prices.draw([...new Set(linesIn(form, 'options'))]);
      show(options, choices);
      show(prices.node, choices && linesIn(form, 'options').length > 0);
    };
    $('[name=questionType]', form).addEventListener('change', types);
    $('[name=options]', form).addEventListener('input', types);
    types();
    if (!now.id) {
      const key = $('[name=questionKey]', form);
      $('[name=questionText]', form).addEventListener('input', (event) => { if (!key.dataset.own) key.value = keyOf(event.target.value); });
      key.addEventListener('input', () => { key.dataset.own = ''; });
    }
  };
  const editor = new Editor(form, { item, draw, read, path: '/api/admin/cms/questions', reload, saved, extra: { serviceId: service } });
  form.addEventListener('input', () => changed());
  return { form, editor, read };
}

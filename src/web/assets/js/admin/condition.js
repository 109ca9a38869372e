// Writes a question's condition (showIf): groups of "all" or "any", each with conditions on earlier answers, or none.
import { $, $$, el, focusOn } from '../dom.js';
import { t } from '../words.js';

const DEEPEST = 3; // as the server's check has it
const CHOICES = ['select', 'radio', 'checkbox'];
let made = 0;

const button = (label, onclick, extra = {}) => el('button', { type: 'button', class: 'button quiet short', onclick, ...extra }, label);

/** Options to tick for a question with options, else one line to compare with. */
function answers(question, rule) {
  const wanted = (Array.isArray(rule.in) ? rule.in : [rule.equals]).filter((one) => one !== undefined && one !== null).map(String);
  if (CHOICES.includes(question?.questionType)) {
    // What was chosen and is no option any more stays in sight, so that it can be taken out.
    const options = [...question.options, ...wanted.filter((one) => !question.options.includes(one))];
    return el('fieldset', { class: 'condition-answers' }, el('legend', { class: 'unseen' }, t`Answers to “${question.questionText}”`),
      el('div', { class: 'choices' }, options.map((option) => el('label', { class: 'choice' },
        el('input', { type: 'checkbox', value: option, checked: wanted.includes(option) }),
        el('span', {}, option, !question.options.includes(option) && el('em', {}, t(' (no option any more)')))))));
  }
  return el('input', { class: 'input', 'aria-label': t('Answer to compare with'), value: wanted.join(', '), inputmode: question?.questionType === 'number' ? 'decimal' : null, autocomplete: 'off' });
}

function leaf(rule, questions, changed, removed) {
  const id = `condition-${++made}`;
  const place = el('div', {});
  const select = el('select', { class: 'input', id, 'data-condition-question': '' }, el('option', { value: '' }, t('Choose a question')),
    questions.map((one) => el('option', { value: one.questionKey }, one.questionText)));
  if (rule.questionKey && !questions.some((one) => one.questionKey === rule.questionKey)) {
    select.append(el('option', { value: rule.questionKey }, t`${rule.questionKey} (not asked any more)`));
  }
  select.value = rule.questionKey ?? '';
  const find = () => questions.find((one) => one.questionKey === select.value);
  const words = el('p', { class: 'condition-is' });
  const draw = (now) => {
    const question = find();
    words.textContent = !select.value ? '' : question?.questionType === 'checkbox' ? t('was answered with any of') : CHOICES.includes(question?.questionType) ? t('was answered with one of') : t('was answered with exactly');
    place.replaceChildren(...(select.value ? [answers(question, now)] : []));
  };
  select.addEventListener('change', () => { draw({}); changed(); });
  draw(rule);
  return el('li', { class: 'condition', 'data-leaf': '' },
    el('div', { class: 'condition-line' }, el('label', { class: 'unseen', for: id }, t('Question')), select, button(t('Remove'), removed, { 'aria-label': t('Remove this condition') })),
    words, place);
}

function group(rule, questions, changed, depth, removed) {
  const kind = Array.isArray(rule.any) ? 'any' : 'all';
  const list = el('ul', { class: 'condition-list', role: 'list' });
  const add = (part, focus) => {
    const isGroup = Array.isArray(part.all) || Array.isArray(part.any);
    const remove = () => { item.remove(); changed(); focusOn($('select', box)); };
    const item = isGroup ? el('li', {}, group(part, questions, changed, depth + 1, remove)) : leaf(part, questions, changed, remove);
    list.append(item);
    if (focus) { changed(); $('[data-condition-question]', item)?.focus(); }
  };
  const id = `condition-${++made}`;
  const select = el('select', { class: 'input', id, 'data-condition-kind': '' }, el('option', { value: 'all' }, t('all of these hold')), el('option', { value: 'any' }, t('any of these holds')));
  select.value = kind;
  const box = el('div', { class: 'condition-group', 'data-group': '' },
    el('div', { class: 'condition-line' }, el('label', { for: id }, depth ? t('when') : t('Ask it when')), select, removed && button(t('Remove'), removed, { 'aria-label': t('Remove this group') })),
    list,
    el('div', { class: 'row' }, button(t('Add a condition'), () => add({}, true)),
      depth + 1 < DEEPEST && button(t('Add a group'), () => add({ any: [{}] }, true))));
  (rule.all ?? rule.any ?? [rule]).forEach((part) => add(part, false));
  return box;
}

function readLeaf(item, questions) {
  const questionKey = $('[data-condition-question]', item).value;
  const question = questions.find((one) => one.questionKey === questionKey);
  const line = $('input.input', item);
  if (line) {
    const value = line.value.trim();
    return { questionKey, equals: question?.questionType === 'number' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value };
  }
  const chosen = $$(':checked', item).filter((one) => one.type === 'checkbox').map((one) => one.value);
  return chosen.length === 1 ? { questionKey, equals: chosen[0] } : { questionKey, in: chosen };
}

function readGroup(box, questions, top) {
  const parts = [...box.querySelector(':scope > .condition-list').children].map((item) => (item.hasAttribute('data-leaf') ? readLeaf(item, questions) : readGroup($('[data-group]', item), questions, false)));
  if (top && parts.length <= 1) return parts[0] ?? null;
  return { [box.querySelector(':scope > .condition-line [data-condition-kind]').value]: parts };
}

/** The editor of one condition: `questions` are those it may be about; read() answers showIf. */
export class Condition {
  #questions;
  #place = el('div', { class: 'condition-place' });
  #changed;

  constructor(showIf, questions, changed) {
    [this.#questions, this.#changed] = [questions, changed];
    this.#draw(showIf);
    this.node = el('div', { class: 'field', 'data-field': 'showIf' }, el('p', { class: 'label' }, t('When it is asked')), this.#place, el('p', { class: 'error', id: `condition-${++made}-error`, hidden: true }));
    this.#place.addEventListener('input', changed);
  }

  #draw(showIf) {
    if (!showIf) {
      this.#place.replaceChildren(el('div', { class: 'row' }, el('p', {}, t('Always.')),
        this.#questions.length > 0 && button(t('Add a condition'), () => { this.#draw({ all: [{}] }); this.#changed(); $('[data-condition-question]', this.#place)?.focus(); }, { 'data-add-condition': '' })));
      return;
    }
    const always = () => { this.#draw(null); this.#changed(); focusOn($('button', this.#place)); };
    this.#place.replaceChildren(group(showIf, this.#questions, this.#changed, 0, always));
  }

  read() {
    const box = $('[data-group]', this.#place);
    return box ? readGroup(box, this.#questions, true) : null;
  }
}

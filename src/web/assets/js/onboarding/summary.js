// The summary before sending: service, price, timeline, description, answers and contact.
import { el } from '../dom.js';
import { added, peso, plural } from '../format.js';
import { Questions } from './questions.js';
import { isEmpty } from './show-if.js';
import { t } from '../words.js';

const row = (label, value, key) => el('div', { 'data-summary': key }, el('dt', {}, label), el('dd', {}, value));

export const answerText = (answer) => (Array.isArray(answer) ? answer.map((part) => part?.name ?? part).join(', ') : String(answer));

export function drawSummary(place, service, data, questions) {
  const answered = (questions?.asked() ?? []).filter(({ answer }) => !isEmpty(answer));
  const contact = [data.clientName, data.clientEmail, data.clientPhone].map((part) => part.trim()).filter(Boolean).join(' • ');
  place.replaceChildren(
    row(t('Service'), service.name, 'service'),
    row(t('Base price'), peso(service.basePrice), 'price'),
    service.timeline ? row(t('Timeline'), service.timeline, 'timeline') : '',
    row(t('Your project'), data.description.trim(), 'description'),
    row(t('Requirements'), t`${plural(answered.length, 'question')} answered`, 'requirements'),
    ...answered.map(({ question, answer }) => row(question.questionText, [answerText(answer), Questions.adds({ question, answer }) !== 0 && el('span', { class: 'adds' }, added(Questions.adds({ question, answer })))], `answer:${question.questionKey}`)),
    questions?.priced() ? row(t('Your price'), peso(service.basePrice + questions.added()), 'total') : '',
    row(t('Contact'), contact || t('Not given yet'), 'contact'),
  );
}

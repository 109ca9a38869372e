// The back office's home: what waits for somebody, projects by status, money by month, how drafts become projects, what was changed lately.
import { get } from './api.js';
import { $, el } from './dom.js';
import { ago, centavos, date, dateTime, peso, plural } from './format.js';
import { attempt } from './view.js';
import { locale, t } from './words.js';
import { differences, sentence } from './admin/history.js';
import { bars, behind, columns } from './admin/charts.js';
import { funnel } from './admin/funnel.js';
import { office } from './admin/shell.js';

const KINDS = { service: t('service'), question: t('question'), section: t('section'), services: t('order of the services'), questions: t('order of the questions'), sections: t('order of the sections') };
const nameOf = ({ kind, content }) => [KINDS[kind], content.name ?? content.questionText ?? content.title].filter(Boolean).join(' “') + (content.name ?? content.questionText ?? content.title ? '”' : '');

function edit(version) {
  const changed = differences(version).map(({ name }) => name.toLowerCase());
  return el('li', {}, el('p', {}, `${sentence(version)}: ${nameOf(version)}`), el('p', { class: 'soft small' },
    changed.length > 0 && `${changed.join(', ')} · `, el('time', { datetime: version.at, title: dateTime(version.at) }, ago(version.at))));
}

const links = (list, words) => list.length > 0 && el('ul', { class: 'plain-list small', role: 'list' }, list.map((one) => el('li', {}, el('a', { href: `/projects/${one.id}` }, one.name), words(one))));

function waits(count, words, none, ...more) {
  return el('li', { class: count ? 'card waits' : 'card waits nothing' }, el('p', { class: 'waits-count' }, count >= 100 ? '100+' : String(count)), el('h3', {}, words),
    count ? more.filter(Boolean) : el('p', { class: 'soft small' }, none));
}

const late = (one) => (one.section ? t`: ${plural(one.tasks, 'task')} of ${one.section}, due ${date(one.due)}` : t`: ${plural(one.tasks, 'task')}, due ${date(one.due)}`);

async function stats() {
  const { waiting, conversion, pipeline, revenue } = await get('/api/admin/stats');
  $('#waiting').replaceChildren(el('ul', { class: 'waiting', role: 'list' },
    waits(waiting.payments, t('Payments to look at'), t('No payment waits.'), el('p', { class: 'small' }, el('a', { href: '/admin/payments' }, t('Look at them')))),
    waits(waiting.messages, t('Messages you have not read'), t('You have read everything.'), links(waiting.unread, (one) => `: ${one.messages}`)),
    waits(waiting.generations, t('Plans that failed'), t('Every plan was written.'), links(waiting.failed, () => null)),
    waits(waiting.overdue, t('Overdue tasks'), t('Nothing is late.'), links(waiting.late, late))));
  drawPipeline(pipeline);
  drawRevenue(revenue);
  $('#conversion').replaceChildren(...(conversion.services.length ? funnel(conversion.services, conversion.days) : [el('p', { class: 'soft' }, t('Nobody has begun an onboarding yet.'))]));
}

const STATUSES = { pending: t('Pending'), 'in-progress': t('In progress'), 'on-hold': t('On hold'), completed: t('Completed') };

function drawPipeline(pipeline) {
  const rows = pipeline.map((one) => ({ label: STATUSES[one.status], value: one.projects, words: String(one.projects), more: peso(one.price) }));
  $('#pipeline').replaceChildren(bars(t('Projects by status'), rows), behind(t('As a table'), t('Projects by status, with the sum of their prices'), [t('Status'), t('Projects'), t('Price')], rows.map((row) => [row.label, row.words, row.more])));
}

const monthName = (iso, month) => new Intl.DateTimeFormat(locale, { month, ...(month === 'long' ? { year: 'numeric' } : {}), timeZone: 'UTC' }).format(new Date(`${iso}-01T00:00:00Z`));

function drawRevenue(revenue) {
  const rows = revenue.map(({ month, received, refunded }) => ({ label: monthName(month, 'long'), short: monthName(month, 'short'), value: received, less: refunded,
    words: refunded ? t`${centavos(received)} received, ${centavos(refunded)} given back` : t`${centavos(received)} received` }));
  $('#revenue').replaceChildren(columns(t('Money received by month'), rows, (most) => t`Up to ${centavos(most)} a month`, [t('Received'), t('Given back')]),
    behind(t('As a table'), t('Money by month, from the ledger'), [t('Month'), t('Received'), t('Given back'), t('Left')], revenue.map((one, index) => [rows[index].label, centavos(one.received), centavos(one.refunded), centavos(one.received - one.refunded)])));
}

async function edits() {
  const { versions } = await get('/api/admin/cms/versions');
  const shown = versions.filter((one) => one.action !== 'found').slice(0, 10);
  $('#edits').replaceChildren(shown.length ? el('ul', { class: 'plain-list', role: 'list' }, shown.map(edit)) : el('p', { class: 'soft' }, t('Nothing was changed yet.')));
}

office(() => Promise.all([attempt($('#waiting'), stats), attempt($('#edits'), edits)]));

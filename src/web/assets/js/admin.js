// The back office's home: what waits for somebody, projects by status, money by month, how drafts become projects, what was changed lately.
import { get } from './api.js';
import { $, el } from './dom.js';
import { ago, centavos, date, dateTime, peso, plural } from './format.js';
import { attempt } from './view.js';
import { differences, sentence } from './admin/history.js';
import { bars, behind, columns } from './admin/charts.js';
import { funnel } from './admin/funnel.js';
import { office } from './admin/shell.js';

const KINDS = { service: 'service', question: 'question', section: 'section', services: 'order of the services', questions: 'order of the questions', sections: 'order of the sections' };
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

async function stats() {
  const { waiting, conversion, pipeline, revenue } = await get('/api/admin/stats');
  $('#waiting').replaceChildren(el('ul', { class: 'waiting', role: 'list' },
    waits(waiting.payments, 'Payments to look at', 'No payment waits.', el('p', {}, el('a', { href: '/admin/payments' }, 'Look at them'))),
    waits(waiting.messages, 'Messages you have not read', 'You have read everything.', links(waiting.unread, (one) => `: ${one.messages}`)),
    waits(waiting.generations, 'Plans that failed', 'Every plan was written.', links(waiting.failed, () => null)),
    waits(waiting.overdue, 'Overdue tasks', 'Nothing is late.', links(waiting.late, (one) => `: ${plural(one.tasks, 'task')}${one.section ? ` of ${one.section}` : ''}, due ${date(one.due)}`))));
  drawPipeline(pipeline);
  drawRevenue(revenue);
  $('#conversion').replaceChildren(...(conversion.services.length ? funnel(conversion.services, conversion.days) : [el('p', { class: 'soft' }, 'Nobody has begun an onboarding yet.')]));
}

const STATUSES = { pending: 'Pending', 'in-progress': 'In progress', 'on-hold': 'On hold', completed: 'Completed' };

function drawPipeline(pipeline) {
  const rows = pipeline.map((one) => ({ label: STATUSES[one.status], value: one.projects, words: String(one.projects), more: peso(one.price) }));
  $('#pipeline').replaceChildren(bars('Projects by status', rows), behind('As a table', 'Projects by status, with the sum of their prices', ['Status', 'Projects', 'Price'], rows.map((row) => [row.label, row.words, row.more])));
}

const monthName = (iso, month) => new Intl.DateTimeFormat('en-PH', { month, ...(month === 'long' ? { year: 'numeric' } : {}), timeZone: 'UTC' }).format(new Date(`${iso}-01T00:00:00Z`));

function drawRevenue(revenue) {
  const rows = revenue.map(({ month, received, refunded }) => ({ label: monthName(month, 'long'), short: monthName(month, 'short'), value: received, less: refunded,
    words: refunded ? `${centavos(received)} received, ${centavos(refunded)} given back` : `${centavos(received)} received` }));
  $('#revenue').replaceChildren(columns('Money received by month', rows, (most) => `Up to ${centavos(most)} a month`),
    behind('As a table', 'Money by month, from the ledger', ['Month', 'Received', 'Given back', 'Left'], revenue.map((one, index) => [rows[index].label, centavos(one.received), centavos(one.refunded), centavos(one.received - one.refunded)])));
}

async function edits() {
  const { versions } = await get('/api/admin/cms/versions');
  const shown = versions.filter((one) => one.action !== 'found').slice(0, 10);
  $('#edits').replaceChildren(shown.length ? el('ul', { class: 'plain-list', role: 'list' }, shown.map(edit)) : el('p', { class: 'soft' }, 'Nothing was changed yet.'));
}

office(() => Promise.all([attempt($('#waiting'), stats), attempt($('#edits'), edits)]));

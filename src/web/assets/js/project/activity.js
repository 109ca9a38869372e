// The project's log as a feed: who did what, newest first, older pages on demand.
import { get } from '../api.js';
import { $, el, localPath, show } from '../dom.js';
import { ago, centavos, dateTime } from '../format.js';
import { busy } from '../form.js';
import { attempt, offerCsv } from '../view.js';
import { t } from '../words.js';

const statusWords = { pending: t('pending'), 'in-progress': t('in progress'), completed: t('completed'), 'on-hold': t('on hold') };
const word = (status) => statusWords[status] ?? String(status ?? '');
const quoted = (title) => (title ? `“${title}”` : '');
const money = (data) => (Number.isFinite(data.amount) ? t` of ${centavos(data.amount)}` : '');
const partWords = { deposit: t('the deposit'), balance: t('the balance') };
const part = (data) => partWords[data.part] ?? t('a payment');

const fieldWords = { title: t('its title'), description: t('its description'), section: t('its section'), priority: t('its priority'), estimatedHours: t('its hours'), spentHours: t('the hours spent'), dependencies: t('what it waits for') };
const edited = (fields) => (Array.isArray(fields) && fields.length ? `: ${fields.map((name) => fieldWords[name] ?? name).join(', ')}` : '');

// Each kind: what somebody did, and the same as it reads when it was nobody's doing.
const sentences = {
  'project-created': (d) => [`${t('started the project')}${d.service ? ` (${d.service})` : ''}`, t('The project was started')],
  'lead-converted': (d) => [d.client ? t`made the project of a draft of ${d.client}` : t('made the project of a draft'), t('The project was made of a draft')],
  'project-status': (d) => [t`set the project to ${word(d.status ?? d.to)}`, t`The project is ${word(d.status ?? d.to)}`],
  'project-completed': () => [t('completed the project'), t('The project is completed')],
  'dates-set': (d) => [[t('set the dates'), [d.start && t`begins on ${d.start}`, d.deadline && t`done by ${d.deadline}`].filter(Boolean).join(', ')].filter(Boolean).join(': '), t('The dates were set')],
  'asked-for': (d) => [t`asked the client for ${quoted(d.title)}`, t`The client was asked for ${quoted(d.title)}`],
  given: (d) => [t`settled ${quoted(d.title)}`, t`Settled: ${quoted(d.title)}`],
  'asked-again': (d) => [t`asked again for ${quoted(d.title)}`, t`Asked again for ${quoted(d.title)}`],
  'plan-requested': () => [t('asked for another plan'), t('Another plan was asked for')],
  'proposal-requested': () => [t('had another plan written, to choose from'), t('Another plan is written, to choose from')],
  'plan-proposed': (d) => [t('wrote a plan to choose from'), d.tasks ? t`A plan to choose from is there, with ${d.tasks} tasks` : t('A plan to choose from is there')],
  'plan-changed': (d) => [d.version ? t`brought back version ${d.version} of the plan` : t('changed the plan'), d.version ? t`Version ${d.version} of the plan is back` : t('The plan was changed')],
  'plan-ready': (d) => [t('wrote the plan'), (d.draft ? t('A first draft of the plan is ready') : t('The plan is ready')) + (d.tasks ? t`, with ${d.tasks} tasks` : '')],
  'plan-failed': () => [t('could not write the plan'), t('The plan could not be written')],
  'task-status': (d) => [t`set the task ${quoted(d.title)} to ${word(d.to)}`, t`The task ${quoted(d.title)} is ${word(d.to)}`],
  'task-added': (d) => [t`added the task ${quoted(d.title)}`, t`The task ${quoted(d.title)} was added`],
  'task-edited': (d) => [t`changed the task ${quoted(d.title)}${edited(d.fields)}`, t`The task ${quoted(d.title)} was changed${edited(d.fields)}`],
  'task-retired': (d) => [t`took the task ${quoted(d.title)} out of the plan`, t`The task ${quoted(d.title)} is no part of the plan any more`],
  'task-restored': (d) => [t`brought back the task ${quoted(d.title)}`, t`The task ${quoted(d.title)} is back`],
  'payment-started': (d) => [t`began to pay ${part(d)}${money(d)}`, t`${part(d)}${money(d)} was begun`],
  'payment-received': (d) => [t`paid ${part(d)}${money(d)}`, t`Received ${part(d)}${money(d)}`],
  'payment-confirmed': (d) => [t`confirmed ${part(d)}${money(d)}`, t`Confirmed ${part(d)}${money(d)}`],
  'payment-requested': (d) => [t`asked for ${part(d)}${money(d)}`, t`Now due: ${part(d)}${money(d)}`],
  'payment-failed': (d) => [t`tried to pay ${part(d)}${money(d)}, which failed`, t`A try to pay ${part(d)}${money(d)} failed`],
  'payment-rejected': (d) => [t`could not confirm ${part(d)}${money(d)}`, t`Not confirmed: ${part(d)}${money(d)}`],
  'payment-refunded': (d) => [t`returned ${part(d)}${money(d)}`, t`Returned: ${part(d)}${money(d)}`],
  'payment-proof': (d) => [t`sent proof of ${part(d)}${money(d)}`, t`Proof of ${part(d)}${money(d)} was sent`],
  'payment-settled': () => [t('settled what needed a look at a payment'), t('What needed a look at a payment is settled')],
  'contact-left': () => [t('left the project'), t('A contact left the project')],
  'message-posted': () => [t('wrote a message'), t('A message was written')],
  'file-uploaded': (d) => [t`added the file ${quoted(d.name)}`, t`The file ${quoted(d.name)} was added`],
  'file-removed': (d) => [t`removed the file ${quoted(d.name)}`, t`The file ${quoted(d.name)} was removed`],
};

function sentence({ kind, data = {}, actor }) {
  const [did, was] = sentences[kind]?.(data) ?? [t`noted: ${kind.replaceAll('-', ' ')}`, kind.replaceAll('-', ' ')];
  if (!actor) return [was.charAt(0).toUpperCase() + was.slice(1)];
  const name = actor.me ? t('You') : actor.name || t('Somebody');
  return [el('strong', {}, name), actor.me || actor.role === 'client' ? '' : ` ${t('(agency)')}`, ` ${did}`];
}

function row(entry) {
  const path = localPath(entry.data?.path, '');
  return el('li', { 'data-activity': entry.kind, 'data-activity-id': entry.id },
    el('p', {}, ...sentence(entry), path && ' · ', path && el('a', { href: path }, t('show'))),
    el('p', { class: 'soft small' }, el('time', { datetime: entry.at, title: dateTime(entry.at) }, ago(entry.at)),
      entry.internal ? ' ' : '', entry.internal && el('span', { class: 'chip warn' }, t('Only the agency sees this'))));
}

/** The feed of one project. `refresh()` puts what is new on top. */
export class Activity {
  constructor(project, staff) {
    this.path = `/api/projects/${project}/activity`;
    offerCsv('activity', this.path, staff);
    this.list = $('#activity-list');
    this.more = $('#activity-more');
    this.next = null;
    this.newest = 0;
    this.more.addEventListener('click', () => busy(this.more, t('Loading…'), () => attempt($('#activity-error'), () => this.older())));
  }

  take(entries, top) {
    const rows = entries.map(row);
    if (top) this.list.prepend(...rows);
    else this.list.append(...rows);
    this.newest = Math.max(this.newest, ...entries.map((entry) => entry.id));
    show($('#activity-none'), this.list.children.length === 0);
  }

  async older() {
    const { activity, next } = await get(`${this.path}?limit=15${this.next ? `&cursor=${this.next}` : ''}`, { login: false });
    this.next = next;
    this.take(activity, false);
    show(this.more, next !== null);
    return activity.length;
  }

  load() {
    return attempt($('#activity-error'), () => this.older());
  }

  /** More than a page of news at once: the feed begins anew. */
  async refresh() {
    const { activity, next } = await get(`${this.path}?limit=15`, { login: false });
    const news = activity.filter((entry) => entry.id > this.newest);
    if (this.newest && news.length === activity.length && next !== null) {
      this.list.replaceChildren();
      this.next = next;
      show(this.more);
    }
    this.take(news, true);
  }
}

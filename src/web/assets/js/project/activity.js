// The project's log as a feed: who did what, newest first, older pages on demand.
import { get } from '../api.js';
import { $, el, localPath, show } from '../dom.js';
import { ago, centavos, dateTime } from '../format.js';
import { busy } from '../form.js';
import { attempt } from '../view.js';

const statusWords = { pending: 'pending', 'in-progress': 'in progress', completed: 'completed', 'on-hold': 'on hold' };
const word = (status) => statusWords[status] ?? String(status ?? '');
const quoted = (title) => (title ? `“${title}”` : '');
const money = (data) => (Number.isFinite(data.amount) ? ` of ${centavos(data.amount)}` : '');
const part = (data) => (['deposit', 'balance'].includes(data.part) ? `the ${data.part}` : 'a payment');

const fieldWords = { title: 'its title', description: 'its description', section: 'its section', priority: 'its priority', estimatedHours: 'its hours', spentHours: 'the hours spent', dependencies: 'what it waits for' };
const edited = (fields) => (Array.isArray(fields) && fields.length ? `: ${fields.map((name) => fieldWords[name] ?? name).join(', ')}` : '');

// Each kind: what somebody did, and the same as it reads when it was nobody's doing.
const sentences = {
  'project-created': (d) => [`started the project${d.service ? ` (${d.service})` : ''}`, 'The project was started'],
  'lead-converted': (d) => [`made the project of a draft${d.client ? ` of ${d.client}` : ''}`, 'The project was made of a draft'],
  'project-status': (d) => [`set the project to ${word(d.status ?? d.to)}`, `The project is ${word(d.status ?? d.to)}`],
  'project-completed': () => ['completed the project', 'The project is completed'],
  'dates-set': (d) => [`set the dates${d.start ? `: begins on ${d.start}` : ''}${d.deadline ? `${d.start ? ', ' : ': '}done by ${d.deadline}` : ''}`, 'The dates were set'],
  'asked-for': (d) => [`asked the client for ${quoted(d.title)}`, `The client was asked for ${quoted(d.title)}`],
  given: (d) => [`settled ${quoted(d.title)}`, `Settled: ${quoted(d.title)}`],
  'asked-again': (d) => [`asked again for ${quoted(d.title)}`, `Asked again for ${quoted(d.title)}`],
  'plan-requested': () => ['asked for another plan', 'Another plan was asked for'],
  'proposal-requested': () => ['had another plan written, to choose from', 'Another plan is written, to choose from'],
  'plan-proposed': (d) => ['wrote a plan to choose from', `A plan to choose from is there${d.tasks ? `, with ${d.tasks} tasks` : ''}`],
  'plan-changed': (d) => [d.version ? `brought back version ${d.version} of the plan` : 'changed the plan', d.version ? `Version ${d.version} of the plan is back` : 'The plan was changed'],
  'plan-ready': (d) => ['wrote the plan', `${d.draft ? 'A first draft of the plan' : 'The plan'} is ready${d.tasks ? `, with ${d.tasks} tasks` : ''}`],
  'plan-failed': () => ['could not write the plan', 'The plan could not be written'],
  'task-status': (d) => [`set the task ${quoted(d.title)} to ${word(d.to)}`, `The task ${quoted(d.title)} is ${word(d.to)}`],
  'task-added': (d) => [`added the task ${quoted(d.title)}`, `The task ${quoted(d.title)} was added`],
  'task-edited': (d) => [`changed the task ${quoted(d.title)}${edited(d.fields)}`, `The task ${quoted(d.title)} was changed${edited(d.fields)}`],
  'task-retired': (d) => [`took the task ${quoted(d.title)} out of the plan`, `The task ${quoted(d.title)} is no part of the plan any more`],
  'task-restored': (d) => [`brought back the task ${quoted(d.title)}`, `The task ${quoted(d.title)} is back`],
  'payment-started': (d) => [`began to pay ${part(d)}${money(d)}`, `${part(d)}${money(d)} was begun`],
  'payment-received': (d) => [`paid ${part(d)}${money(d)}`, `Received ${part(d)}${money(d)}`],
  'payment-confirmed': (d) => [`confirmed ${part(d)}${money(d)}`, `Confirmed ${part(d)}${money(d)}`],
  'payment-due': (d) => [`asked for ${part(d)}${money(d)}`, `Now due: ${part(d)}${money(d)}`],
  'payment-failed': (d) => [`tried to pay ${part(d)}${money(d)}, which failed`, `A try to pay ${part(d)}${money(d)} failed`],
  'payment-rejected': (d) => [`could not confirm ${part(d)}${money(d)}`, `Not confirmed: ${part(d)}${money(d)}`],
  'payment-refunded': (d) => [`returned ${part(d)}${money(d)}`, `Returned: ${part(d)}${money(d)}`],
  'proof-submitted': (d) => [`sent proof of ${part(d)}${money(d)}`, `Proof of ${part(d)}${money(d)} was sent`],
  'message-posted': () => ['wrote a message', 'A message was written'],
  'file-uploaded': (d) => [`added the file ${quoted(d.name)}`, `The file ${quoted(d.name)} was added`],
  'file-removed': (d) => [`removed the file ${quoted(d.name)}`, `The file ${quoted(d.name)} was removed`],
};

function sentence({ kind, data = {}, actor }) {
  const [did, was] = sentences[kind]?.(data) ?? [`noted: ${kind.replaceAll('-', ' ')}`, kind.replaceAll('-', ' ')];
  if (!actor) return [was.charAt(0).toUpperCase() + was.slice(1)];
  const name = actor.me ? 'You' : actor.name || 'Somebody';
  return [el('strong', {}, name), actor.me || actor.role === 'client' ? '' : ' (agency)', ` ${did}`];
}

function row(entry) {
  const path = localPath(entry.data?.path, '');
  return el('li', { 'data-activity': entry.kind, 'data-activity-id': entry.id },
    el('p', {}, ...sentence(entry), path && ' · ', path && el('a', { href: path }, 'show')),
    el('p', { class: 'soft small' }, el('time', { datetime: entry.at, title: dateTime(entry.at) }, ago(entry.at)),
      entry.internal ? ' ' : '', entry.internal && el('span', { class: 'chip warn' }, 'Only the agency sees this')));
}

/** The feed of one project. `refresh()` puts what is new on top. */
export class Activity {
  constructor(project) {
    this.path = `/api/projects/${project}/activity`;
    this.list = $('#activity-list');
    this.more = $('#activity-more');
    this.next = null;
    this.newest = 0;
    this.more.addEventListener('click', () => busy(this.more, 'Loading…', () => attempt($('#activity-error'), () => this.older())));
  }

  take(entries, top) {
    const rows = entries.map(row);
    if (top) this.list.prepend(...rows);
    else this.list.append(...rows);
    this.newest = Math.max(this.newest, ...entries.map((entry) => entry.id));
    show($('#activity-none'), this.list.children.length === 0);
  }

  async older() {
    const { activity, next } = await get(`${this.path}?limit=15${this.next ? `&before=${this.next}` : ''}`, { login: false });
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

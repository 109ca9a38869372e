// The timeline: expected finish, milestones, what waits for the client and what it costs, tasks as a picture and as a table.
import { explain, get, patch } from '../api.js';
import { $, $$, el, renew, show, text } from '../dom.js';
import { plural } from '../format.js';
import { busy } from '../form.js';
import { phase } from '../moon.js';
import { attempt } from '../view.js';
import { drawChart } from './timeline-chart.js';
import { at, dayWord, daySpan } from './days.js';
import { drawStaff } from './staff.js';
import { taskPhase, taskWords } from './status.js';
import { t, woven } from '../words.js';

const awaited = {
  deposit: t('The deposit'), balance: t('The balance'), file: t('File'), approval: t('Approval'), answer: t('Answer'),
};
const settle = { file: t('It is there'), approval: t('Approve'), answer: t('Answered') };
const workingDays = (count) => plural(count, 'working day');

const milestoneWords = { deposit: t('Deposit'), start: t('Work begins'), completion: t('Completion') };

const money = ({ kind }) => kind === 'deposit' || kind === 'balance';

/** What a thing that is waited for does to the finish. */
function cost({ kind, since, waitedDays, movedDays, weekLaterDays }) {
  if (kind === 'balance') return t`Due since ${dayWord(since)}.`;
  const asked = waitedDays ? t`Waiting for ${workingDays(waitedDays)}.` : t('Asked for today.');
  const moved = movedDays && t`That has moved the finish by ${workingDays(movedDays)}.`;
  const later = !weekLaterDays ? t('The finish does not depend on it yet.')
    : weekLaterDays === 1 ? t('Each week that it takes moves the finish by another working day.') : t`Each week that it takes moves the finish by ${workingDays(weekLaterDays)} more.`;
  return [asked, moved, later].filter(Boolean).join(' ');
}

export class Timeline {
  #project;
  #path;
  #staff;
  #line = null;
  #asked = 0;

  constructor(project, staff) {
    this.#project = project;
    this.#path = `/api/projects/${project}`;
    this.#staff = staff;
    for (const button of $$('#timeline-switch button')) button.addEventListener('click', () => this.#view(button.value));
    this.#view(matchMedia('(min-width: 48rem)').matches ? 'chart' : 'table');
    let width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - width) < 1) return;
      width = contentRect.width;
      if (this.#line) requestAnimationFrame(() => this.#chart());
    }).observe($('#timeline-chart'));
  }

  /** Asks anew, or takes what came already; of answers that overtake one another the last one asked for counts. */
  load(came) {
    let given = came;
    const asked = this.#asked += 1;
    return attempt($('#timeline-error'), async () => {
      const take = given;
      given = undefined;
      const line = take ? take() : await get(`${this.#path}/timeline`);
      if (asked === this.#asked) this.draw(line);
    });
  }

  draw(line) {
    this.#line = line;
    for (const milestone of line.milestones) milestone.title = milestoneWords[milestone.key] ?? milestone.title;
    const planned = line.tasks.length > 0;
    show($('#timeline-none'), !planned);
    show($('#timeline-plan'), planned);
    this.#finish(line);
    this.#waiting(line);
    this.#milestones(line);
    if (planned) {
      this.#chart();
      this.#table(line);
    }
    show($('#timeline-staff'), this.#staff);
    if (this.#staff) drawStaff(this.#project, line);
  }

  #finish({ finish, deadline, today, status, holidaysUntil, begun, waiting }) {
    show($('#timeline-finish'), Boolean(finish));
    if (!finish) return;
    const year = at(today).getUTCFullYear();
    text($('#timeline-finish-label'), finish.certain ? t('Completed on') : t('Expected finish'));
    text($('#timeline-finish-range'), finish.certain ? dayWord(finish.date, year) : daySpan(finish.earliest, finish.latest, year));
    const late = deadline && finish.date > deadline;
    const parts = [];
    if (!finish.certain) {
      parts.push(t`Most likely ${dayWord(finish.date, year)}; four of five projects like this end within these days.`);
      if (status === 'on-hold') parts.push(t('The project is on hold: this counts from the day it goes on.'));
      else if (waiting.length && !begun) parts.push(t('It counts from today, as if what is waited for came today.'));
      if (finish.latest > holidaysUntil) parts.push(t`Holidays after ${holidaysUntil.slice(0, 4)} are not known yet.`);
    }
    if (deadline) parts.push(late ? t`Promised for ${dayWord(deadline, year)}, which the plan does not meet at the moment.` : t`Promised for ${dayWord(deadline, year)}.`);
    text($('#timeline-finish-more'), parts.join(' '));
    $('#timeline-finish').classList.toggle('late', Boolean(late));
  }

  #waiting(line) {
    const { waiting, given, tasks } = line;
    const titles = new Map(tasks.map((task) => [task.id, task.title]));
    const rows = waiting.map((one) => el('li', { 'data-waiting': one.kind, 'data-ask-id': one.id ?? null },
      el('div', {},
        el('p', {}, el('strong', {}, money(one) ? awaited[one.kind] : `${awaited[one.kind] ?? one.kind}: ${one.title}`),
          one.taskId && titles.has(one.taskId) ? woven` for ${el('a', { href: `#task-${one.taskId}` }, titles.get(one.taskId))}` : ''),
        el('p', { class: 'small' }, money(one) && one.underway ? t('The payment is being checked.') : cost(one)),
        el('p', { class: 'error', hidden: true })),
      money(one) ? el('a', { class: 'button quiet short', href: this.#staff ? '#payment' : `/projects/${this.#project}/payment` }, this.#staff ? t('Payment') : t('To the payment'))
        : el('button', { type: 'button', class: 'button quiet short', onclick: (event) => this.#settle(event.currentTarget, one, true) },
          this.#staff ? t('Settled') : settle[one.kind] ?? t('Done'), el('span', { class: 'unseen' }, `: ${one.title}`))));
    const none = rows.length === 0;
    text($('#now-title'), none ? t('Where it stands') : this.#staff ? t('Waiting for the client') : t('What needs you now'));
    renew($('#timeline-waiting ul'), rows);
    show($('#timeline-waiting'), !none);
    this.#says(line, none);
    renew($('#timeline-given ul'), given.map((one) => el('li', {},
      el('span', {}, `${awaited[one.kind] ?? one.kind}: ${one.title}`, el('span', { class: 'soft' }, ` (${dayWord(one.doneOn)})`)),
      el('button', { type: 'button', class: 'linklike', onclick: (event) => this.#settle(event.currentTarget, one, false) }, t('Open again'), el('span', { class: 'unseen' }, `: ${one.title}`)))));
    show($('#timeline-given'), given.length > 0);
  }

  /** One sentence on how far it is, before the sections say it at length. */
  #says({ tasks, finish, status, today }, free) {
    const done = tasks.filter((task) => task.status === 'completed').length;
    const year = at(today).getUTCFullYear();
    const words = [];
    if (status === 'completed') words.push(finish ? t`The project is completed, since ${dayWord(finish.date, year)}.` : t('The project is completed.'));
    else if (status === 'on-hold') words.push(t('The project is on hold.'));
    if (status !== 'completed') {
      words.push(tasks.length ? t`${done} of ${plural(tasks.length, 'task')} done.` : t('The plan comes first; its tasks and dates follow.'));
      if (finish) words.push(t`Expected finish: ${daySpan(finish.earliest, finish.latest, year)}.`);
      if (free && tasks.length) words.push(this.#staff ? t('Nothing waits for the client.') : t('Nothing waits for you.'));
    }
    text($('#now-says'), words.join(' '));
  }

  async #settle(button, one, done) {
    const line = $('.error', button.closest('li'));
    await busy(button, t('Sending…'), async () => {
      try {
        await patch(`${this.#path}/asks/${one.id}`, { done });
        await this.load();
        text($('#timeline-said'), done ? t`${one.title}: settled.` : t`${one.title}: open again.`);
        if (!button.isConnected) $('#now-title').focus();
        dispatchEvent(new Event('project-noted'));
      } catch (error) {
        text($('#timeline-said'), explain(error));
        if (line) { text(line, explain(error)); show(line); }
      }
    });
  }

  #milestones({ milestones, tasks, today }) {
    const year = at(today).getUTCFullYear();
    $('#timeline-milestones').replaceChildren(...milestones.map((one) => {
      const own = tasks.filter((task) => one.key === 'section' && task.section === one.title);
      const part = one.done ? 1 : own.length ? own.reduce((sum, task) => sum + taskPhase[task.status], 0) / own.length : 0;
      const when = one.date ? dayWord(one.date, year) : one.done ? t('Paid') : t('Not paid yet');
      return el('li', { 'data-milestone': one.key, 'data-done': one.done }, phase(part),
        el('div', {}, el('p', { class: 'name' }, one.title), el('p', { class: 'soft small' }, when, one.done && el('span', { class: 'unseen' }, t(', done'))),
          one.promised && !one.done && el('p', { class: `small${one.late ? ' warn' : ' soft'}` }, one.late ? t`Late: promised for ${dayWord(one.promised, year)}` : t`Promised for ${dayWord(one.promised, year)}`)));
    }));
  }

  #chart() { drawChart($('#timeline-chart'), this.#line); }

  #table({ tasks, today }) {
    const year = at(today).getUTCFullYear();
    const sections = [...new Set(tasks.map((task) => task.section))];
    // Where one task is worked on at a time none has room, and a column of that says little.
    $('#timeline-plan').toggleAttribute('data-no-room', tasks.every((task) => task.status === 'completed' || task.critical));
    const room = (task) => (task.status === 'completed' ? t('Done') : task.critical ? t('None: critical') : task.slackDays ? plural(task.slackDays, 'day') : t('Under a day'));
    $$('#timeline-table tbody').forEach((body) => body.remove());
    $('#timeline-table table').append(...sections.map((name) => el('tbody', {},
      el('tr', {}, el('th', { colspan: 4, scope: 'rowgroup' }, name)),
      ...tasks.filter((task) => task.section === name).map((task) => el('tr', { 'data-task-row': task.id, 'data-critical': task.critical },
        el('th', { scope: 'row' }, el('a', { href: `#task-${task.id}` }, task.title),
          el('span', { class: 'soft small' }, ` ${taskWords[task.status] ?? task.status}, ${task.estimatedHours} h`)),
        el('td', {}, dayWord(task.start, year)), el('td', {}, dayWord(task.end, year)), el('td', {}, room(task)))))));
  }

  #view(which) {
    for (const button of $$('#timeline-switch button')) button.setAttribute('aria-pressed', String(button.value === which));
    $('#timeline-plan').dataset.view = which;
    if (which === 'chart' && this.#line) this.#chart();
  }
}

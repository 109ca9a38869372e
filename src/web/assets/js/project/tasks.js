// The task plan: tasks by section with hours, priority and what comes first; staff set how far each one is.
import { explain, patch } from '../api.js';
import { $, $$, el, text } from '../dom.js';
import { plural } from '../format.js';
import { phase, wax } from '../moon.js';
import { taskPhase, taskStates, taskWords } from './status.js';
import { t } from '../words.js';

const hours = (list) => list.reduce((sum, task) => sum + (task.estimatedHours ?? 0), 0);

const priorityWords = { high: t('High priority'), medium: t('Medium priority'), low: t('Low priority') };

let tasks = [];

function drawProgress() {
  const done = tasks.filter((task) => task.status === 'completed').length;
  const percent = tasks.length ? Math.round((done / tasks.length) * 100) : 0;
  $('#tasks-progress progress').value = percent;
  text($('#tasks-progress-text'), t`${percent}% complete: ${done} of ${plural(tasks.length, 'task')} done, ${hours(tasks)} hours estimated`);
  for (const section of $$('.task-section')) {
    const own = tasks.filter((task) => task.section === section.dataset.section);
    text($('h3 span', section), t`${own.filter((task) => task.status === 'completed').length} of ${plural(own.length, 'task')} · ${hours(own)} h`);
  }
}

function drawStatus(item, task) {
  item.dataset.status = task.status;
  wax($('.phase', item), taskPhase[task.status] ?? 0);
  text($('[data-task-status]', item), taskWords[task.status] ?? task.status);
  const control = $('select', item);
  if (control) control.value = task.status;
}

/** Shows the new status at once, and takes it back when the server refuses. */
async function setStatus(item, task, status) {
  const before = task.status;
  const line = $('.error', item);
  const control = $('select', item);
  line.hidden = true;
  task.status = status;
  drawStatus(item, task);
  drawProgress();
  control.setAttribute('aria-busy', 'true');
  try {
    const answer = await patch(`/api/tasks/${task.id}`, { status });
    task.status = answer?.status ?? status;
    text($('#tasks-said'), `${task.title}: ${taskWords[task.status] ?? task.status}`);
    dispatchEvent(new Event('project-changed'));
  } catch (error) {
    task.status = before;
    line.textContent = t`Not changed. ${explain(error)}`;
    line.hidden = false;
    text($('#tasks-said'), line.textContent);
  } finally {
    control.removeAttribute('aria-busy');
    drawStatus(item, task);
    drawProgress();
  }
}

function statusControl(item, task) {
  const id = `status-${task.id}`;
  // One change at a time for a task: the last one chosen wins once the one on its way has arrived.
  let chain = Promise.resolve();
  return [el('label', { for: id, class: 'unseen' }, t`Status of ${task.title}`),
    el('select', { id, class: 'input', onchange: (event) => { const { value } = event.target; chain = chain.then(() => setStatus(item, task, value)); } },
      taskStates.map((state) => el('option', { value: state, selected: state === task.status }, taskWords[state])))];
}

function drawTask(task, titles, staff) {
  const item = el('li', { class: 'task', id: `task-${task.id}`, 'data-task-id': task.id, 'data-status': task.status });
  const first = (task.dependencies ?? []).filter((id) => titles.has(id));
  item.append(phase(taskPhase[task.status] ?? 0), el('div', { class: 'body' },
    el('h4', {}, task.title),
    task.description && el('p', {}, task.description),
    el('div', { class: 'meta' },
      staff ? statusControl(item, task) : null,
      el('span', { 'data-task-status': '', class: staff ? 'unseen' : null }, taskWords[task.status] ?? task.status),
      el('span', {}, `${task.estimatedHours} h`),
      el('span', { class: task.priority === 'high' ? 'chip warn' : null, 'data-priority': task.priority }, priorityWords[task.priority] ?? task.priority)),
    first.length > 0 && el('p', { class: 'after' }, t('After: '), first.flatMap((id, index) => [index ? ', ' : '', el('a', { href: `#task-${id}` }, titles.get(id))])),
    staff && el('p', { class: 'error', hidden: true })));
  return item;
}

export function drawTasks(list, { staff, writing }) {
  tasks = [...list].sort((a, b) => a.order - b.order);
  const place = $('#tasks-list');
  text($('#tasks-title'), tasks.length ? t`Tasks (${tasks.length} total)` : t('Tasks'));
  $('#tasks-progress').hidden = tasks.length === 0;
  if (tasks.length === 0) {
    place.replaceChildren(el('p', { class: 'soft' }, writing ? t('The tasks appear here once the document is written.') : t('There are no tasks yet.')));
    return;
  }
  const titles = new Map(tasks.map((task) => [task.id, task.title]));
  const sections = [...new Set(tasks.map((task) => task.section))];
  place.replaceChildren(...sections.map((name) => el('section', { class: 'task-section', 'data-section': name },
    el('h3', {}, name, el('span', {})),
    el('ul', { role: 'list' }, tasks.filter((task) => task.section === name).map((task) => drawTask(task, titles, staff))))));
  drawProgress();
}

// The board of one project: its tasks by status, moved and put in order, edited, added and retired.
import { agencyName } from './agency.js';
import { explain, get, patch, post } from './api.js';
import { $, $$, el, focusOn, show, text } from './dom.js';
import { ago, plural } from './format.js';
import { busy } from './form.js';
import { attempt, notice } from './view.js';
import { Editor, formEnd } from './admin/editor.js';
import { choiceField, textField, valueOf } from './admin/fields.js';
import { mayClose } from './admin/leave.js';
import { movable } from './admin/mover.js';
import { looking, office } from './admin/shell.js';
import { taskStates, taskWords } from './project/status.js';
import { t } from './words.js';

const project = Number(new URLSearchParams(location.search).get('project')) || 0;
const SECTIONS = ['Design', 'Database', 'Backend', 'Frontend', 'Testing', 'Deployment'];
const PRIORITIES = [['high', t('High')], ['medium', t('Medium')], ['low', t('Low')]];
const board = $('#board');
const dialog = $('#task');
let tasks = [];
let retired = [];
let editor = null;

const hours = (list, name) => Math.round(list.reduce((sum, task) => sum + Number(task[name] ?? 0), 0) * 100) / 100;
const titled = (id) => tasks.find((task) => task.id === id)?.title;

function card(task) {
  const open = task.dependencies.filter((id) => tasks.some((one) => one.id === id && one.status !== 'completed'));
  return el('li', { class: 'card task-card', 'data-card': task.id },
    el('button', { type: 'button', class: 'grip', 'aria-pressed': 'false', 'aria-label': t`Move ${task.title}`, 'aria-describedby': 'how-to-move' }, '⠿'),
    el('button', { type: 'button', class: 'task-open', onclick: () => edit(task) }, task.title),
    el('p', { class: 'row small' }, el('span', { class: 'chip' }, task.section), task.priority === 'high' && el('span', { class: 'chip warn' }, t('High')),
      task.priority === 'low' && el('span', { class: 'soft' }, t('Low priority')),
      el('span', { class: Number(task.spentHours) > task.estimatedHours ? 'chip bad' : 'soft' }, t`${Number(task.spentHours)} of ${task.estimatedHours} h`)),
    task.status !== 'completed' && open.length > 0 && el('p', { class: 'soft small' }, t`Waits for ${open.length === 1 ? titled(open[0]) : plural(open.length, 'task')}`));
}

const place = (one) => {
  const list = one.parentElement;
  return t`${taskWords[one.closest('[data-column]').dataset.column]}, ${[...list.children].indexOf(one) + 1} of ${list.children.length}.`;
};

function drawTotals() {
  for (const column of $$('[data-column]', board)) {
    const own = tasks.filter((task) => task.status === column.dataset.column);
    text($('.column-count', column), t`${plural(own.length, 'task')} · ${hours(own, 'spentHours')} of ${hours(own, 'estimatedHours')} h`);
  }
  const done = tasks.filter((task) => task.status === 'completed').length;
  text($('#total'), t`${done} of ${plural(tasks.length, 'task')} done, ${hours(tasks, 'spentHours')} of ${hours(tasks, 'estimatedHours')} hours spent.`);
}

function drawRetired() {
  show($('#retired'), retired.length > 0);
  text($('#retired summary'), t`Retired tasks (${retired.length})`);
  $('#retired ul').replaceChildren(...retired.map((task) => el('li', { class: 'row', 'data-retired': task.id },
    el('span', {}, task.title, el('span', { class: 'soft small' }, ` · ${task.retiredBy ?? t('somebody')}, ${ago(task.retiredAt)} · ${t`${Number(task.spentHours)} of ${task.estimatedHours} h`}`)),
    el('button', { type: 'button', class: 'button quiet short for-changes', onclick: (event) => busy(event.currentTarget, t('Bringing back…'), async () => {
      await change(() => post(`/api/tasks/${task.id}/restore`, { version: task.version }), t`${task.title} is back, at the end of its column.`);
      focusOn($(`[data-card="${task.id}"] .task-open`) ?? $('#retired summary'));
    }) }, t('Bring back'), el('span', { class: 'unseen' }, ` ${task.title}`)))));
}

function take(answer) {
  ({ tasks, retired } = answer);
  for (const column of $$('[data-column]', board)) $('ol', column).replaceChildren(...tasks.filter((task) => task.status === column.dataset.column).map(card));
  drawTotals();
  drawRetired();
  const { name, clientName, service, status, generation } = answer.project;
  text($('#project-name'), name);
  document.title = `${name} – ${t('Back office')} – ${agencyName}`;
  $('#csv').href = `/api/projects/${project}/tasks/csv`;
  text($('#project-facts'), [clientName, service].filter(Boolean).join(' · '));
  $('#project-status').value = status;
  $('#project-status').disabled = looking;
  const writing = generation === 'queued' || generation === 'running';
  show($('#writing'), writing);
  show($('#empty'), !writing && tasks.length === 0);
}

const load = async () => take(await get(`/api/projects/${project}/tasks`));

/** Makes a change that answers the whole board; a refusal is said, and what is really there is shown. */
async function change(work, words) {
  $('#refused').replaceChildren();
  try {
    take(await work());
    text($('#said'), words);
    return true;
  } catch (error) {
    $('#refused').replaceChildren(notice('bad', el('p', { role: 'alert' }, explain(error))));
    text($('#said'), '');
    await load().catch(() => {});
    return false;
  }
}

movable(board, $('#said'), {
  place,
  drop: async (one, { column, before }) => {
    const id = Number(one.dataset.card);
    const task = tasks.find((other) => other.id === id);
    const words = `${task.title}: ${place(one)}`;
    // Within the whole plan it stands before the next card of its column, or behind the last one of it.
    const own = [...one.parentElement.children].map((other) => Number(other.dataset.card));
    const last = tasks.findIndex((other) => other.id === own[own.length - 2]);
    const next = before ? Number(before) : tasks.slice(last + 1).find((other) => other.id !== id)?.id ?? null;
    const hadFocus = one.contains(document.activeElement);
    await change(() => post(`/api/tasks/${id}/move`, { before: next, ...(column === task.status ? {} : { status: column, version: task.version }) }), words);
    if (hadFocus || document.activeElement === document.body) $(`[data-card="${id}"] .grip`)?.focus();
  },
});

const number = (form, name) => { const value = valueOf(form, name).replace(',', '.'); return value === '' || Number.isNaN(Number(value)) ? value : Number(value); };

function dependencies(task) {
  const chosen = new Set(task.dependencies ?? []);
  const others = tasks.filter((one) => one.id !== task.id);
  // What is wrong stands above the list: below it, it would be out of sight.
  return el('div', { class: 'field', 'data-field': 'dependencies' }, el('fieldset', { class: 'waits-for' }, el('legend', {}, t('Waits for')),
    el('p', { class: 'error', id: 'dependencies-error', hidden: true }),
    others.length ? el('div', { class: 'choices' }, others.map((one) => el('label', { class: 'choice' },
      el('input', { type: 'checkbox', name: 'dependencies', value: one.id, checked: chosen.has(one.id) }), el('span', {}, one.title, el('span', { class: 'soft small' }, ` · ${taskWords[one.status]}`)))))
      : el('p', { class: 'soft' }, t('There are no other tasks.'))));
}

function edit(task) {
  editor?.close();
  const form = el('form', { id: 'task-form', 'aria-label': task.id ? t('Edit the task') : t('Add a task') });
  const known = [...new Set([...SECTIONS, ...tasks.map((one) => one.section)])];
  text($('#task-title'), task.id ? t('Edit the task') : t('Add a task'));
  $('#task-place').replaceChildren(form);
  editor = new Editor(form, {
    item: { dependencies: [], status: 'pending', priority: 'medium', section: 'Design', estimatedHours: 4, spentHours: 0, ...task },
    path: task.id ? '/api/tasks' : `/api/projects/${project}/tasks`,
    reload: (id) => get(`/api/tasks/${id}`),
    draw: (item) => form.replaceChildren(
      textField('title', t('Title'), item.title, { required: true, maxlength: 160 }),
      textField('description', t('Description'), item.description, { required: true, rows: 5, maxlength: 2000, hint: t('What is done, and when it is finished. The client reads it too.') }),
      el('div', { class: 'two' }, choiceField('status', t('Status'), item.status, taskStates.map((one) => [one, taskWords[one]])),
        choiceField('priority', t('Priority'), item.priority, PRIORITIES),
        choiceField('section', t('Section'), item.section, known.map((one) => [one, one])), el('div', {}),
        textField('estimatedHours', t('Hours estimated'), item.estimatedHours, { required: true, inputmode: 'numeric', maxlength: 6 }),
        textField('spentHours', t('Hours spent'), Number(item.spentHours), { inputmode: 'decimal', maxlength: 8, hint: t('Only the agency sees this.') })),
      dependencies(item),
      ...formEnd(item.id ? t('Save') : t('Add the task'),
        item.id && el('button', { type: 'button', class: 'button quiet', id: 'retire', onclick: (event) => retire(editor.item, event.currentTarget) }, t('Retire this task')))),
    read: () => ({
      title: valueOf(form, 'title'), description: valueOf(form, 'description'), status: valueOf(form, 'status'), priority: valueOf(form, 'priority'),
      section: valueOf(form, 'section'), estimatedHours: number(form, 'estimatedHours'), spentHours: number(form, 'spentHours'),
      dependencies: [...(task.dependencies ?? []).filter((id) => $(`[name=dependencies][value="${id}"]`, form)?.checked),
        ...$$('[name=dependencies]:checked', form).map((box) => Number(box.value)).filter((id) => !(task.dependencies ?? []).includes(id))],
    }),
    saved: async (item) => {
      await attempt($('#refused'), load);
      text($('#said'), t`${item.title} is saved.`);
      closed(item.id);
    },
  });
  if (!dialog.open) dialog.showModal();
  $('[name=title]', form).focus();
}

function closed(id) {
  editor?.close();
  editor = null;
  $('#task-place').replaceChildren();
  if (dialog.open) dialog.close();
  ($(`[data-card="${id}"] .task-open`) ?? $('#add')).focus();
}

async function retire(task, button) {
  if (button.dataset.sure === undefined) {
    button.dataset.sure = '';
    const waiting = tasks.filter((one) => one.dependencies.includes(task.id)).length;
    button.textContent = t('Yes, retire it');
    editor.say([t('It leaves the plan; its hours and messages stay, and it can be brought back.'), waiting && t`${plural(waiting, 'task')} will wait for what it waited for.`].filter(Boolean).join(' '));
    return;
  }
  await busy(button, t('Retiring…'), async () => {
    const done = await change(() => post(`/api/tasks/${task.id}/retire`, { version: task.version }), t`${task.title} is retired.`);
    closed(done ? null : task.id);
    if (!done) focusOn($('#refused .notice'));
  });
}

const leave = async () => { if (await mayClose(editor)) closed(editor?.item.id); };
$('#task-close').addEventListener('click', leave);
dialog.addEventListener('cancel', (event) => { event.preventDefault(); leave(); });
$('#add').addEventListener('click', () => edit({}));
$('#project-status').addEventListener('change', async (event) => {
  const { value } = event.target;
  $('#refused').replaceChildren();
  try {
    await patch(`/api/projects/${project}`, { status: value });
    text($('#said'), t`The project is set to ${event.target.selectedOptions[0].text.toLowerCase()}. The client is told.`);
  } catch (error) {
    $('#refused').replaceChildren(notice('bad', el('p', { role: 'alert' }, explain(error))));
    await load().catch(() => {});
  }
});

office(() => attempt($('#failed'), async () => {
  $('#to-plan').href = `/admin/plan?project=${project}`;
  $('#to-project').href = `/projects/${project}`;
  await load();
  show($('#desk'));
}));

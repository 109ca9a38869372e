// What staff set on a project: how far it is, when it begins, what was promised, and what the client is asked for.
import { patch, post } from '../api.js';
import { $, $$, el, text } from '../dom.js';
import { busy, clearErrors, showFailure } from '../form.js';
import { t } from '../words.js';

const field = (name, label, control) => el('div', { class: 'field', 'data-field': name },
  el('label', { for: control.id }, label), control, el('p', { class: 'error', id: `${control.id}-error`, hidden: true }));
const option = ([value, words], chosen) => el('option', { value, selected: value === chosen }, words);
const states = [['pending', t('Pending')], ['in-progress', t('In progress')], ['on-hold', t('On hold')], ['completed', t('Completed')]];
const kinds = [['file', t('A file')], ['approval', t('An approval')], ['answer', t('An answer')]];

/** Sends a form once at a time; `said` is what is heard when it has worked. */
function sending(form, send, said) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    busy($('button[type="submit"]', form), t('Saving…'), async () => {
      try {
        await send(form);
        text($('#timeline-said'), said);
        text($('[data-saved]', form), said);
        dispatchEvent(new Event('project-changed'));
      } catch (error) {
        text($('[data-saved]', form), '');
        showFailure(form, error);
      }
    });
  });
}

const buttons = (words) => el('div', { class: 'row' }, el('button', { type: 'submit', class: 'button short' }, words), el('p', { class: 'soft small', 'data-saved': '' }));

/** Draws the forms from a timeline; what somebody is typing stays. */
export function drawStaff(project, line) {
  const place = $('#staff-forms');
  if (place.contains(document.activeElement) && document.activeElement.matches('input, select')) return;
  const sections = line.milestones.filter((one) => one.key === 'section');
  const day = (id, name, label, value) => field(name, label, el('input', { id, type: 'date', class: 'input', value: value ?? '', min: '2000-01-01', max: '2100-12-31' }));
  const dates = el('form', { id: 'dates-form', novalidate: true, 'aria-label': t('Status and dates') },
    el('h3', {}, t('Status and dates')),
    field('status', t('Status'), el('select', { id: 'set-status', class: 'input' }, states.map((one) => option(one, line.status)))),
    day('set-start', 'startDate', t('Work begins'), line.plannedStart),
    day('set-deadline', 'deadline', t('Promised for'), line.deadline),
    sections.length > 0 && el('details', {}, el('summary', {}, t('Promised for each section')),
      sections.map((one, index) => day(`set-section-${index}`, `sectionDeadlines.${one.title}`, one.title, one.promised))),
    el('div', { 'data-form-error': '', class: 'notice bad', role: 'alert', hidden: true }), buttons(t('Save')),
    el('p', { class: 'small' }, el('a', { href: '/admin/calendar' }, t('Hours, holidays and days off'))));
  const asking = el('form', { id: 'ask-form', novalidate: true, 'aria-label': t('Ask the client') },
    el('h3', {}, t('Ask the client')),
    field('kind', t('For'), el('select', { id: 'ask-kind', class: 'input' }, kinds.map((one) => option(one)))),
    field('title', t('What exactly'), el('input', { id: 'ask-title', class: 'input', maxlength: 200, autocomplete: 'off', placeholder: t('Your logo as SVG or PDF') })),
    field('taskId', t('What waits for it'), el('select', { id: 'ask-task', class: 'input' }, option(['', t('All that has not begun')]),
      line.tasks.filter((task) => task.status !== 'completed').map((task) => option([task.id, task.title])))),
    el('div', { 'data-form-error': '', class: 'notice bad', role: 'alert', hidden: true }), buttons(t('Ask')));
  sending(dates, () => patch(`/api/projects/${project}`, {
    ...($('#set-status').value === line.status ? {} : { status: $('#set-status').value }),
    startDate: $('#set-start').value || null, deadline: $('#set-deadline').value || null,
    ...(sections.length ? { sectionDeadlines: Object.fromEntries(sections.map((one, index) => [one.title, $(`#set-section-${index}`).value || null])) } : {}),
  }), t('Saved.'));
  sending(asking, () => post(`/api/projects/${project}/asks`, {
    kind: $('#ask-kind').value, title: $('#ask-title').value, ...($('#ask-task').value ? { taskId: Number($('#ask-task').value) } : {}),
  }), t('The client is asked.'));
  const open = $$('details', place).map((one) => one.open);
  const said = $$('[data-saved]', place).map((one) => one.textContent);
  place.replaceChildren(dates, asking);
  $$('details', place).forEach((one, index) => { one.open = open[index] ?? false; });
  $$('[data-saved]', place).forEach((one, index) => { one.textContent = said[index] ?? ''; });
}

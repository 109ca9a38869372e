// The working calendar: hours, days of the week, holidays and days off. Staff see it, administrators change it.
import { explain, get, patch, post, remove } from './api.js';
import { $, $$, el, focusOn, show, text } from './dom.js';
import { busy, clearErrors, showFailure } from './form.js';
import { header } from './session.js';
import { drawNavigation } from './admin/shell.js';
import { attempt, notice } from './view.js';
import { locale, said, t } from './words.js';
import { at, dayWord } from './project/days.js';

const weekday = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', weekday: 'short' });
const WEEK = [1, 2, 3, 4, 5, 6, 7].map((day) => weekday.format(at(`2026-06-0${day}`))); // from Monday on
let year = null;
let admin = false;

const tell = (words) => text($('#calendar-said'), words);

/** One change at a time; the list is asked for again, and the keyboard stays near. */
function act(button, send, words) {
  return busy(button, t('Saving…'), async () => {
    try {
      await send();
      await load();
      tell(words);
      focusOn($('#year-title'));
    } catch (error) {
      tell(explain(error));
      $('#calendar-error').replaceChildren(notice('bad', el('p', {}, explain(error))));
    }
  });
}

function row({ date, name, kind, confirmed = true, open = false, source }) {
  const own = kind === undefined;
  const called = own ? name : said(name);
  const detail = own ? t('Day off of the agency') : `${kind === 'regular' ? t('Regular holiday') : t('Special non-working day')}${confirmed ? '' : t(', expected')}${open ? t('; you work on it') : ''} · ${said(source)}`;
  const change = own ? [t('Remove'), () => remove(`/api/calendar/days/${date}`), t`${called} is removed.`]
    : open ? [t('Take it off'), () => remove(`/api/calendar/days/${date}`), t`${called} is a day off.`]
      : [t('Work on it'), () => post('/api/calendar/days', { date, name, closed: false }), t`You work on ${called}.`];
  return el('tr', { 'data-day': date, 'data-open': open },
    el('th', { scope: 'row' }, `${weekday.format(at(date))}, ${dayWord(date, year)}`),
    el('td', {}, el('span', { class: 'name' }, called), el('br'), el('span', { class: 'soft small' }, detail)),
    el('td', {}, admin && el('button', { type: 'button', class: 'linklike', onclick: (event) => act(event.currentTarget, change[1], change[2]) }, change[0], el('span', { class: 'unseen' }, `: ${called}`))));
}

function draw(calendar) {
  year = calendar.year;
  text($('#year-title'), t`Days off in ${year}`);
  $('#csv').href = `/api/calendar/csv?year=${year}`;
  const days = [...calendar.holidays, ...calendar.daysOff].sort((one, other) => (one.date < other.date ? -1 : 1));
  $('#days tbody').replaceChildren(...days.map(row));
  const expected = calendar.holidays.filter((one) => !one.confirmed).length;
  text($('#year-note'), calendar.holidays.length === 0 ? t('National holidays of this year are not known yet.')
    : expected ? t('Days marked as expected are where law and custom put them; the year’s proclamation may move them.') : t('As proclaimed for the Philippines.'));
  $('#week').replaceChildren(...WEEK.map((name, index) => el('label', { class: 'choice' },
    el('input', { type: 'checkbox', value: index + 1, checked: calendar.workingDays.includes(index + 1), disabled: !admin }), el('span', {}, name))));
  $('#hours').value = calendar.hoursPerDay;
  $('#parallel').value = calendar.parallelTasks;
  for (const control of $$('#hours, #parallel')) control.readOnly = !admin;
  show($('#hours-submit'), admin);
  show($('#day-form'), admin);
  show($('#calendar'));
}

async function load(wanted = year) {
  draw(await get(`/api/calendar${wanted ? `?year=${wanted}` : ''}`));
}

function onSubmit(form, send, words) {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    busy($('button[type="submit"]', form), t('Saving…'), async () => {
      try {
        await send();
        await load();
        tell(words);
      } catch (error) {
        showFailure(form, error);
      }
    });
  });
}

onSubmit($('#hours-form'), () => patch('/api/calendar', {
  workingDays: $$('#week input:checked').map((box) => Number(box.value)), hoursPerDay: Number($('#hours').value), parallelTasks: Number($('#parallel').value),
}), t('Saved.'));
onSubmit($('#day-form'), async () => {
  const date = $('#day').value;
  await post('/api/calendar/days', { date, name: $('#day-name').value });
  $('#day-form').reset();
  year = Number(date.slice(0, 4));
}, t('The day off is added.'));
for (const [id, step] of [['#year-before', -1], ['#year-after', 1]]) {
  $(id).addEventListener('click', (event) => {
    const wanted = Math.min(2100, Math.max(2000, year + step));
    busy(event.currentTarget, t('Loading…'), () => attempt($('#calendar-error'), () => load(wanted)));
  });
}

attempt($('#calendar-error'), async () => {
  drawNavigation();
  const user = await header();
  admin = user?.role === 'admin';
  await load();
});

// Projects: all of them by filter, search and order, which stand in the page's address; views are such addresses with a name.
import { get, post, remove } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { ago, date, dateTime, peso, plural } from './format.js';
import { busy, clearErrors, forgiveOnInput, showErrors, showFailure } from './form.js';
import { phase } from './moon.js';
import { attempt } from './view.js';
import { office } from './admin/shell.js';
import { statusChip } from './project/status.js';
import { t } from './words.js';

const NAMES = ['q', 'status', 'payment', 'serviceId', 'overdue', 'sort'];
const PAID = { pending: [t('Nothing paid'), 'warn'], 'partially-paid': [t('Deposit paid'), ''], paid: [t('All paid'), 'good'] };
const list = $('#projects');
const filters = $('#filters');
let next = null;
let views = [];

const query = () => new URLSearchParams(NAMES.map((name) => [name, filters.elements[name].value.trim()]).filter(([, value]) => value !== '')).toString();

function row(project) {
  const { total, completed } = project.tasks;
  const [paid, kind] = PAID[project.paymentStatus] ?? [project.paymentStatus, ''];
  return el('li', { class: 'card project-row', 'data-project-id': project.id },
    phase(total ? completed / total : 0),
    el('div', { class: 'project-row-name' }, el('h2', {}, el('a', { href: `/admin/board?project=${project.id}` }, project.name)),
      el('p', { class: 'soft small' }, `${project.clientName || t('No name')} · ${project.clientEmail || t('no e-mail')} · ${project.service}`)),
    el('p', { class: 'row project-row-state' }, statusChip(project), el('span', { class: `chip ${kind}`.trim() }, paid),
      project.overdue && el('span', { class: 'chip bad' }, t('Overdue')),
      project.generation === 'failed' && el('span', { class: 'chip bad' }, t('Plan failed')),
      project.unread > 0 && el('span', { class: 'chip' }, t`${project.unread} unread`)),
    el('p', { class: 'small project-row-facts' }, el('span', {}, total ? t`${completed} of ${plural(total, 'task')} done` : t('No tasks yet')),
      el('span', { class: 'price' }, peso(project.price)),
      el('span', {}, project.deadline ? t`Promised for ${date(project.deadline)}` : t('No date promised')),
      el('time', { class: 'soft', datetime: project.updatedAt, title: dateTime(project.updatedAt) }, t`changed ${ago(project.updatedAt)}`)));
}

function drawViews() {
  const here = query();
  const current = views.find((view) => view.query === here);
  $('#views').replaceChildren(
    el('li', {}, el('a', { class: 'view', href: '/admin/projects', 'aria-current': !here && !current ? 'true' : null }, t('All projects'))),
    ...views.map((view) => el('li', { class: 'saved-view', 'data-view-id': view.id },
      el('a', { class: 'view', href: `/admin/projects?${view.query}`, 'aria-current': view === current ? 'true' : null }, view.name),
      el('button', { type: 'button', class: 'move', 'aria-label': t`Remove the view ${view.name}`, onclick: () => forget(view) }, '×'))));
  show($('#save-view'), Boolean(here) && !current);
}

async function forget(view) {
  await attempt($('#failed'), async () => {
    await remove(`/api/admin/projects/views/${view.id}`);
    views = views.filter((one) => one !== view);
    drawViews();
    text($('#said'), t`The view ${view.name} is removed.`);
    ($('#views a[aria-current]') ?? $('#views a')).focus();
  });
}

let asked = 0;

async function load(cursor) {
  const mine = ++asked;
  const here = query();
  const answer = await get(`/api/admin/projects?${here}${cursor ? `&cursor=${cursor}` : ''}`).catch((error) => {
    if (!error.fields?.q) throw error;
    showErrors(filters, { q: error.fields.q });
    return null;
  });
  if (mine !== asked || !answer) return; // another choice was made meanwhile
  const rows = answer.projects.map(row);
  if (cursor) { list.append(...rows); $('a', rows[0])?.focus(); } else list.replaceChildren(...rows);
  next = answer.next;
  $('#csv').href = `/api/admin/projects/csv${here ? `?${here}` : ''}`;
  show($('#more'), next !== null);
  show($('#none'), !list.children.length);
  text($('#said'), !list.children.length ? t('No projects like these.') : next === null ? `${plural(list.children.length, 'project')}.` : t`${plural(list.children.length, 'project')} and more.`);
}

function choose() {
  clearErrors(filters);
  const here = query();
  history.pushState(null, '', here ? `?${here}` : location.pathname);
  drawViews();
  attempt($('#failed'), () => load());
}

function fromAddress() {
  const given = new URLSearchParams(location.search);
  for (const name of NAMES) {
    const control = filters.elements[name];
    control.value = given.get(name) ?? '';
    if (control.localName === 'select' && control.selectedIndex < 0) control.value = '';
  }
}

$('#views').addEventListener('click', (event) => {
  const link = event.target.closest('a.view');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.pushState(null, '', link.href);
  fromAddress();
  const place = [...$('#views').children].indexOf(link.closest('li'));
  drawViews();
  $('a', $('#views').children[place])?.focus();
  attempt($('#failed'), () => load());
});
addEventListener('popstate', () => { fromAddress(); drawViews(); attempt($('#failed'), () => load()); });
$('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#failed'), () => load(next))));
filters.addEventListener('submit', (event) => { event.preventDefault(); choose(); });
filters.addEventListener('change', (event) => { if (event.target.localName === 'select') choose(); });
forgiveOnInput(filters);
forgiveOnInput($('#view-form'));
$('#view-form').addEventListener('submit', (event) => {
  event.preventDefault();
  clearErrors(event.target);
  busy($('[type=submit]', event.target), t('Saving…'), async () => {
    try {
      const view = await post('/api/admin/projects/views', { name: $('#view-name').value, query: query() });
      views = [...views.filter((one) => one.id !== view.id), view].sort((a, b) => a.name.localeCompare(b.name));
      $('#view-name').value = '';
      $('#save-view').open = false;
      drawViews();
      text($('#said'), t`The view ${view.name} is saved.`);
      focusOn($(`[data-view-id="${view.id}"] a`));
    } catch (error) {
      showFailure($('#view-form'), error);
    }
  });
});

office(() => attempt($('#failed'), async () => {
  const [{ services }, saved] = await Promise.all([get('/api/admin/cms/services'), get('/api/admin/projects/views')]);
  $('#service').append(...services.map((one) => el('option', { value: one.id }, one.name)));
  ({ views } = saved);
  fromAddress();
  drawViews();
  await load();
}));

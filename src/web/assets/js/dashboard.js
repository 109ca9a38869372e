// The dashboard: your projects (all of the agency's for its staff), and drafts to go on with.
import { get } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { ago, date, peso, plural } from './format.js';
import { busy } from './form.js';
import { phase } from './moon.js';
import { header, isStaff } from './session.js';
import { attempt, notice } from './view.js';
import { verifyNotice } from './verify-notice.js';
import { statusChip } from './project/status.js';
import { readyToCreate } from './onboarding/create.js';
import * as store from './onboarding/store.js';
import { t } from './words.js';

const list = $('#projects');
let user;

function generationText({ state, progress } = {}) {
  if (state === 'queued') return el('span', { class: 'chip warn' }, t('Plan is waiting to be written'));
  if (state === 'running') return el('span', { class: 'chip warn' }, t`Plan is being written, ${progress ?? 0}%`);
  if (state === 'failed') return el('span', { class: 'chip bad' }, t('Plan needs another try'));
  return null;
}

function row(project) {
  const { total = 0, completed = 0 } = project.tasks ?? {};
  const title = el('h2', {}, el('a', { href: `/projects/${project.id}` }, project.name));
  return el('article', { class: 'card project-row', 'data-project-id': project.id },
    phase(total ? completed / total : 0),
    el('div', {}, title, el('p', { class: 'meta' }, [isStaff(user) && project.clientName, project.service, t`started ${date(project.createdAt)}`].filter(Boolean).join(' · ')),
      total > 0 && el('p', { class: 'meta' }, t`${completed} of ${plural(total, 'task')} done`)),
    el('div', { class: 'state' }, project.contact && el('span', { class: 'chip', 'data-contact': project.contact }, t`Shared with you`), project.unread > 0 && el('span', { class: 'chip', 'data-unread': project.unread }, plural(project.unread, 'new message')), generationText(project.generation ?? undefined), statusChip(project), el('span', { class: 'price' }, peso(project.price))));
}

function empty() {
  return el('div', { class: 'card empty' }, phase(0.06), el('h2', {}, isStaff(user) ? t('No projects yet') : t('Your first project starts here')),
    el('p', {}, isStaff(user) ? t('When a client finishes the onboarding, their project appears here.') : t('Pick a service, answer its questions, and its plan appears on this page.')),
    isStaff(user) ? null : el('a', { class: 'button', href: '/#pricing' }, t('See services and prices')));
}

let next = null;

async function load(cursor) {
  const answer = await get(`/api/projects${cursor ? `?cursor=${cursor}` : ''}`);
  const rows = answer.projects.map(row);
  if (cursor) {
    list.append(...rows);
    rows[0]?.querySelector('a').focus();
  } else {
    list.replaceChildren(...(rows.length ? rows : [empty()]));
  }
  next = answer.next ?? null;
  show($('#more'), next !== null);
}

$('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#more-error'), () => load(next))));

/* Drafts to go on with: those the server holds for this account, and this tab's own. */

// This tab's own draft stays where it is: another one then opens in its own tab.
function draftNotice(title, when, href, apart = false) {
  return notice('', el('div', { class: 'row' }, el('p', {}, el('strong', {}, t`Continue: ${title}`), when ? ` — ${when}` : ''),
    el('a', { class: 'button short', href, target: apart ? '_blank' : null, rel: apart ? 'noopener' : null, 'data-continue': '' }, t('Continue'))));
}

function drafts(leads) {
  const here = store.loadData();
  const others = leads.filter((lead) => String(lead.serviceId) !== here?.serviceId);
  const notices = others.map((lead) => draftNotice(lead.serviceName || t('your project'), lead.createdAt ? t`started ${ago(lead.createdAt)}` : t`last changed ${ago(lead.updatedAt)}`,
    `/onboarding?lead=${encodeURIComponent(lead.id)}`, Boolean(here)));
  if (here?.serviceId && (here.description || readyToCreate())) {
    notices.unshift(draftNotice(here.serviceName || t('your project'), '', `/onboarding?${new URLSearchParams({ serviceId: here.serviceId, step: readyToCreate() ? 3 : 1 })}`));
  }
  $('#drafts').replaceChildren(...notices);
}

attempt($('#loading'), async () => {
  // Everything is drawn at once, so that nothing jumps.
  const leads = get('/api/leads').catch(() => ({ leads: [] }));
  user = await header();
  await load();
  drafts((await leads).leads ?? []);
  if (user?.emailVerified === false) $('#drafts').prepend(verifyNotice(user));
  text($('#dashboard-title'), isStaff(user) ? t('All projects') : t('Your projects'));
  show($('#loading'), false);
  show(list);
}).then((done) => { if (done && location.hash === '#projects') focusOn($('#dashboard-title')); });

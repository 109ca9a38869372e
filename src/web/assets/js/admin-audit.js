// The audit log: what was done to accounts, rights, money and settings, newest first.
import { get } from './api.js';
import { $, el, show, text } from './dom.js';
import { dateTime, plural } from './format.js';
import { busy } from './form.js';
import { attempt } from './view.js';
import { t } from './words.js';
import { shown } from './admin/history.js';
import { office } from './admin/shell.js';

/** A new word of the server needs a line here; until then its own name is shown. */
const ACTIONS = {
  'signed-in': t('Signed in'), 'sign-in-failed': t('A sign-in failed'), 'sign-in-refused': t('A sign-in was refused'), 'second-factor-failed': t('A second factor was wrong'),
  'password-reset': t('Chose a new password'), 'second-factor-set-up': t('Set up a second factor'), 'second-factor-removed': t('Took their second factor away'),
  'second-factor-reset': t('Reset a second factor'), 'recovery-codes-renewed': t('Made new recovery codes'), 'second-factor-rule': t('Changed whether staff need a second factor'),
  'role-changed': t('Changed a role'), 'person-disabled': t('Disabled a person'), 'person-enabled': t('Enabled a person'), 'sessions-ended': t('Signed somebody out'),
  invited: t('Invited somebody'), 'invitation-sent-again': t('Sent an invitation again'), 'invitation-withdrawn': t('Took an invitation back'), 'invitation-accepted': t('Accepted an invitation'),
  'contact-changed': t('Changed what a contact may do'), 'contact-removed': t('Took a contact off a project'), 'contact-left': t('Left a project as its contact'),
  'payment-reviewed': t('Looked at a payment'), 'payment-verified': t('Confirmed a payment'), 'payment-rejected': t('Refused a payment'), 'payment-refunded': t('Gave a payment back'),
  'payment-settled': t('Settled a payment'), 'payment-recorded': t('Recorded a payment'), 'payment-account-added': t('Added an account for payments'),
  'payment-account-changed': t('Changed an account for payments'), 'payment-account-removed': t('Removed an account for payments'), exported: t('Saved a list as a file'),
  'changed-over': t('Went over to another agency'), 'lead-written-to': t('Wrote to somebody with a draft'), 'lead-converted': t('Made a project of a draft'), 'balance-requested': t('Asked for the balance'),
  'plan-ordered': t('Had a plan written anew'), 'plan-applied': t('Chose from a new plan'), 'plan-dismissed': t('Dismissed a new plan'), 'plan-restored': t('Brought back a version of a plan'),
  'settings-changed': t('Changed the settings'), 'calendar-changed': t('Changed the working hours'), 'day-off-set': t('Set a day off'), 'day-off-removed': t('Removed a day off'),
  'content-created': t('Added content'), 'content-edited': t('Changed content'), 'content-ordered': t('Put content in another order'), 'content-restored': t('Brought back a version of content'),
  'project-changed': t('Changed a project'), 'task-added': t('Added a task'), 'task-changed': t('Changed a task'), 'task-moved': t('Moved a task'), 'task-retired': t('Retired a task'),
  'task-restored': t('Brought back a task'), 'client-asked': t('Asked the client for something'), 'agency-created': t('Made the agency'), 'agency-changed': t('Changed the agency’s name, hosts or status'),
  'message-sent': t('Wrote a message'), 'message-edited': t('Changed a message'), 'message-removed': t('Removed a message'), 'file-sent': t('Sent a file'), 'file-removed': t('Removed a file'),
  'file-restored': t('Brought back a file'), 'ask-settled': t('Noted what the client gave'), 'ask-reopened': t('Asked the client again'), 'project-created': t('Made a project'),
  'payment-begun': t('Began a payment'), 'payment-proof-sent': t('Sent a proof of payment'),
  'agency-export-ordered': t('Ordered an export of the agency'), 'agency-deletion-ordered': t('Ordered the agency’s deletion'),
};
const list = $('#rows');
const filters = $('#filters');
let next = null;

const query = (more = {}) => new URLSearchParams(Object.entries({ ...Object.fromEntries(new FormData(filters)), ...more }).filter(([, value]) => value !== ''));

const isChange = (value) => typeof value === 'object' && value !== null && 'from' in value && 'to' in value;

function row(one) {
  const whom = one.subjectName ?? one.subject;
  const about = one.subject && one.subject !== one.actorId ? whom : null;
  const facts = Object.entries(one.data).filter(([, value]) => value !== null && (typeof value !== 'object' || isChange(value))).slice(0, 12);
  return el('li', { class: 'card audit-row', 'data-number': one.number },
    el('p', {}, el('strong', {}, ACTIONS[one.action] ?? one.action), about && [' · ', el('span', {}, about)]),
    el('p', { class: 'soft small' }, [one.actorName ?? one.actorId ?? t('nobody signed in'), one.ip, dateTime(one.at)].filter(Boolean).join(' · ')),
    facts.length > 0 && el('dl', { class: 'changes' }, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), isChange(value) ? el('dd', {}, el('del', {}, el('span', { class: 'unseen' }, t('was ')), shown(value.from)), ' ', el('ins', {}, el('span', { class: 'unseen' }, t('became ')), shown(value.to))) : el('dd', {}, shown(value))))),
    el('p', { class: 'soft small seal' }, t`Row ${one.number} · `, el('code', { title: one.hash }, one.hash.slice(0, 16))));
}

let asked = 0;

async function load(cursor) {
  const now = ++asked;
  const answer = await get(`/api/admin/audit?${query(cursor ? { cursor } : {})}`);
  if (now !== asked) return; // another choice was made meanwhile
  const rows = answer.rows.map(row);
  if (cursor) list.append(...rows); else list.replaceChildren(...rows);
  next = answer.next;
  show($('#more'), next !== null);
  show($('#none'), !list.children.length);
  $('#csv').href = `/api/admin/audit/csv?${query()}`;
  if (!cursor) text($('#said'), !rows.length ? t('Nothing like this was noted.') : next === null ? `${plural(rows.length, 'row')}.` : t`${plural(rows.length, 'row')} and more.`);
}

$('#action').append(...Object.entries(ACTIONS).sort((a, b) => a[1].localeCompare(b[1])).map(([name, label]) => el('option', { value: name }, label)));
filters.addEventListener('submit', (event) => { event.preventDefault(); attempt($('#failed'), () => load()); });
filters.addEventListener('change', (event) => { if (event.target.localName === 'select') attempt($('#failed'), () => load()); });
$('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#failed'), () => load(next))));

office(() => attempt($('#failed'), () => load()));

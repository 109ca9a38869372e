// The audit log: what was done to accounts, rights, money and settings, newest first.
import { get } from './api.js';
import { $, el, show, text } from './dom.js';
import { dateTime, plural } from './format.js';
import { busy } from './form.js';
import { attempt } from './view.js';
import { shown } from './admin/history.js';
import { office } from './admin/shell.js';

/** A new word of the server needs a line here; until then its own name is shown. */
const ACTIONS = {
  'signed-in': 'Signed in', 'sign-in-failed': 'A sign-in failed', 'sign-in-refused': 'A sign-in was refused', 'second-factor-failed': 'A second factor was wrong',
  'password-reset': 'Chose a new password', 'second-factor-set-up': 'Set up a second factor', 'second-factor-removed': 'Took their second factor away',
  'second-factor-reset': 'Reset a second factor', 'recovery-codes-renewed': 'Made new recovery codes', 'second-factor-rule': 'Changed whether staff need a second factor',
  'role-changed': 'Changed a role', 'person-disabled': 'Disabled a person', 'person-enabled': 'Enabled a person', 'sessions-ended': 'Signed somebody out',
  invited: 'Invited somebody', 'invitation-sent-again': 'Sent an invitation again', 'invitation-withdrawn': 'Took an invitation back', 'invitation-accepted': 'Accepted an invitation',
  'contact-changed': 'Changed what a contact may do', 'contact-removed': 'Took a contact off a project',
  'payment-reviewed': 'Looked at a payment', 'payment-verified': 'Confirmed a payment', 'payment-rejected': 'Refused a payment', 'payment-refunded': 'Gave a payment back',
  'payment-settled': 'Settled a payment', 'payment-recorded': 'Recorded a payment', 'payment-account-added': 'Added an account for payments',
  'payment-account-changed': 'Changed an account for payments', 'payment-account-removed': 'Removed an account for payments', exported: 'Saved a list as a file',
  'changed-over': 'Went over to another agency', 'lead-written-to': 'Wrote to somebody with a draft', 'lead-converted': 'Made a project of a draft', 'balance-requested': 'Asked for the balance',
  'plan-ordered': 'Had a plan written anew', 'plan-applied': 'Chose from a new plan', 'plan-dismissed': 'Dismissed a new plan', 'plan-restored': 'Brought back a version of a plan',
  'settings-changed': 'Changed the settings', 'calendar-changed': 'Changed the working hours', 'day-off-set': 'Set a day off', 'day-off-removed': 'Removed a day off',
  'content-created': 'Added content', 'content-edited': 'Changed content', 'content-ordered': 'Put content in another order', 'content-restored': 'Brought back a version of content',
  'project-changed': 'Changed a project', 'task-added': 'Added a task', 'task-changed': 'Changed a task', 'task-moved': 'Moved a task', 'task-retired': 'Retired a task',
  'task-restored': 'Brought back a task', 'client-asked': 'Asked the client for something', 'agency-created': 'Made the agency', 'agency-changed': 'Changed the agency’s name, hosts or status',
  'agency-export-ordered': 'Ordered an export of the agency', 'agency-deletion-ordered': 'Ordered the agency’s deletion',
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
    el('p', { class: 'soft small' }, [one.actorName ?? one.actorId ?? 'nobody signed in', one.ip, dateTime(one.at)].filter(Boolean).join(' · ')),
    facts.length > 0 && el('dl', { class: 'changes' }, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), isChange(value) ? el('dd', {}, el('del', {}, el('span', { class: 'unseen' }, 'was '), shown(value.from)), ' ', el('ins', {}, el('span', { class: 'unseen' }, 'became '), shown(value.to))) : el('dd', {}, shown(value))))),
    el('p', { class: 'soft small seal' }, `Row ${one.number} · `, el('code', { title: one.hash }, one.hash.slice(0, 16))));
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
  if (!cursor) text($('#said'), rows.length ? `${plural(rows.length, 'row')}${next === null ? '' : ' and more'}.` : 'Nothing like this was noted.');
}

$('#action').append(...Object.entries(ACTIONS).sort((a, b) => a[1].localeCompare(b[1])).map(([name, label]) => el('option', { value: name }, label)));
filters.addEventListener('submit', (event) => { event.preventDefault(); attempt($('#failed'), () => load()); });
filters.addEventListener('change', (event) => { if (event.target.localName === 'select') attempt($('#failed'), () => load()); });
$('#more').addEventListener('click', (event) => busy(event.currentTarget, 'Loading…', () => attempt($('#failed'), () => load(next))));

office(() => attempt($('#failed'), () => load()));

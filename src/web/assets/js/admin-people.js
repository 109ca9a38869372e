// People: who belongs to the agency, what they may do, where they are signed in, and whether staff need a second factor.
import { explain, get, patch, remove } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { ago, date, device, plural } from './format.js';
import { busy } from './form.js';
import { attempt, notice } from './view.js';
import { askedInAddress } from './admin/asked.js';
import { invitations } from './admin/invitations.js';
import { office } from './admin/shell.js';
import { t } from './words.js';

const ROLES = { owner: t('Owner'), admin: t('Administrator'), member: t('Member'), viewer: t('Viewer'), client: t('Client') };
const MAY = {
  owner: t('Everything, also what administrators may do.'), admin: t('Everything but owners and administrators.'), member: t('The daily work: projects, payments, content.'),
  viewer: t('Sees what members see, and changes nothing.'), client: t('Their own projects.'),
};
const list = $('#people');
const filters = $('#filters');
let next = null;
let me = null;
let mine = 'member';

const query = (more = {}) => new URLSearchParams(Object.entries({ ...Object.fromEntries(new FormData(filters)), ...more }).filter(([, value]) => value !== ''));
const mayChange = (person) => me.role === 'admin' && (mine === 'owner' || (person.role !== 'owner' && person.role !== 'admin'));

function head(person) {
  return [el('span', { class: 'lead-who' }, person.name), el('span', { class: 'soft small' }, [person.email, person.lastSeenAt ? t`seen ${ago(person.lastSeenAt)}` : t('not signed in')].join(' · ')),
    el('span', { class: person.role === 'client' ? 'chip' : 'chip good' }, ROLES[person.role]), person.secondFactor && el('span', { class: 'chip' }, t('Second factor')),
    person.disabled && el('span', { class: 'chip bad' }, t('Disabled')), !person.emailVerified && el('span', { class: 'chip warn' }, t('Address not confirmed'))];
}

/** A button that asks once more before it does what cannot be taken for granted. */
function sure(label, question, act) {
  const place = el('div', { class: 'row' });
  const ask = el('button', { type: 'button', class: 'button quiet short' }, label);
  const yes = el('button', { type: 'button', class: 'button short' }, label);
  const no = el('button', { type: 'button', class: 'button quiet short' }, t('No'));
  ask.addEventListener('click', () => { place.replaceChildren(el('span', {}, question), yes, no); yes.focus(); });
  no.addEventListener('click', () => { place.replaceChildren(ask); ask.focus(); });
  yes.addEventListener('click', () => busy(yes, t('One moment…'), act));
  place.append(ask);
  return place;
}

function row(person) {
  const body = el('div', { class: 'lead-body' });
  const summary = el('summary', {}, head(person));
  const path = `/api/admin/people/${encodeURIComponent(person.id)}`;
  const said = el('div', { role: 'status' });
  const act = (words, work) => async () => {
    try {
      const after = await work();
      Object.assign(person, after);
      draw(after ?? await get(path));
      summary.replaceChildren(...head(person).filter(Boolean));
      said.replaceChildren(notice('good', el('p', {}, words)));
    } catch (error) {
      const box = notice('bad', el('p', {}, explain(error)));
      said.replaceChildren(box);
      focusOn(box);
    }
  };

  const roleForm = (full) => {
    const choice = el('select', { class: 'input', id: `role-${full.id}`, name: 'newRole', 'aria-describedby': `may-${full.id}` }, Object.entries(ROLES)
      .filter(([name]) => mine === 'owner' || name === full.role || (name !== 'owner' && name !== 'admin')).map(([name, label]) => el('option', { value: name }, label)));
    choice.value = full.role;
    const may = el('p', { class: 'hint', id: `may-${full.id}` }, MAY[full.role]);
    choice.addEventListener('change', () => text(may, MAY[choice.value]));
    const save = el('button', { type: 'submit', class: 'button quiet' }, t('Change the role'));
    return el('form', { class: 'role-form', 'aria-label': t`Role of ${full.name}`, onsubmit: (event) => {
      event.preventDefault();
      if (choice.value === full.role) { said.replaceChildren(notice('', el('p', {}, t`${full.name} has this role already.`))); return; }
      busy(save, t('Saving…'), act(t`${full.name} has the role ${ROLES[choice.value]} now.`, () => patch(path, { role: choice.value })));
    } }, el('div', { class: 'field' }, el('label', { for: choice.id }, t('Role')), may, choice), save);
  };

  const sessions = (full) => el('div', {}, el('div', { class: 'part-head' }, el('h2', {}, t('Signed in')), full.sessions.length > 0 && el('a', { class: 'small', href: `${path}/sessions/csv`, download: '', 'aria-label': t`Save where ${full.name} is signed in as CSV` }, t('Save as CSV'))), full.sessions.length
    ? el('ul', { class: 'plain-list sessions', role: 'list' }, full.sessions.map((one) => el('li', { 'data-session-id': one.id },
      el('div', {}, el('p', {}, el('strong', {}, device(one.userAgent))), el('p', { class: 'soft small' }, [t`last used ${ago(one.lastSeenAt)}`, t`signed in ${ago(one.createdAt)}`, one.ip].filter(Boolean).join(' · '))),
      mayChange(full) && el('button', { type: 'button', class: 'button quiet short', 'aria-label': t`Sign ${full.name} out of ${device(one.userAgent)}`,
        onclick: (event) => busy(event.currentTarget, t('Signing out…'), act(t('That device is signed out.'), () => remove(`${path}/sessions/${one.id}`))) }, t('Sign out')))))
    : el('p', { class: 'soft' }, t('Nowhere at present.')));

  const draw = (full) => {
    const self = full.id === me.id;
    const parts = [said, el('p', { class: 'soft small' }, t`Here since ${date(full.since)}.`)];
    if (mayChange(full)) parts.push(roleForm(full));
    else parts.push(el('p', { class: 'soft' }, t('Only an owner changes owners and administrators.')));
    parts.push(sessions(full));
    if (mayChange(full) && !self) {
      parts.push(el('div', { class: 'person-acts' },
        full.sessions.length > 0 && sure(t('Sign out everywhere'), t('Sign them out on every device?'), act(t`${full.name} is signed out everywhere.`, () => remove(`${path}/sessions`))),
        full.secondFactor && sure(t('Reset the second factor'), t('Then their password alone opens the account. Are you sure that it is them who asked?'), act(t('The second factor is gone, and they are signed out.'), () => remove(`${path}/second-factor`))),
        full.disabled
          ? el('div', { class: 'row' }, el('button', { type: 'button', class: 'button quiet short', onclick: (event) => busy(event.currentTarget, t('One moment…'), act(t`${full.name} may sign in again.`, () => patch(path, { disabled: false }))) }, t('Enable')))
          : sure(t('Disable'), t('They are signed out and cannot come back until you enable them. Nothing is deleted.'), act(t`${full.name} is disabled.`, () => patch(path, { disabled: true })))));
    }
    body.replaceChildren(...parts);
  };

  const details = el('details', {}, summary, body);
  details.addEventListener('toggle', () => { if (details.open && !body.hasChildNodes()) attempt(body, async () => draw(await get(path))); });
  if (me.role !== 'admin') return el('li', { class: 'card lead-row', 'data-person-id': person.id }, el('div', { class: 'person-line' }, head(person)));
  return el('li', { class: 'card lead-row', 'data-person-id': person.id }, details);
}

function drawRule(required) {
  if (me.role !== 'admin') return;
  show($('#rule'));
  show($('#to-audit'));
  text($('#rule-state'), required ? t('Everybody who works here needs a second factor. Who has none sees only their account page until it is set up.') : t('A second factor is each person’s own choice.'));
  text($('#rule-switch'), required ? t('Make it each person’s choice') : t('Require it from everybody who works here'));
  $('#rule-switch').onclick = (event) => busy(event.currentTarget, t('Saving…'), async () => {
    try {
      const after = await patch('/api/admin/people', { requireSecondFactor: !required });
      $('#rule-failed').replaceChildren();
      setTimeout(() => drawRule(after.requireSecondFactor)); // once the button has its own words back
    } catch (error) {
      const box = notice('bad', el('p', {}, explain(error), ' ', el('a', { href: '/account#second-factor' }, t('Your account'))));
      $('#rule-failed').replaceChildren(box);
      focusOn(box);
    }
  });
}

let asked = 0;

async function load(cursor) {
  const now = ++asked;
  const answer = await get(`/api/admin/people?${query(cursor ? { cursor } : {})}`);
  if (now !== asked) return; // another choice was made meanwhile
  mine = answer.myRole;
  if (!cursor && me.role === 'admin') invitations(mine);
  if (!cursor) drawRule(answer.requireSecondFactor);
  const rows = answer.people.map(row);
  if (cursor) { list.append(...rows); $('summary', rows[0])?.focus(); } else list.replaceChildren(...rows);
  $('#csv').href = `/api/admin/people/csv?${query()}`;
  next = answer.next;
  show($('#more'), next !== null);
  show($('#none'), !list.children.length);
  if (!cursor) text($('#said'), !rows.length ? t('Nobody like this.') : next === null ? `${plural(rows.length, 'person', 'people')}.` : t`${plural(rows.length, 'person', 'people')} and more.`);
}

office(async (user) => {
  me = user;
  const again = () => attempt($('#failed'), () => load());
  askedInAddress(filters, again);
  $('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#failed'), () => load(next))));
  await again();
});

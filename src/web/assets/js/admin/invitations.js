// Invitations on the people page: sending one, and the list of those that wait, were accepted, or are over.
import { explain, get, post, remove } from '../api.js';
import { $, el, focusOn, show, text } from '../dom.js';
import { ago, date } from '../format.js';
import { busy, clearErrors, forgiveOnInput, holdBack, looksLikeEmail, showErrors, showFailure } from '../form.js';
import { attempt, notice } from '../view.js';
import { t } from '../words.js';

const ROLES = { owner: t('Owner'), admin: t('Administrator'), member: t('Member'), viewer: t('Viewer'), client: t('Contact') };
const MAY = {
  owner: t('Everything, also what administrators may do.'), admin: t('Everything but owners and administrators.'), member: t('The daily work: projects, payments, content.'),
  viewer: t('Sees what members see, and changes nothing.'),
};
const CHIPS = { open: 'chip warn', expired: 'chip', accepted: 'chip good', withdrawn: 'chip' };
const STATES = { open: t('Open'), expired: t('Expired'), accepted: t('Accepted'), withdrawn: t('Withdrawn') };
const list = $('#invites');
const form = $('#invite-form');
let mine = null;
let next = null;
let asked = 0;

const mayGive = (role) => mine === 'owner' || (role !== 'owner' && role !== 'admin');

function facts(one) {
  const what = one.project ? t`Contact of “${one.project.name}”` : ROLES[one.role];
  const when = one.state === 'accepted' ? (one.acceptedBy ? t`accepted ${ago(one.acceptedAt)} by ${one.acceptedBy}` : t`accepted ${ago(one.acceptedAt)}`) : one.state === 'withdrawn' ? (one.withdrawnAt ? t`withdrawn ${ago(one.withdrawnAt)}` : t('whoever sent it may no longer give this role'))
    : one.state === 'expired' ? t`ended ${ago(one.expiresAt)}` : t`open until ${date(one.expiresAt)}`;
  return [what, one.invitedBy && t`from ${one.invitedBy}`, one.sentCount > 1 ? t`sent ${ago(one.sentAt)}, ${one.sentCount} times in all` : t`sent ${ago(one.sentAt)}`, when].filter(Boolean).join(' · ');
}

function row(one) {
  const path = `/api/admin/invitations/${one.id}`;
  const said = el('div', { role: 'status' });
  const act = (button, doing, words, work) => busy(button, doing, async () => {
    try {
      await work();
      text($('#invite-said'), words);
      await load();
      focusOn($('#invitations-title'));
    } catch (error) {
      const box = notice('bad', el('p', {}, explain(error)));
      said.replaceChildren(box);
      focusOn(box);
    }
  });
  const waits = (one.state === 'open' || one.state === 'expired' || (one.state === 'withdrawn' && !one.withdrawnAt)) && mayGive(one.role);
  return el('li', { 'data-invitation-id': one.id, 'data-state': one.state },
    el('div', {}, el('p', {}, el('strong', {}, one.email), ' ', el('span', { class: CHIPS[one.state] }, STATES[one.state])), el('p', { class: 'soft small' }, facts(one)), said),
    waits && el('div', { class: 'row' },
      el('button', { type: 'button', class: 'button quiet short', 'aria-label': t`Send again to ${one.email}`,
        onclick: (event) => act(event.currentTarget, t('Sending…'), t`Sent again to ${one.email}. The link before it is dead.`, () => post(`${path}/send`, {})) }, t('Send again')),
      el('button', { type: 'button', class: 'button quiet short', 'aria-label': t`Withdraw the invitation of ${one.email}`,
        onclick: (event) => act(event.currentTarget, t('Withdrawing…'), t`The invitation of ${one.email} is withdrawn.`, () => remove(path)) }, t('Withdraw'))));
}

async function load(cursor) {
  const now = ++asked;
  const state = $('#invite-state').value;
  const answer = await get(`/api/admin/invitations?${new URLSearchParams({ state, limit: '20', ...(cursor ? { cursor } : {}) })}`);
  if (now !== asked) return; // another choice was made meanwhile
  const rows = answer.invitations.map(row);
  if (cursor) list.append(...rows); else list.replaceChildren(...rows);
  $('#invitations-csv').href = `/api/admin/invitations/csv?state=${state}`;
  next = answer.next;
  show($('#more-invites'), next !== null);
  show($('#no-invites'), !list.children.length);
  text($('#no-invites'), state === 'open' ? t('No invitation is open.') : t('There is none like this.'));
}

/** For administrators; `role` is what they are here. */
export function invitations(role) {
  if (mine) return;
  mine = role;
  show($('#invitations'));
  const roles = $('#invite-role');
  roles.replaceChildren(...['member', 'viewer', 'admin', 'owner'].filter(mayGive).map((name) => el('option', { value: name }, ROLES[name])));
  const may = () => text($('#invite-may'), MAY[roles.value]);
  roles.addEventListener('change', may);
  may();
  forgiveOnInput(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    text($('#invite-said'), '');
    const { email, role: given, days } = Object.fromEntries(new FormData(form));
    if (!looksLikeEmail(email.trim())) { showErrors(form, { email: t('Please enter an e-mail address like name@example.com.') }); return; }
    const button = $('[type="submit"]', form);
    let held = null;
    busy(button, t('Sending…'), async () => {
      try {
        const made = await post('/api/admin/invitations', { email: email.trim(), role: given, days: Number(days) });
        text($('#invite-said'), t`${made.email} is invited. The link works until ${date(made.expiresAt)}.`);
        form.elements.email.value = '';
        form.elements.email.focus();
        $('#invite-state').value = 'open';
        await attempt($('#invites-failed'), () => load());
      } catch (error) {
        held = error;
        showFailure(form, error);
      }
    }).then(() => holdBack(button, held));
  });
  $('#invite-state').addEventListener('change', () => attempt($('#invites-failed'), () => load()));
  $('#more-invites').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#invites-failed'), () => load(next))));
  attempt($('#invites-failed'), () => load());
}

// The page behind the link of an invitation: who invites to what, and the way in that fits whoever opens it.
import { post } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { date } from './format.js';
import { busy, clearErrors, forgiveOnInput, holdBack, showErrors, showFailure, showPasswordButtons } from './form.js';
import { header, session } from './session.js';
import { attempt } from './view.js';
import { said, t } from './words.js';

const ROLES = { owner: t('Owner'), admin: t('Administrator'), member: t('Member of the team'), viewer: t('Viewer: sees everything, changes nothing') };
const MAY = { view: t('Look: follow the project, read its messages and files'), work: t('Take part: also write messages, send files and pay') };
const OVER = {
  accepted: [t('This invitation was accepted'), t('A link works once. If it was you, sign in with the account that accepted it.')],
  expired: [t('This invitation is too old'), t('Ask whoever invited you to send it again: a new mail brings a new link.')],
  withdrawn: [t('This invitation was withdrawn'), t('Ask whoever invited you, if you think that is a mistake.')],
};
const card = $('#invitation-card');
const acts = $('#invitation-acts');
const form = $('#join-form');
const asked = new URLSearchParams(location.search).get('token');
// Kept for this tab only: a sign-in comes between, and the address must not show it nor hand it on.
if (asked) sessionStorage.setItem('invitationToken', asked);
const token = asked ?? sessionStorage.getItem('invitationToken');
history.replaceState(null, '', location.pathname);

function say(title, lead, ...nodes) {
  text($('#invitation-title'), title);
  text($('#invitation-lead'), lead);
  acts.replaceChildren(...nodes.filter(Boolean));
  show(card, nodes.length > 0);
}

const link = (href, label) => el('a', { class: 'button', href }, label);

function refused(error) {
  const box = $('#invitation-failed');
  text(box, said(error.detail) || t('Something went wrong. Please try again.'));
  show(box);
  focusOn(box);
}

function goOn(answer) {
  sessionStorage.removeItem('invitationToken');
  location.replace(answer.redirectUrl);
  return new Promise(() => {});
}

/** A button that does one thing and says what came of it. */
function act(label, doing, work) {
  const button = el('button', { type: 'button', class: 'button' }, label);
  button.addEventListener('click', () => busy(button, doing, async () => {
    show($('#invitation-failed'), false);
    try { await work(); } catch (error) { refused(error); }
  }));
  return button;
}

async function load() {
  if (!token) { say(t('This link is incomplete'), t('Please open the link in the mail once more, or copy all of it.'), link('/', t('Go to the start page'))); return; }
  let found;
  try {
    found = await post('/api/auth/invitation', { token }, { login: false });
  } catch (error) {
    if (error.status !== 422) throw error;
    say(t('This link does not work'), t('A newer mail may have another one. Otherwise ask whoever invited you to send it again.'), link('/', t('Go to the start page')));
    return;
  }
  const user = await session();
  if (found.state !== 'open') {
    sessionStorage.removeItem('invitationToken');
    const [title, lead] = OVER[found.state];
    say(title, found.yours ? t('You accepted it yourself: go on.') : lead, user ? link('/dashboard', t('Go to your dashboard')) : link('/login', t('Sign in')));
    return;
  }
  const { project } = found;
  $('#invitation-facts').replaceChildren(...[
    [t('From'), found.invitedBy], [t('Project'), project?.name], [project ? t('You may') : t('As'), project ? MAY[project.role] : ROLES[found.role]], [t('Sent to'), (user || found.hasAccount) && found.email], [t('Open until'), date(found.expiresAt)],
  ].filter(([, value]) => value).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
  const title = project ? t`Follow a project at ${found.agency}` : t`Work with ${found.agency}`;
  const same = user && user.email.toLowerCase() === found.email.toLowerCase();
  show(form, !user && !found.hasAccount);
  form.elements.email.value = found.email;
  if (same) {
    say(title, t`You are signed in as ${user.email}.`, act(t('Accept the invitation'), t('One moment…'), async () => goOn(await post('/api/auth/invitation/accept', { token }, { login: false }))));
  } else if (user) {
    say(title, t`You are signed in as ${user.email}, and this invitation is for ${found.email}.`,
      act(t('Sign out and go on'), t('Signing out…'), async () => { await post('/api/auth/logout', undefined, { login: false }); await header(true); await load(); focusOn($('#invitation-title')); }),
      el('p', {}, el('a', { href: '/dashboard' }, t('Stay signed in and leave it'))));
  } else if (found.hasAccount) {
    say(title, t('There is an account with this address. Sign in, and you come back here.'), link('/login?next=%2Finvitation', t('Sign in to accept')));
  } else {
    say(title, t('Accept it, and you are in.'));
    show(card);
  }
}

forgiveOnInput(form);
showPasswordButtons();
form.addEventListener('submit', (event) => {
  event.preventDefault();
  clearErrors(form);
  const name = form.elements.name.value.trim();
  const password = form.elements.password.value;
  const wrong = {};
  if (!name) wrong.name = t('Please enter your name.');
  if ([...password].length < 10) wrong.password = t('Please choose at least 10 characters.');
  if (Object.keys(wrong).length) { showErrors(form, wrong); return; }
  let held = null;
  busy($('#join-submit'), t('One moment…'), async () => {
    try {
      await goOn(await post('/api/auth/invitation/join', { token, name, password }, { login: false, timeout: 30000 }));
    } catch (error) {
      held = error;
      showFailure(form, error);
    }
  }).then(() => holdBack($('#join-submit'), held));
});

header();
attempt($('#failed'), load);

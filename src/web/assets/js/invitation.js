// The page behind the link of an invitation: who invites to what, and the way in that fits whoever opens it.
import { post } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { date } from './format.js';
import { busy, clearErrors, forgiveOnInput, holdBack, showErrors, showFailure, showPasswordButtons } from './form.js';
import { header, session } from './session.js';
import { attempt } from './view.js';

const ROLES = { owner: 'Owner', admin: 'Administrator', member: 'Member of the team', viewer: 'Viewer: sees everything, changes nothing' };
const MAY = { view: 'Look: follow the project, read its messages and files', work: 'Take part: also write messages, send files and pay' };
const OVER = {
  accepted: ['This invitation was accepted', 'A link works once. If it was you, sign in with the account that accepted it.'],
  expired: ['This invitation is too old', 'Ask whoever invited you to send it again: a new mail brings a new link.'],
  withdrawn: ['This invitation was withdrawn', 'Ask whoever invited you, if you think that is a mistake.'],
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
  text(box, error.detail || 'Something went wrong. Please try again.');
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
  if (!token) { say('This link is incomplete', 'Please open the link in the mail once more, or copy all of it.', link('/', 'Go to the start page')); return; }
  let found;
  try {
    found = await post('/api/auth/invitation', { token }, { login: false });
  } catch (error) {
    if (error.status !== 422) throw error;
    say('This link does not work', 'A newer mail may have another one. Otherwise ask whoever invited you to send it again.', link('/', 'Go to the start page'));
    return;
  }
  const user = await session();
  if (found.state !== 'open') {
    sessionStorage.removeItem('invitationToken');
    const [title, lead] = OVER[found.state];
    say(title, found.yours ? 'You accepted it yourself: go on.' : lead, user ? link('/dashboard', 'Go to your dashboard') : link('/login', 'Sign in'));
    return;
  }
  const { project } = found;
  $('#invitation-facts').replaceChildren(...[
    ['From', found.invitedBy], ['Project', project?.name], [project ? 'You may' : 'As', project ? MAY[project.role] : ROLES[found.role]], ['Sent to', (user || found.hasAccount) && found.email], ['Open until', date(found.expiresAt)],
  ].filter(([, value]) => value).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]));
  const title = project ? `Follow a project at ${found.agency}` : `Work with ${found.agency}`;
  const same = user && user.email.toLowerCase() === found.email.toLowerCase();
  show(form, !user && !found.hasAccount);
  form.elements.email.value = found.email;
  if (same) {
    say(title, `You are signed in as ${user.email}.`, act('Accept the invitation', 'One moment…', async () => goOn(await post('/api/auth/invitation/accept', { token }, { login: false }))));
  } else if (user) {
    say(title, `You are signed in as ${user.email}, and this invitation is for ${found.email}.`,
      act('Sign out and go on', 'Signing out…', async () => { await post('/api/auth/logout', undefined, { login: false }); await header(true); await load(); focusOn($('#invitation-title')); }),
      el('p', {}, el('a', { href: '/dashboard' }, 'Stay signed in and leave it')));
  } else if (found.hasAccount) {
    say(title, 'There is an account with this address. Sign in, and you come back here.', link('/login?next=%2Finvitation', 'Sign in to accept'));
  } else {
    say(title, 'Accept it, and you are in.');
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
  if (!name) wrong.name = 'Please enter your name.';
  if ([...password].length < 10) wrong.password = 'Please choose at least 10 characters.';
  if (Object.keys(wrong).length) { showErrors(form, wrong); return; }
  let held = null;
  busy($('#join-submit'), 'One moment…', async () => {
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

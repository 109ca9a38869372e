// The account page: who you are, whether your address is confirmed, and where you are signed in.
import { explain, get, remove } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { ago, device } from './format.js';
import { busy } from './form.js';
import { drawMails } from './mails.js';
import { drawSecondFactor } from './second-factor.js';
import { header, signOut } from './session.js';
import { attempt, notice } from './view.js';
import { verifyNotice } from './verify-notice.js';
import { choose, nameOf } from './languages.js';
import { language, offered, t } from './words.js';

const list = $('#sessions');

const complain = (error) => {
  const box = notice('bad', el('p', {}, explain(error)));
  box.setAttribute('role', 'alert');
  $('#session-error').replaceChildren(box);
};

function row(session) {
  const name = device(session.userAgent);
  const end = el('button', { type: 'button', class: 'button quiet short', 'aria-label': t`Sign out ${name}` }, t('Sign out'));
  end.addEventListener('click', () => busy(end, t('Signing out…'), async () => {
    try {
      await remove(`/api/auth/sessions/${encodeURIComponent(session.id)}`);
      await load();
      focusOn($('#sessions-title'));
    } catch (error) { complain(error); }
  }));
  return el('li', { 'data-session-id': session.id },
    el('div', {}, el('p', {}, el('strong', {}, name), session.current ? ' ' : '', session.current && el('span', { class: 'chip good' }, t('This device'))),
      el('p', { class: 'soft small' }, [t`last used ${ago(session.lastSeenAt)}`, t`signed in ${ago(session.createdAt)}`, session.ip].filter(Boolean).join(' · '))),
    session.current ? null : end);
}

async function load() {
  const { sessions } = await get('/api/auth/sessions');
  $('#session-error').replaceChildren();
  list.replaceChildren(...[...sessions].sort((a, b) => Number(b.current) - Number(a.current)).map(row));
  show($('#sign-out-others'), sessions.some((session) => !session.current));
}

$('#sign-out-others').addEventListener('click', (event) => busy(event.currentTarget, t('Signing out…'), async () => {
  try {
    await remove('/api/auth/sessions');
    await load();
    focusOn($('#sessions-title'));
  } catch (error) { complain(error); }
}));

$('#sign-out').addEventListener('click', (event) => busy(event.currentTarget, t('Signing out…'), () => signOut().catch(complain)));

function drawLanguages(user) {
  const select = $('#account-language');
  select.replaceChildren(...offered.map((code) => el('option', { value: code, lang: code, selected: code === language }, nameOf(code))));
  select.addEventListener('change', async () => {
    await choose(select.value, user);
    location.reload();
  });
  show($('#languages'), offered.length > 1);
}

attempt($('#session-error'), async () => {
  const user = await header();
  if (!user) {
    location.replace('/login?next=%2Faccount');
    return;
  }
  text($('#account-name'), user.name);
  text($('#account-email'), user.email);
  text($('#account-verified'), user.emailVerified ? t('Confirmed') : t('Not confirmed yet'));
  if (!user.emailVerified) $('#verify-place').replaceChildren(verifyNotice(user));
  show($('#notifications'), !user.confined);
  drawLanguages(user);
  await Promise.all([load(), drawSecondFactor($('#factor'), user), user.confined ? null : drawMails()]);
  if (location.hash === '#notifications' || location.hash === '#second-factor') $(location.hash).scrollIntoView();
});

// The page behind the confirmation link in a mail.
import { explain, post } from './api.js';
import { $, el, focusOn, text } from './dom.js';
import { busy } from './form.js';
import { header } from './session.js';
import { t } from './words.js';

const token = new URLSearchParams(location.search).get('token');
const actions = $('#verify-actions');
const link = (href, label, quiet) => el('a', { class: quiet ? 'button quiet' : 'button', href }, label);

function say(title, detail, ...nodes) {
  text($('#verify-title'), title);
  text($('#verify-detail'), detail);
  actions.replaceChildren(...nodes.filter(Boolean));
  focusOn($('#verify-title'));
}

async function verify() {
  try {
    const { user, leadToken } = (await post('/api/auth/verify', { token }, { login: false })) ?? {};
    const signedIn = await header(true);
    say(t('Your e-mail address is confirmed'), user?.email ? t`Thank you. ${user.email} now belongs to your account.` : t('Thank you. You can close this page or go on below.'),
      leadToken && link(`/onboarding?draft=${encodeURIComponent(leadToken)}`, t('Continue your project')),
      signedIn ? link('/dashboard', t('Go to your dashboard'), Boolean(leadToken)) : link('/login', t('Sign in'), Boolean(leadToken)));
  } catch (error) {
    if (error.passing ?? false) {
      const again = el('button', { type: 'button', class: 'button', onclick: () => busy(again, t('Trying…'), verify) }, t('Try again'));
      say(t('Not confirmed yet'), explain(error), again);
      return;
    }
    const signedIn = await header();
    say(t('This link does not work any more'), t('It may be older than a day or already used. You can ask for a new one in your account.'),
      signedIn ? link('/account', t('Go to your account')) : link('/login?next=%2Faccount', t('Sign in')));
  }
}

// The token must not travel on in a Referer or stay in the history.
history.replaceState(null, '', location.pathname);
header();
if (token) verify();
else say(t('This link is incomplete'), t('Please open the link in the mail once more, or copy all of it.'), link('/', t('Go to the start page')));

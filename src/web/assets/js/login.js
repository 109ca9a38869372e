// The sign-in page: create an account or sign in, then create the project that was filled in, or go on.
import { explain, get, post } from './api.js';
import { $, $$, focusOn, localPath, show, text } from './dom.js';
import { busy, clearErrors, forgiveOnInput, formError, holdBack, looksLikeEmail, showErrors, showFailure, showPasswordButtons } from './form.js';
import { header, isStaff, session } from './session.js';
import { createProject, formPage, readyToCreate } from './onboarding/create.js';
import * as store from './onboarding/store.js';
import { t } from './words.js';

const asked = new URLSearchParams(location.search);
const onboarding = asked.get('from') === 'onboarding' && readyToCreate();
const signup = $('#signup-form');
const login = $('#login-form');
const tabs = $$('[role="tab"]');

/* Tabs */

function choose(tab, focus = false) {
  for (const other of tabs) {
    const chosen = other === tab;
    other.setAttribute('aria-selected', String(chosen));
    other.tabIndex = chosen ? 0 : -1;
    show(document.getElementById(other.getAttribute('aria-controls')), chosen);
  }
  if (focus) tab.focus();
}

for (const [index, tab] of tabs.entries()) {
  tab.addEventListener('click', () => choose(tab));
  tab.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) choose(tabs[(index + step + tabs.length) % tabs.length], true);
  });
}

/* What comes after signing in */

async function goOn(form) {
  if (!onboarding) {
    const user = asked.has('next') ? null : await session(true).catch(() => null);
    location.replace(localPath(asked.get('next'), isStaff(user) ? '/admin' : '/dashboard')); // who works here begins where the work is
    return new Promise(() => {});
  }
  text($('#door-note'), t('Creating your project…'));
  try {
    location.replace(await createProject());
    return await new Promise(() => {});
  } catch (error) {
    text($('#door-note'), '');
    if (error.status === 422 && Object.keys(error.fields).length) {
      store.keepErrors(error.fields);
      location.assign(formPage(store.loadData(), error.fields));
      return new Promise(() => {});
    }
    header(true);
    return afterFailure(form, error);
  }
}

/** Signed in, but the project was not created: nothing is lost, and the same key makes trying again safe. */
function afterFailure(form, error) {
  show($('#doors'), false);
  show($('#again'));
  text($('#again-reason'), error.status === 409 ? (error.detail || t('This was already sent.')) : explain(error));
  show($('#again-button'), error.status !== 409);
  holdBack($('#again-button'), error);
  focusOn($('#again'));
}

$('#again-button').addEventListener('click', (event) => busy(event.currentTarget, t('Creating your project…'), () => goOn()));

/* The two forms */

function check(form, values) {
  const wrong = {};
  if ('name' in values && !values.name) wrong.name = t('Please enter your name.');
  if (!looksLikeEmail(values.email)) wrong.email = t('Please enter an e-mail address like name@example.com.');
  if (!values.password) wrong.password = t('Please enter your password.');
  else if ('name' in values && [...values.password].length < 10) wrong.password = t('Please choose at least 10 characters.');
  if (Object.keys(wrong).length) showErrors(form, wrong);
  return Object.keys(wrong).length === 0;
}

function listen(form, path, label, read) {
  const button = $('[type="submit"]', form);
  forgiveOnInput(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const values = read(form.elements);
    if (!check(form, values)) return;
    let held = null;
    busy(button, label, async () => {
      try {
        const answer = await post(path, { ...values, leadToken: store.token() ?? store.lastToken() ?? undefined }, { login: false, timeout: 30000 });
        if (answer.secondFactor) askForCode();
        else await goOn(form);
      } catch (error) {
        showFailure(form, error);
        if (error.status === 409) formError(form, t('You already have an account? Use the "Sign in" tab.'));
        held = error;
      }
    }).then(() => holdBack(button, held));
  });
}

listen(signup, '/api/auth/signup', t('Creating your account…'), (fields) => ({ name: fields.name.value.trim(), email: fields.email.value.trim(), password: fields.password.value }));
listen(login, '/api/auth/login', t('Signing in…'), (fields) => ({ email: fields.email.value.trim(), password: fields.password.value }));
showPasswordButtons();

/* The second factor */

const codeForm = $('#code-form');
function askForCode() {
  show($('#doors'), false);
  show(codeForm);
  codeForm.elements.code.value = '';
  codeForm.elements.code.focus();
}
$('#code-back').addEventListener('click', () => { show(codeForm, false); show($('#doors')); login.elements.password.value = ''; login.elements.email.focus(); });
forgiveOnInput(codeForm);
codeForm.addEventListener('submit', (event) => {
  event.preventDefault();
  clearErrors(codeForm);
  const code = codeForm.elements.code.value.trim();
  if (!code) { showErrors(codeForm, { code: t('Please type the code.') }); return; }
  let held = null;
  busy($('#code-submit'), t('Signing in…'), async () => {
    try {
      await post('/api/auth/second-factor', { code }, { login: false });
      await goOn(codeForm);
    } catch (error) {
      showFailure(codeForm, error);
      held = error;
    }
  }).then(() => holdBack($('#code-submit'), held));
});

/* Forgotten password */

const forgot = $('#forgot-form');
$('#forgot').addEventListener('click', () => {
  show($('#doors'), false);
  show(forgot);
  forgot.elements.email.value = login.elements.email.value;
  forgot.elements.email.focus();
});
$('#forgot-back').addEventListener('click', () => { show(forgot, false); show($('#doors')); login.elements.email.focus(); });
forgiveOnInput(forgot);
forgot.addEventListener('submit', (event) => {
  event.preventDefault();
  clearErrors(forgot);
  const email = forgot.elements.email.value.trim();
  if (!looksLikeEmail(email)) { showErrors(forgot, { email: t('Please enter an e-mail address like name@example.com.') }); return; }
  busy($('[type="submit"]', forgot), t('Sending…'), async () => {
    try {
      await post('/api/auth/forgot', { email }, { login: false });
      show($('#forgot-fields'), false);
      show($('#forgot-done'));
      focusOn($('#forgot-done'));
    } catch (error) {
      showFailure(forgot, error);
    }
  });
});

/* Google */

const googleErrors = {
  'google-cancelled': t('You came back from Google without signing in. Try again, or use your e-mail address.'),
  'google-expired': t('That sign-in was begun too long ago, in another window, or was used already. Please try again.'),
  'google-away': t('Google cannot be reached right now. Please try again in a moment, or use your e-mail address.'),
  'google-busy': t('There were too many tries in a short time. Please wait a few minutes, or use your e-mail address.'),
  'google-unverified': t('Google has not confirmed the e-mail address of that account, so we cannot use it. Confirm it at Google, or use your e-mail address and a password here.'),
  'google-disabled': t('This account is switched off. Please write to us.'),
  'google-off': t('Signing in with Google is not possible here. Please use your e-mail address.'),
};

/** On the form that is on view; a visitor who is signed in by now goes on and does not need it. */
function sayGoogleError(code) {
  const form = signup.hidden ? login : signup;
  formError(form, googleErrors[code] ?? t('Signing in with Google did not work. Please try again, or use your e-mail address.'));
  const kept = new URLSearchParams(location.search);
  kept.delete('error');
  history.replaceState(null, '', `${location.pathname}${kept.size ? `?${kept}` : ''}`);
}

/* Start */

const data = store.loadData();
if (onboarding) {
  text($('#door-title'), t('Almost there'));
  text($('#door-lead'), t`Create an account to send your ${data.serviceName || t('project')} and watch the plan being written. Everything you entered is kept.`);
  show($('#door-back'));
  $('#door-back a').href = `/onboarding?${new URLSearchParams({ serviceId: data.serviceId, step: 3 })}`;
}
if (data) {
  signup.elements.name.value = data.clientName;
  signup.elements.email.value = data.clientEmail;
  login.elements.email.value = data.clientEmail;
}
choose(tabs[(onboarding || asked.get('tab') === 'signup') ? 0 : 1]);
if (asked.has('error')) sayGoogleError(asked.get('error'));

get('/api/auth/providers', { login: false }).then((providers) => {
  if (providers?.google !== true) return;
  const back = onboarding ? '/login?from=onboarding' : localPath(asked.get('next'), '/dashboard');
  const lead = store.token() ?? store.lastToken();
  $('#google').href = `/api/auth/google?${new URLSearchParams({ next: back, ...(lead && { lead }) })}`;
  show($('#google-part'));
}).catch(() => {});

header().then((user) => {
  if (!user && asked.get('step') === 'code') askForCode(); // Google has said who it is
  if (!user) return;
  text($('#door-note'), t`You are signed in as ${user.email}.`);
  show($('#doors'), false);
  goOn(login);
});

// The page behind the reset link in a mail: choose a new password.
import { post } from './api.js';
import { $, el, focusOn, show } from './dom.js';
import { busy, clearErrors, forgiveOnInput, formError, holdBack, showErrors, showFailure, showPasswordButtons } from './form.js';
import { header } from './session.js';
import { t } from './words.js';

const form = $('#reset-form');
const asked = new URLSearchParams(location.search).get('token');
// Kept for this tab only, so that a refresh works while the address no longer shows it.
if (asked) sessionStorage.setItem('resetToken', asked);
const token = asked ?? sessionStorage.getItem('resetToken');
history.replaceState(null, '', location.pathname);

header();
showPasswordButtons();
forgiveOnInput(form);
if (!token) {
  show(form, false);
  show($('#reset-missing'));
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  clearErrors(form);
  const password = form.elements.password.value;
  if ([...password].length < 10) { showErrors(form, { password: t('Please choose at least 10 characters.') }); return; }
  const button = $('[type="submit"]', form);
  let held = null;
  busy(button, t('Saving…'), async () => {
    try {
      await post('/api/auth/reset', { token, password }, { login: false, timeout: 30000 });
      sessionStorage.removeItem('resetToken');
      const user = await header(true);
      show(form, false);
      show($('#reset-done'));
      $('#reset-next').replaceChildren(user ? el('a', { class: 'button', href: '/dashboard' }, t('Go to your dashboard')) : el('a', { class: 'button', href: '/login' }, t('Sign in')));
      focusOn($('#reset-done'));
    } catch (error) {
      held = error;
      const useless = error.status === 404 || error.status === 410 || (error.status === 422 && !error.fields.password) || error.status === 400;
      if (useless) focusOn(formError(form, t('This link is too old or was already used. '), el('a', { href: '/login' }, t('Ask for a new one on the sign-in page.'))));
      else showFailure(form, error);
    }
  }).then(() => holdBack(button, held));
});

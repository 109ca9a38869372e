// Coming from another agency of the same person: the token behind the # signs in here, once.
import { ApiError, explain, post } from './api.js';
import { $, el, focusOn, text } from './dom.js';
import { header, isStaff } from './session.js';
import { t } from './words.js';

const token = location.hash.slice(1);
history.replaceState(null, '', location.pathname); // it is good for one use, and need not be remembered

async function arrive() {
  try {
    if (!token) throw new ApiError({ status: 422, detail: t('The link is not complete.') });
    const { user } = await post('/api/auth/tenants/arrive', { token }, { login: false });
    location.replace(isStaff(user) ? '/admin' : '/dashboard');
  } catch (error) {
    const signedIn = await header();
    text($('#arrive-title'), t('Please sign in here'));
    text($('#arrive-detail'), error instanceof ApiError && error.fields.token ? error.fields.token : explain(error));
    $('#arrive-actions').replaceChildren(signedIn ? el('a', { class: 'button', href: '/dashboard' }, t('Go to your dashboard')) : el('a', { class: 'button', href: '/login' }, t('Sign in')));
    focusOn($('#arrive-title'));
  }
}

arrive();

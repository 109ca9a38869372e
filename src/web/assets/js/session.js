// Who is signed in, and the page header that shows it.
import './agency.js';
import { get, post } from './api.js';
import { $, el } from './dom.js';

let asked;

/** The signed-in user or null; asked once a page, `again` asks anew. */
export function session(again = false) {
  if (!asked || again) asked = get('/api/auth/session', { login: false }).then((answer) => answer?.user ?? null);
  return asked;
}

export const isStaff = (user) => user?.role === 'admin' || user?.role === 'staff';

export async function signOut() {
  await post('/api/auth/logout', undefined, { login: false });
  location.assign('/');
}

/** Fills the header's `[data-session]` with the links for this visitor. */
export async function header(again = false) {
  const place = $('[data-session]');
  const user = await session(again).catch(() => null);
  if (place) {
    const link = (href, label) => el('a', { href, 'aria-current': location.pathname === href ? 'page' : null }, label);
    place.replaceChildren(...(user ? [isStaff(user) && link('/admin', 'Office'), link('/dashboard', 'Dashboard'), link('/account', 'Account')].filter(Boolean) : [link('/login', 'Sign in')]));
    place.dataset.known = '';
  }
  return user;
}

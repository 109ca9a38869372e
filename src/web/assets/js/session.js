// Who is signed in, and the page header that shows it.
import './agency.js';
import { get, post } from './api.js';
import { $, el, focusOn } from './dom.js';
import { languageSwitcher } from './languages.js';
import { t } from './words.js';

let asked;

/** The signed-in user or null; asked once a page, `again` asks anew. */
export function session(again = false) {
  if (!asked || again) asked = get('/api/auth/session', { login: false }).then((answer) => answer?.user ?? null);
  return asked;
}

/** A viewer is staff who change nothing. */
export const looksOn = (user) => user?.role === 'viewer';
export const isStaff = (user) => user?.role === 'admin' || user?.role === 'staff' || user?.role === 'viewer';

export async function signOut() {
  await post('/api/auth/logout', undefined, { login: false });
  location.assign('/');
}

/** This host is nobody's, or its agency is shut: the page says so and nothing else. */
function away(site) {
  const main = el('main', { id: 'main', tabindex: '-1', class: 'page', 'data-site': site }, el('div', { class: 'wrap door' },
    el('h1', { tabindex: '-1' }, site === 'suspended' ? t('This site is not available') : t('There is no site at this address')),
    el('p', {}, site === 'suspended' ? t('Its agency is closed at the moment. Please come back later.') : t('Please look at the address: nothing is kept under this name here.'))));
  $('main').replaceWith(main);
  for (const nav of document.querySelectorAll('.site-nav, [data-office-nav], .site-footer nav:not(.languages)')) nav.replaceChildren();
  document.title = $('h1', main).textContent;
  focusOn($('h1', main));
}

/** The person's agencies, kept for five minutes; null where that is not known. */
async function agencies(user) {
  const key = `agencies:${user.id}`;
  try {
    const kept = JSON.parse(sessionStorage.getItem(key));
    if (kept && Date.now() - kept.at < 300000) return kept.answer;
  } catch { /* asked anew */ }
  const answer = await get('/api/auth/tenants', { login: false }).catch(() => null);
  try { if (answer) sessionStorage.setItem(key, JSON.stringify({ at: Date.now(), answer })); } catch { /* no room, or not allowed */ }
  return answer;
}

/** Asked anew by the next page: an agency was made, renamed or taken away. */
export const forgetAgencies = (user) => { try { sessionStorage.removeItem(`agencies:${user.id}`); } catch { /* nothing was kept */ } };

/** The menu of agencies, for who has several, or owns the installation. */
async function switcher(user, place) {
  const answer = await agencies(user);
  if (!answer || (answer.tenants.length < 2 && !answer.platformOwner)) return;
  const go = (one) => async (event) => {
    const button = event.currentTarget;
    button.setAttribute('aria-disabled', 'true');
    try {
      location.assign((await post(`/api/auth/tenants/${one.id}/handover`, undefined, { login: false })).url);
    } catch {
      location.assign(`${one.address}/login`); // there a password does it
    }
  };
  const menu = el('details', { class: 'agencies' }, el('summary', {}, t('Agencies')), el('ul', { role: 'list' },
    answer.tenants.map((one) => el('li', {}, one.current ? el('span', { 'aria-current': 'true' }, one.name) : el('button', { type: 'button', onclick: go(one) }, one.name))),
    answer.platformOwner && el('li', {}, el('a', { href: '/platform' }, t('All tenants')))));
  menu.addEventListener('keydown', (event) => { if (event.key === 'Escape' && menu.open) { menu.open = false; $('summary', menu).focus(); } });
  menu.addEventListener('focusout', (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false; });
  place.querySelector('.agencies')?.remove();
  place.prepend(menu);
}

/** Fills the header's `[data-session]` with the links for this visitor. */
export async function header(again = false) {
  languageSwitcher(session);
  const user = await session(again).catch((error) => {
    if (error.fields?.site) away(error.fields.site);
    return null;
  });
  const place = $('[data-session]');
  if (user?.confined && location.pathname !== '/account') { // the agency asks for a second factor: nothing else is there until it is set up
    location.replace('/account#second-factor');
    await new Promise(() => {});
  }
  if (place) {
    const link = (href, label) => el('a', { href, 'aria-current': location.pathname === href ? 'page' : null }, label);
    place.replaceChildren(...(user ? [isStaff(user) && link('/admin', t('Office')), link('/dashboard', t('Dashboard')), link('/account', t('Account'))].filter(Boolean) : [link('/login', t('Sign in'))]));
    place.dataset.known = '';
    if (user) switcher(user, place);
  }
  return user;
}

// The choice of a language: in the footer of every page that speaks several. A cookie keeps it, and the account of who is signed in.
import { patch } from './api.js';
import { $, el } from './dom.js';
import { language, offered, t } from './words.js';

/** "Filipino", each in its own language. */
export const nameOf = (code) => new Intl.DisplayNames([code], { type: 'language' }).of(code);

/** Keeps the choice. The server does it where somebody is signed in; the cookie of a visitor is the browser's own affair. */
export async function choose(code, user) {
  document.cookie = `language=${code}; path=/; max-age=31536000; samesite=lax${location.protocol === 'https:' ? '; secure' : ''}`;
  if (user) await patch('/api/auth/language', { language: code }, { login: false }).catch(() => {}); // this page has it anyway
}

/** `session` answers who is signed in. */
export function languageSwitcher(session) {
  const place = $('.site-footer .wrap');
  if (!place || offered.length < 2 || $('.languages', place)) return;
  const go = (code) => async (event) => {
    event.currentTarget.setAttribute('aria-disabled', 'true');
    await choose(code, await session().catch(() => null));
    location.reload();
  };
  place.append(el('nav', { class: 'languages', 'aria-label': t('Language'), translate: 'no' }, offered.map((code) => (code === language
    ? el('span', { lang: code, 'aria-current': 'true' }, nameOf(code))
    : el('button', { type: 'button', class: 'linklike', lang: code, onclick: go(code) }, nameOf(code))))));
}

// The frame of the back office: who may be here, and its navigation.
import { $, el } from '../dom.js';
import { header, isStaff, looksOn } from '../session.js';
import { notice } from '../view.js';
import { t } from '../words.js';

/** Every page of the back office, in the order of its navigation; `also`: pages that belong to it. */
const PAGES = [
  { path: '/admin', label: t('Home') },
  { path: '/admin/projects', label: t('Projects'), also: ['/admin/board', '/admin/plan'] },
  { path: '/admin/leads', label: t('Leads') },
  { path: '/admin/payments', label: t('Payments') },
  { path: '/admin/services', label: t('Services'), also: ['/admin/service'] },
  { path: '/admin/landing', label: t('Landing page') },
  { path: '/admin/calendar', label: t('Calendar') },
  { path: '/admin/usage', label: t('AI usage') },
  { path: '/admin/settings', label: t('Settings') },
  { path: '/admin/people', label: t('People'), also: ['/admin/audit'] },
];

/** Whether who is here may look at everything and change nothing: what is for changes is `.for-changes`, and not shown to them. */
export let looking = false;

/** Fills the page's navigation; pages with a frame of their own call it themselves. */
export function drawNavigation() {
  const here = location.pathname.replace(/\/$/, '');
  $('[data-office-nav]').replaceChildren(el('ul', { class: 'wrap', role: 'list' }, PAGES.map(({ path, label, also = [] }) => el('li', {},
    el('a', { href: path, 'aria-current': path === here ? 'page' : also.includes(here) ? 'true' : null }, label)))));
  const row = $('[data-office-nav] ul');
  const own = $('[aria-current]', row);
  if (own) row.scrollLeft += own.getBoundingClientRect().left - (row.clientWidth - own.offsetWidth) / 2; // where it is one row
}

/** Runs `start(user)` for who works here; others read why they cannot. */
export async function office(start) {
  drawNavigation();
  const user = await header();
  if (!user) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  if (!isStaff(user)) {
    const main = $('#main');
    $('[data-office-nav]').replaceChildren();
    main.removeAttribute('aria-busy');
    $('.wrap', main).replaceChildren(el('h1', {}, t('For staff')), notice('warn', el('p', {}, t('This part of the site is for the people who work at the agency.')),
      el('a', { class: 'button quiet short', href: '/dashboard' }, t('Go to your dashboard'))));
    return;
  }
  looking = looksOn(user);
  if (looking) {
    document.body.classList.add('looks-on');
    $('.page-head, .back', $('#main'))?.after(el('p', { class: 'notice small', 'data-looks-on': '' }, t('You may look at everything here, and change nothing.')));
  }
  await start(user);
}

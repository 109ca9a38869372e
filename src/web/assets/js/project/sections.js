// The list of the page's parts, which stays at the top: the part in view is marked, and its link is brought into view.
import { $$ } from '../dom.js';

const still = matchMedia('(prefers-reduced-motion: reduce)');

export function followSections(nav) {
  const links = $$('a[href^="#"]', nav);
  const part = (link) => document.getElementById(link.hash.slice(1));
  let waiting = 0;
  let current = null;

  function mark() {
    waiting = 0;
    const shown = links.filter((link) => part(link)?.checkVisibility());
    for (const link of links) link.hidden = !shown.includes(link);
    const edge = nav.getBoundingClientRect().bottom + innerHeight * 0.25;
    const above = shown.map((link) => ({ link, top: part(link).getBoundingClientRect().top })).filter(({ top }) => top <= edge);
    // At the end of the page several parts may be too short to come to the top: the one that was asked for, or the last.
    const ended = scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    const asked = shown.find((link) => link.hash === location.hash && part(link).getBoundingClientRect().top < innerHeight);
    const now = ended ? asked ?? shown.at(-1) : above.sort((one, other) => one.top - other.top).at(-1)?.link ?? null;
    if (now === current) return;
    current?.removeAttribute('aria-current');
    current = now;
    if (!now) return;
    now.setAttribute('aria-current', 'location');
    const list = now.closest('.parts-list');
    const left = now.offsetLeft - list.clientWidth / 2 + now.clientWidth / 2;
    list.scrollTo({ left, behavior: still.matches ? 'auto' : 'smooth' });
  }

  const soon = () => { waiting ||= requestAnimationFrame(mark); };
  addEventListener('scroll', soon, { passive: true });
  addEventListener('resize', soon, { passive: true });
  addEventListener('hashchange', soon);
  new ResizeObserver(soon).observe(document.body);
  soon();
}

// What a page shows while it loads and when it could not: bones, then content or a reason with a retry.
import { el, focusOn } from './dom.js';
import { explain } from './api.js';

/** A notice: kind is '', 'good', 'warn' or 'bad'. */
export const notice = (kind, ...content) => el('div', { class: `notice ${kind}`.trim() }, ...content);

export const bones = (count, height = '1rem') => Array.from({ length: count }, () => {
  const bone = el('span', { class: 'bone', 'aria-hidden': 'true' });
  bone.style.minHeight = height;
  return bone;
});

/** Runs `load`; on failure `place` holds the reason and a button that runs it again. Answers whether it worked. */
export async function attempt(place, load, { focus = false } = {}) {
  place.setAttribute('aria-busy', 'true');
  try {
    await load();
    for (const old of place.querySelectorAll(':scope > [data-failed]')) old.remove();
    return true;
  } catch (error) {
    const again = el('button', { type: 'button', class: 'button quiet short', 'data-retry': '', onclick: () => attempt(place, load, { focus: true }) }, 'Try again');
    const box = notice('bad', el('p', {}, explain(error)), again);
    box.setAttribute('role', 'alert');
    box.dataset.failed = '';
    place.replaceChildren(box);
    if (focus) focusOn(box);
    return false;
  } finally {
    place.removeAttribute('aria-busy');
  }
}

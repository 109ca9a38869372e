// What a page shows when it could not load: the reason, with a button that tries again; and what lists have in common.
import { $, el, focusOn, show } from './dom.js';
import { explain } from './api.js';
import { t } from './words.js';

/** A notice: kind is '', 'good', 'warn' or 'bad'. */
export const notice = (kind, ...content) => el('div', { class: `notice ${kind}`.trim() }, ...content);

/** Runs `load`; on failure `place` holds the reason and a button that runs it again. Answers whether it worked. */
export async function attempt(place, load, { focus = false } = {}) {
  place.setAttribute('aria-busy', 'true');
  try {
    await load();
    for (const old of place.querySelectorAll(':scope > [data-failed]')) old.remove();
    return true;
  } catch (error) {
    const again = el('button', { type: 'button', class: 'button quiet short', 'data-retry': '', onclick: () => attempt(place, load, { focus: true }) }, t('Try again'));
    const box = notice('bad', el('p', {}, explain(error)), again);
    box.setAttribute('role', 'alert');
    box.dataset.failed = '';
    place.replaceChildren(box);
    if (focus) focusOn(box);
    return false;
  } finally {
    place.removeAttribute('aria-busy');
    place.closest('main')?.removeAttribute('aria-busy');
  }
}

/** Staff may save a part's list as a file. */
export function offerCsv(part, path, staff, query = '') {
  const link = $(`[data-csv="${part}"]`);
  link.href = `${path}/csv${query}`;
  show(link, staff);
}

// Follows the plan while it is written: stage, progress and the growing document, by asking again and again.
import { explain, get, post } from '../api.js';
import { $, el, focusOn, show, text } from '../dom.js';
import { busy, holdBack } from '../form.js';
import { wax } from '../moon.js';
import { drawDocument } from './document.js';
import { said, t } from '../words.js';

const EVERY = 1000;
const HIDDEN = 10000;
const LONGEST = 15000;

const stages = {
  queued: [t('Your plan is about to be written'), t('It is waiting for its turn; this takes a moment.')],
  prd: [t('Your requirements document is being written'), t('You can read along below, or close this page: it goes on by itself.')],
  tasks: [t('Your tasks are being planned'), t('The document is ready. Its tasks are put in order now.')],
  done: [t('Your plan is being put together'), t('It appears below in a moment.')],
};

export const isLive = (generation) => generation?.state === 'queued' || generation?.state === 'running';

export class Generation {
  #path;
  #ready;
  #timer = 0;
  #failures = 0;
  #asking = false;

  /** `ready(generation)` is called when the plan is written or has failed. */
  constructor(projectId, ready) {
    this.#path = `/api/projects/${projectId}/generation`;
    this.#ready = ready;
    document.addEventListener('visibilitychange', () => { if (!document.hidden && this.#timer) this.#after(0); });
    addEventListener('online', () => { if (this.#timer) this.#after(0); });
  }

  draw(generation) {
    const box = $('#generation');
    const state = generation?.state ?? 'queued';
    box.dataset.state = state;
    show(box, isLive(generation) || state === 'failed');
    show($('#generation-retry'), state === 'failed');
    show($('#generation progress'), state !== 'failed');
    if (state === 'failed') {
      text($('#generation-title'), t('The plan could not be written'));
      text($('#generation-detail'), said(generation.error) || t('Something went wrong on the way.'));
      wax($('#generation .phase'), 0);
      return;
    }
    const [title, detail] = stages[state === 'queued' ? 'queued' : generation.stage] ?? stages.prd;
    const progress = Math.round(generation?.progress ?? 0);
    text($('#generation-title'), title);
    text($('#generation-detail'), generation?.attempts > 1 && isLive(generation) ? t`${detail} (Try ${generation.attempts}.)` : detail);
    $('#generation progress').value = progress;
    text($('#generation-percent'), `${progress}%`);
    wax($('#generation .phase'), Math.max(0.04, progress / 100));
  }

  follow() { this.#after(0); }

  #after(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), delay);
  }

  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const generation = await get(this.#path, { timeout: 10000 });
      this.#failures = 0;
      this.draw(generation);
      if (isLive(generation)) {
        if (generation.prdHtml) drawDocument(generation.prdHtml, true);
        this.#after(document.hidden ? HIDDEN : EVERY);
      } else {
        await this.#ready(generation);
        this.#timer = 0;
      }
    } catch (error) {
      this.#failures += 1;
      if (!(error.passing ?? false)) { text($('#generation-detail'), explain(error)); this.#timer = 0; return; }
      if (this.#failures > 1) text($('#generation-detail'), t`${explain(error)} We keep looking; nothing is lost.`);
      this.#after(Math.max((error.retryAfter ?? 0) * 1000, Math.min(LONGEST, EVERY * 2 ** this.#failures)));
    } finally {
      this.#asking = false;
    }
  }

  /** Puts "Try again" to work. */
  listen() {
    const button = $('#generation-retry');
    button.addEventListener('click', () => {
      let held = null;
      busy(button, t('Asking…'), async () => {
        try {
          const generation = await post(this.#path);
          this.draw({ state: 'queued', stage: 'queued', progress: 0, ...generation });
          drawDocument('', true);
          focusOn($('#generation-title'));
          this.#after(EVERY);
        } catch (error) {
          held = error;
          if (error.status === 409) this.#after(0); // somebody else has asked already
          else $('#generation-detail').replaceChildren(el('span', { role: 'alert' }, explain(error)));
        }
      }).then(() => holdBack(button, held));
    });
  }
}

// Keeps the draft on the server in step with what is typed: debounced, one call at a time, tried until it is saved.
import { get, patch, post } from '../api.js';
import * as store from './store.js';

const PAUSE = 800;
const LONGEST_WAIT = 30000;
const path = (token) => `/api/leads/${encodeURIComponent(token)}`;
/** Where this tab's draft is kept; null before there is one. */
const place = () => (store.token() ? path(store.token()) : store.leadId() ? `/api/leads/mine/${store.leadId()}` : null);

export const fetchDraft = (token) => get(path(token), { login: false });

export class Draft {
  #pending = {};
  #held = {};
  #timer = 0;
  #running = null;
  #failures = 0;
  #tell;
  #everything;
  #mineIsGone = false;

  /** `tell(state, detail)` hears saving, saved, failed or closed; `everything()` answers all fields, for a new draft. */
  constructor(tell, everything) {
    this.#tell = tell;
    this.#everything = everything;
    addEventListener('online', () => this.#schedule(0));
    addEventListener('pagehide', () => this.#leave());
    document.addEventListener('visibilitychange', () => { if (document.hidden) this.#leave(); });
  }

  get waiting() { return Object.keys(this.#pending).length > 0; }

  /** Takes changed fields and saves them a moment later. */
  change(fields) {
    this.#pending = { ...this.#held, ...this.#pending, ...fields };
    this.#held = {};
    store.setUnsaved(true);
    this.#tell('saving');
    if (this.#failures === 0 || !this.#timer) this.#schedule(PAUSE); // a waiting retry keeps its time
  }

  /** Saves now; resolves when saved or when this try failed. Answers whether nothing is left to save. */
  async flush() {
    if (this.#running) await this.#running;
    if (this.waiting) await this.#save();
    return !this.waiting;
  }

  /** The token, made on the server when there is none yet; null when that failed. */
  async token() {
    if (!store.token()) {
      Object.assign(this.#pending, this.#everything());
      await this.flush();
    }
    return store.token();
  }

  #place() { return this.#mineIsGone && !store.token() ? null : place(); }

  #schedule(delay) {
    if (!this.waiting) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => { this.#timer = 0; this.#save(); }, delay);
  }

  #save() {
    if (this.#running) return this.#running;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#running = this.#send().finally(() => {
      this.#running = null;
      if (!this.#timer) this.#schedule(PAUSE);
    });
    return this.#running;
  }

  async #send() {
    this.#tell('saving');
    let batch = {};
    try {
      if (!this.#place()) {
        const { serviceId } = this.#everything();
        const made = await post('/api/leads', { serviceId, path: location.pathname, referrer: document.referrer || undefined }, { login: false });
        store.setToken(made.token);
        this.#pending = { ...this.#everything(), ...this.#pending };
      }
      batch = this.#pending;
      this.#pending = {};
      await patch(this.#place(), batch, { login: false });
      this.#failures = 0;
      if (!this.waiting) { store.setUnsaved(false); this.#tell('saved'); }
    } catch (error) {
      this.#pending = { ...batch, ...this.#pending };
      this.#failed(error);
    }
  }

  #failed(error) {
    if (error.status === 404 || error.status === 410) {
      // The server no longer has it: make a new draft of all we know.
      if (store.token()) store.forgetToken();
      else this.#mineIsGone = true;
      this.#pending = this.#everything();
      this.#failures += 1;
      this.#schedule(this.#failures > 1 ? LONGEST_WAIT : 0);
    } else if (error.status === 409) {
      this.#pending = {};
      this.#tell('closed');
      return;
    } else if (error.passing ?? true) {
      this.#failures += 1;
      const wait = Math.max((error.retryAfter ?? 0) * 1000, Math.min(LONGEST_WAIT, 1000 * 2 ** this.#failures));
      this.#schedule(wait);
    } else {
      this.#held = this.#pending; // refused as it stands: goes again with the next change
      this.#pending = {};
      this.#tell('failed', Object.values(error.fields)[0] ?? error.detail);
      return;
    }
    this.#tell('failed');
  }

  /** The page is going: hand the browser what is left, it may still send it. */
  #leave() {
    if (!this.waiting || !this.#place() || this.#running) return;
    const batch = this.#pending;
    patch(this.#place(), batch, { login: false, keepalive: true }).then(
      () => { if (this.#pending === batch) { this.#pending = {}; store.setUnsaved(false); this.#tell('saved'); } },
      () => {},
    );
  }
}

// Sends a file by pieces: with progress, on again after a broken connection, a reload, or tomorrow; and draws how far it is.
import { ApiError, explain, get, post, remove, sendBytes } from './api.js';
import { el, show, text } from './dom.js';
import { bytes } from './format.js';
import { t } from './words.js';

const PIECE = 1024 * 1024;
const LONGEST = 15000;

const stored = {
  get(key) { try { return localStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { if (value) localStorage.setItem(key, value); else localStorage.removeItem(key); } catch { /* then it begins anew */ } },
};

const connected = (delay) => new Promise((resolve) => {
  const timer = setTimeout(done, delay);
  function done() { clearTimeout(timer); removeEventListener('online', done); resolve(); }
  addEventListener('online', done);
});

export class Upload {
  #path;
  #file;
  #purpose;
  #tell;
  #stop = new AbortController();
  #location = null;

  /** `path`: /api/projects/7/files or a draft's. `tell({sent, state, words})` hears sending, waiting, checking, done, failed. */
  constructor(path, file, { purpose, tell = () => {} } = {}) {
    this.#path = path;
    this.#file = file;
    this.#purpose = purpose;
    this.#tell = tell;
  }

  get #key() { return `upload:${this.#path}:${this.#purpose ?? ''}:${this.#file.name}:${this.#file.size}:${this.#file.lastModified}`; }

  /** Answers the file as the server has it; throws ApiError, or nothing's Error when it was cancelled. */
  async run() {
    let sent = 0;
    let failures = 0;
    for (;;) {
      try {
        const file = await this.#pieces((now) => { failures = 0; sent = now; this.#tell({ sent, state: now < this.#file.size ? 'sending' : 'checking' }); });
        stored.set(this.#key, null);
        this.#tell({ sent: this.#file.size, state: 'done' });
        return file;
      } catch (error) {
        if (this.#stop.signal.aborted) throw error;
        const again = error instanceof ApiError && (error.passing || error.status === 409);
        if (!again) {
          stored.set(this.#key, null);
          this.#tell({ sent, state: 'failed', words: explain(error) });
          throw error;
        }
        failures += 1;
        this.#tell({ sent, state: 'waiting', words: error.network ? t('The connection broke. It goes on as soon as it is back.') : explain(error) });
        await connected(Math.max(error.retryAfter * 1000, Math.min(LONGEST, 500 * 2 ** failures)));
        if (this.#stop.signal.aborted) throw error;
      }
    }
  }

  cancel() {
    this.#stop.abort();
    stored.set(this.#key, null);
    if (this.#location) remove(this.#location, { login: false }).catch(() => { /* forgotten by itself in a day */ });
  }

  async #pieces(progress) {
    let offset = await this.#begin();
    for (;;) {
      if (typeof offset === 'object') return offset;
      progress(offset);
      const from = offset;
      const answer = await sendBytes('PATCH', this.#location, this.#file.slice(from, from + PIECE), {
        headers: { 'Upload-Offset': String(from) }, signal: this.#stop.signal, onprogress: (loaded) => progress(Math.min(this.#file.size, from + loaded)),
      });
      offset = answer.file ?? answer.offset;
    }
  }

  /** Where to go on: an offset, or the whole file when an answer was lost. */
  async #begin() {
    this.#location ??= stored.get(this.#key);
    if (this.#location) {
      try {
        const { offset, file } = await get(this.#location, { login: false });
        return file ?? offset;
      } catch (error) {
        if (error.status !== 404) throw error;
        this.#location = null;
      }
    }
    const begun = await post(this.#path, { name: this.#file.name, size: this.#file.size, purpose: this.#purpose });
    this.#location = begun.location;
    stored.set(this.#key, begun.location);
    return begun.offset;
  }
}

/** One line of a list of uploads: name, progress, cancel. `done(file)` when it is there, `gone()` when the line was dismissed. */
export function uploadLine(path, file, { purpose, done, gone = () => {} }) {
  const bar = el('progress', { max: file.size || 1, value: 0, 'aria-label': t`Sending ${file.name}` });
  const said = el('span', { class: 'soft small', role: 'status' }, bytes(file.size));
  const button = el('button', { type: 'button', class: 'linklike small' }, t('Cancel'));
  const line = el('li', { class: 'upload', 'data-upload': file.name, 'data-state': 'sending' }, el('span', { class: 'file-name' }, file.name), button, bar, said);
  let last = -1;
  const upload = new Upload(path, file, {
    purpose,
    tell({ sent, state, words }) {
      line.dataset.state = state;
      bar.value = sent;
      const percent = Math.floor((100 * sent) / (file.size || 1));
      if (state === 'sending' && percent === last) return;
      last = percent;
      text(said, { sending: t`${percent}% of ${bytes(file.size)}`, checking: t('Being checked…'), waiting: words, failed: words, done: t('Sent') }[state]);
      said.classList.toggle('bad', state === 'failed');
      if (state === 'failed') { text(button, t('Dismiss')); show(bar, false); }
    },
  });
  button.addEventListener('click', () => { if (line.dataset.state !== 'failed') upload.cancel(); line.remove(); gone(); });
  const finished = file.size === 0
    ? Promise.reject(new ApiError({ status: 422, detail: t('This file is empty.') })) : upload.run();
  finished.then((made) => { line.remove(); done(made); }, (error) => {
    if (file.size === 0) { line.dataset.state = 'failed'; text(said, explain(error)); said.classList.add('bad'); text(button, t('Dismiss')); show(bar, false); }
  });
  return line;
}

/** Files may be dropped on `zone` or pasted into it; `take(files)` gets them. */
export function acceptDrops(zone, take) {
  let depth = 0;
  const over = (on) => zone.classList.toggle('dropping', on);
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
  zone.addEventListener('dragenter', (event) => { if (carries(event)) { event.preventDefault(); depth += 1; over(true); } });
  zone.addEventListener('dragover', (event) => { if (carries(event)) { event.preventDefault(); event.dataTransfer.dropEffect = 'copy'; } });
  zone.addEventListener('dragleave', () => { depth = Math.max(0, depth - 1); if (depth === 0) over(false); });
  zone.addEventListener('drop', (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = 0;
    over(false);
    take([...event.dataTransfer.files]);
  });
  zone.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) { event.preventDefault(); take(files); }
  });
}

// A drop beside the place for it must not make the browser leave the page.
for (const name of ['dragover', 'drop']) addEventListener(name, (event) => { if ([...(event.dataTransfer?.types ?? [])].includes('Files')) event.preventDefault(); });

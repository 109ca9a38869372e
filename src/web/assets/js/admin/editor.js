// One item of the content in a form: only what was changed is sent, with the version that it was made from.
import { ApiError, patch, post } from '../api.js';
import { $, el, text } from '../dom.js';
import { busy, clearErrors, forgiveOnInput, showFailure } from '../form.js';
import { t } from '../words.js';
import { looking } from './shell.js';

const same = (a, b) => JSON.stringify(a ?? null) === JSON.stringify(b ?? null);
const open = new Set();

addEventListener('beforeunload', (event) => { if ([...open].some((editor) => editor.changed())) event.preventDefault(); });

export class Editor {
  #form; #draw; #read; #path; #reload; #saved; #extra; #base;

  /**
   * draw(item) fills the form, read() answers what is in it; reload(id) gets the item anew; saved(item) is called after each save.
   * An item without an id is added, with `extra` beside what is read.
   */
  constructor(form, { item, draw, read, path, reload, saved, extra = {} }) {
    Object.assign(this, { form });
    [this.#form, this.#draw, this.#read, this.#path, this.#reload, this.#saved, this.#extra] = [form, draw, read, path, reload, saved, extra];
    form.noValidate = true;
    forgiveOnInput(form);
    form.addEventListener('submit', (event) => { event.preventDefault(); this.save(); });
    form.addEventListener('keydown', (event) => {
      if ((event.ctrlKey || event.metaKey) && event.key === 's') { event.preventDefault(); form.requestSubmit(); }
    });
    open.add(this);
    this.begin(item);
  }

  get item() { return this.#base; }

  begin(item, mine = {}) {
    this.#base = item;
    this.#draw({ ...item, ...mine });
    if (looking) for (const control of this.#form.elements) control.disabled = true;
  }

  close() { open.delete(this); }

  changes() { return Object.fromEntries(Object.entries(this.#read()).filter(([name, value]) => !same(value, this.#base[name]))); }
  changed() { return this.#form.isConnected && Object.keys(this.changes()).length > 0; }

  say(words) { text($('[data-said]', this.#form), words); }

  /** Saves what was changed, or `instead` (a version to restore). */
  save(instead) {
    if (looking) return undefined;
    return busy($('[type=submit]', this.#form), t('Saving…'), async () => {
      clearErrors(this.#form);
      this.say('');
      const mine = this.#base.id ? this.changes() : this.#read();
      if (this.#base.id && !instead && !Object.keys(mine).length) return this.say(t('Nothing was changed.'));
      try {
        const answer = this.#base.id
          ? await patch(`${this.#path}/${this.#base.id}`, { version: this.#base.version, ...(instead ?? mine) })
          : await post(this.#path, { ...mine, ...this.#extra });
        this.begin(answer);
        this.say(t`Saved. This is version ${answer.version}.`);
        await this.#saved?.(answer, instead);
      } catch (error) {
        await this.#meanwhile(error, instead ? {} : mine);
        showFailure(this.#form, error);
      }
    });
  }

  /** Somebody else saved first: theirs comes in under what was typed here, and the next save is made from it. */
  async #meanwhile(error, mine) {
    if (!(error instanceof ApiError) || error.status !== 409 || !this.#base.id) return;
    const theirs = await this.#reload(this.#base.id).catch(() => null);
    if (theirs) this.begin(theirs, mine);
    error.fields = Object.fromEntries(Object.entries(error.fields).filter(([name]) => name in mine));
  }
}

/** The end of an editor's form. */
export const formEnd = (label, ...more) => (looking ? [] : [
  el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
  el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'button' }, label), more),
  el('p', { class: 'soft small said', role: 'status', 'data-said': '' }),
]);

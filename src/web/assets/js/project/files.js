// The project's files: sent by choosing or dropping them, listed newest first, removed and brought back.
import { explain, get, post, remove } from '../api.js';
import { $, el, show, text } from '../dom.js';
import { busy } from '../form.js';
import { bytes, plural } from '../format.js';
import { acceptDrops, uploadLine } from '../upload.js';
import { attempt, offerCsv } from '../view.js';
import { fileFacts, fileLink, glyph, removed } from './file-view.js';
import { t } from '../words.js';

const purposes = { message: t('with a message'), payment: t('proof of payment'), answer: t('with your answers') };

export class Files {
  #path;
  #staff;
  #next = null;
  #list = $('#files-list');
  #looks = 0;
  #rows = new Map(); // of a file's id: what is known of it, and its line

  constructor(project, staff) {
    this.#path = `/api/projects/${project}/files`;
    this.#staff = staff;
    offerCsv('files', this.#path, staff);
    const input = $('#files-input');
    input.addEventListener('change', () => { this.#send([...input.files]); input.value = ''; });
    acceptDrops($('#files'), (files) => this.#send(files));
    const more = $('#files-more');
    more.addEventListener('click', () => busy(more, t('Loading…'), () => attempt($('#files-error'), () => this.#page(this.#next))));
  }

  load() { return attempt($('#files-error'), () => this.#page()); }

  /** A file that came by another way, with a message, or a thumbnail that is ready now. */
  refresh() { return this.#page().catch(() => { /* it is only late */ }); }

  async #page(cursor) {
    const { files, next, limit } = await get(`${this.#path}${cursor ? `?cursor=${cursor}` : ''}`);
    const rows = files.map((file) => this.#row(file));
    if (cursor) this.#list.append(...rows);
    else this.#put(rows);
    this.#next = next;
    show($('#files-more'), next !== null);
    text($('#files-limit'), t`Up to ${bytes(limit)} each.`);
    this.#count();
    // Pictures get their small copies a moment later.
    const waits = files.some((file) => /^image\/(png|jpeg|gif|webp)$/.test(file.contentType) && !file.thumbnail && !file.removedAt && Date.now() - Date.parse(file.createdAt) < 20000);
    if (waits && !cursor && this.#looks < 4) { this.#looks += 1; setTimeout(() => this.refresh(), 1500); }
    else this.#looks = 0;
  }

  /** The first page anew. Lines that are still true stay, so that nobody loses the button they are about to press. */
  #put(rows) {
    for (const line of [...this.#list.children]) if (!rows.includes(line)) line.remove();
    rows.forEach((row, place) => { if (this.#list.children[place] !== row) this.#list.insertBefore(row, this.#list.children[place] ?? null); });
  }

  #count() { show($('#files-none'), this.#list.children.length === 0); }

  #send(files) {
    for (const file of files) {
      $('#files-sending').append(uploadLine(this.#path, file, {
        done: (made) => { this.#list.prepend(this.#row(made)); this.#count(); text($('#files-said'), t`${made.name} was sent.`); this.#looks = 0; setTimeout(() => this.refresh(), 1200); },
      }));
    }
    if (files.length) text($('#files-said'), t`Sending ${plural(files.length, 'file')}.`);
  }

  #row(file) {
    const { thumbnail, ...others } = file;
    const facts = JSON.stringify(others);
    const known = this.#rows.get(file.id);
    const row = known?.facts === facts ? known.row : this.#drawn(file);
    if (row === known?.row && thumbnail !== known.thumbnail && !file.removedAt) $('.file-kind', row).replaceWith(glyph(file));
    this.#rows.set(file.id, { facts, row, thumbnail });
    return row;
  }

  #drawn(file) {
    const row = el('li', { class: 'file', 'data-file-id': file.id });
    const fail = el('p', { class: 'error', hidden: true });
    const act = (button, label, work) => busy(button, label, async () => {
      try {
        const answer = await work();
        const fresh = this.#row(answer.file);
        row.replaceWith(fresh);
        $('button, a', fresh)?.focus();
        text($('#files-said'), answer.file.removedAt ? t`${file.name} was removed.` : t`${file.name} is back.`);
      } catch (error) {
        text(fail, explain(error));
        show(fail);
      }
    });
    if (file.removedAt) {
      const back = el('button', { type: 'button', class: 'linklike small', onclick: () => act(back, t('Bringing it back…'), () => post(`/api/files/${file.id}/restore`)) }, t('Undo'));
      const may = (this.#staff || file.mine) && Date.now() - Date.parse(file.removedAt) < 7 * 86400000;
      row.classList.add('removed');
      row.append(el('span', { class: 'file-kind', 'aria-hidden': 'true' }, '–'), el('div', {}, removed(file), fail), may ? back : '');
      return row;
    }
    const ask = el('button', { type: 'button', class: 'linklike small', 'aria-label': t`Remove ${file.name}` }, t('Remove'));
    const yes = el('button', { type: 'button', class: 'linklike small bad' }, t('Remove it'));
    const no = el('button', { type: 'button', class: 'linklike small' }, t('Keep it'));
    const sure = el('span', { class: 'row', hidden: true }, yes, no);
    ask.addEventListener('click', () => { show(ask, false); show(sure); yes.focus(); });
    no.addEventListener('click', () => { show(sure, false); show(ask); ask.focus(); });
    yes.addEventListener('click', () => act(yes, t('Removing…'), () => remove(`/api/files/${file.id}`)));
    const may = (this.#staff || file.mine) && file.purpose !== 'payment';
    row.append(glyph(file), el('div', {}, fileLink(file), fileFacts(file), purposes[file.purpose] ? el('span', { class: 'soft small' }, purposes[file.purpose]) : '', fail), may ? el('div', {}, ask, sure) : '');
    return row;
  }
}

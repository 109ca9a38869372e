// The project's conversation: written, answered and read here; what the other side writes appears by itself.
import { explain, get, patch, post, remove } from '../api.js';
import { $, $$, el, focusOn, renew, show, text } from '../dom.js';
import { busy } from '../form.js';
import { centavos, date, dateTime, plural } from '../format.js';
import { acceptDrops, uploadLine } from '../upload.js';
import { attempt, offerCsv } from '../view.js';
import { fileLink, glyph, removed } from './file-view.js';
import { t } from '../words.js';

const SOON = 3000;      // while somebody looks, and something happened lately
const LATER = 10000;    // after five quiet minutes
const HIDDEN = 60000;   // in a window that nobody sees
const QUIET = 300000;

const randomKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

export class Messages {
  #path;
  #filesPath;
  #staff;
  #told;
  #list = $('#messages-list');
  #shown = new Map();   // id → message
  #titles = new Map();  // task id → title
  #attached = new Map();
  #version = 0;
  #lastRead = 0;
  #next = null;
  #timer = 0;
  #asking = false;
  #failures = 0;
  #lively = Date.now();
  #key = randomKey();
  #title = document.title;
  #seen = false;

  /** `told()` is called when files came or went with a message. */
  constructor(project, staff, told) {
    this.#path = `/api/projects/${project}/messages`;
    this.#filesPath = `/api/projects/${project}/files`;
    this.#staff = staff;
    offerCsv('messages', this.#path, staff);
    this.#told = told;
    const form = $('#message-form');
    const body = $('#message-body');
    form.addEventListener('submit', (event) => { event.preventDefault(); busy($('#message-send'), t('Sending…'), () => this.#say()); });
    body.addEventListener('keydown', (event) => { if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.requestSubmit(); });
    body.addEventListener('input', () => { this.#lively = Date.now(); this.#keep(body.value); });
    body.value = this.#kept();
    const input = $('#message-files');
    input.addEventListener('change', () => { this.#attach([...input.files]); input.value = ''; });
    acceptDrops($('#messages'), (files) => this.#attach(files));
    const older = $('#messages-older');
    older.addEventListener('click', () => busy(older, t('Loading…'), () => attempt($('#messages-error'), () => this.#older())));
    document.addEventListener('visibilitychange', () => { if (!document.hidden) { this.#after(0); this.#read(); } });
    addEventListener('online', () => this.#after(0));
    new IntersectionObserver((entries) => { this.#seen = entries.at(-1).isIntersecting; this.#read(); }, { threshold: 0.1 }).observe($('#messages-end'));
  }

  #keptKey() { return `message:${this.#path}`; }
  #kept() { try { return sessionStorage.getItem(this.#keptKey()) ?? ''; } catch { return ''; } }
  #keep(value) { try { sessionStorage.setItem(this.#keptKey(), value); } catch { /* then it is lost with the window */ } }

  /** The plan's tasks and the payments, for what a message may be about. */
  topics(tasks, payments) {
    this.#titles = new Map(tasks.map((task) => [task.id, task.title]));
    const about = $('#message-about');
    const chosen = about.value;
    renew(about, el('option', { value: '' }, t('The project')),
      payments.length ? el('optgroup', { label: t('Payments') }, payments.map((payment) => el('option', { value: `payment:${payment.id}` }, `${centavos(payment.amount)}, ${date(payment.createdAt)}`))) : '',
      tasks.length ? el('optgroup', { label: t('Tasks') }, tasks.map((task) => el('option', { value: `task:${task.id}` }, task.title))) : '');
    about.value = [...about.options].some((option) => option.value === chosen) ? chosen : '';
    show($('#message-about-field'), tasks.length + payments.length > 0);
    for (const [id, message] of this.#shown) if (message.taskId) this.#draw(message, $(`[data-message-id="${id}"]`, this.#list));
  }

  async load() {
    const worked = await attempt($('#messages-error'), async () => {
      const page = await get(this.#path);
      this.#version = page.version;
      this.#lastRead = page.lastRead;
      this.#next = page.next;
      for (const message of page.messages) this.#put(message);
      show($('#messages-older'), page.next !== null);
      this.#mark(page.messages);
      this.#count(page.unread);
    });
    this.#after(SOON);
    return worked;
  }

  async #older() {
    const page = await get(`${this.#path}?cursor=${this.#next}`);
    this.#next = page.next;
    const first = this.#list.firstElementChild;
    const rows = page.messages.map((message) => { this.#shown.set(message.id, message); return this.#draw(message, el('li', {})); });
    this.#list.prepend(...rows);
    show($('#messages-older'), page.next !== null);
    first?.scrollIntoView({ block: 'nearest' });
    rows.at(-1)?.querySelector('a, button')?.focus({ preventScroll: true });
  }

  #after(delay) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), delay);
  }

  #pace() { return document.hidden ? HIDDEN : Date.now() - this.#lively < QUIET ? SOON : LATER; }

  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    try {
      const news = await get(`${this.#path}?since=${this.#version}`, { login: false, timeout: 10000 });
      this.#failures = 0;
      show($('#messages-away'), false);
      this.#take(news.messages);
      this.#count(news.unread);
      // A version that no message has any more was somebody's removal of an upload: nothing to draw, nothing to ask again.
      if (news.messages.length < 100) this.#version = Math.max(this.#version, news.version);
      this.#after(news.messages.length === 100 ? 0 : this.#pace());
    } catch (error) {
      if (error.status === 401 || error.status === 404) { show($('#messages-away')); text($('#messages-away'), t('You are signed out. Reload the page to go on.')); return; }
      this.#failures += 1;
      if (this.#failures > 1) { text($('#messages-away'), t('We cannot reach the server just now; new messages appear once it is back.')); show($('#messages-away')); }
      this.#after(Math.max((error.retryAfter ?? 0) * 1000, Math.min(HIDDEN, SOON * 2 ** this.#failures)));
    } finally {
      this.#asking = false;
    }
  }

  #take(messages) {
    const fresh = messages.filter((message) => !this.#shown.has(message.id) && !message.mine);
    for (const message of messages) {
      this.#version = Math.max(this.#version, message.version);
      // One of a page that is not shown yet comes with that page.
      if (this.#shown.has(message.id) || this.#next === null || message.id > this.#oldest()) this.#put(message);
    }
    if (messages.length) this.#lively = Date.now();
    if (fresh.length) text($('#messages-said'), fresh.length === 1 ? t`New message from ${fresh[0].userName}: ${fresh[0].body.slice(0, 200)}` : t`${fresh.length} new messages`);
    else if (messages.some((message) => message.removedAt)) text($('#messages-said'), t('A message was removed.'));
    if (messages.some((message) => message.files.length)) this.#told();
    this.#read();
  }

  /** A line before the first message that was not read. */
  #mark(messages) {
    const first = messages.find((message) => !message.mine && !message.removedAt && message.id > this.#lastRead);
    if (first) $(`[data-message-id="${first.id}"]`, this.#list)?.classList.add('first-new');
  }

  #oldest() { return Math.min(...this.#shown.keys()); }

  #newest() { return Math.max(0, ...this.#shown.keys()); }

  #count(unread) {
    const chip = $('#messages-unread');
    text(chip, unread >= 100 ? '99+' : String(unread));
    show(chip, unread > 0);
    chip.setAttribute('aria-label', plural(unread, 'new message'));
    document.title = unread > 0 ? `(${unread}) ${this.#title}` : this.#title;
    this.unread = unread;
  }

  /** The page's title has become another one. */
  titled(title) { this.#title = title; this.#count(this.unread ?? 0); }

  async #read() {
    const newest = this.#newest();
    if (document.hidden || !this.#seen || newest <= this.#lastRead) return;
    const before = this.#lastRead;
    this.#lastRead = newest;
    try {
      const { unread } = await post(`${this.#path}/read`, { upTo: newest }, { login: false });
      this.#count(unread);
    } catch {
      this.#lastRead = before; // the next poll tries again
    }
  }

  #put(message) {
    const known = this.#shown.get(message.id);
    if (known && known.version > message.version) return;
    this.#shown.set(message.id, message);
    let row = $(`[data-message-id="${message.id}"]`, this.#list);
    if (!row) {
      row = el('li', {});
      const after = [...this.#list.children].find((other) => Number(other.dataset.messageId) > message.id);
      this.#list.insertBefore(row, after ?? null);
    }
    this.#draw(message, row);
    show($('#messages-none'), this.#shown.size === 0);
  }

  #draw(message, row) {
    if (!row || $('textarea', row)) return row; // it is not loaded, or being edited
    row.className = `message ${message.mine ? 'mine' : ''} ${message.removedAt ? 'removed' : ''} ${row.classList.contains('first-new') ? 'first-new' : ''}`.replace(/\s+/g, ' ').trim();
    row.dataset.messageId = message.id;
    const when = el('time', { datetime: message.createdAt, class: 'soft small' }, dateTime(message.createdAt));
    const who = el('strong', {}, message.mine ? t('You') : message.userName || (message.userRole === 'client' ? t('The client') : t('The agency')));
    const head = el('p', { class: 'message-head' }, who, message.userRole !== 'client' && !message.mine ? el('span', { class: 'chip' }, t('Agency')) : '', when,
      message.editedAt && !message.removedAt ? el('span', { class: 'soft small', title: dateTime(message.editedAt) }, t('edited')) : '');
    if (message.removedAt) {
      row.replaceChildren(head, el('p', { class: 'soft' }, t`This message was removed by ${message.removedByName || t('somebody')} at ${dateTime(message.removedAt)}.`));
      return row;
    }
    const fail = el('p', { class: 'error', role: 'alert', hidden: true });
    const about = message.taskId && this.#titles.has(message.taskId) ? el('p', { class: 'small' }, t('About: '), el('a', { href: `#task-${message.taskId}` }, this.#titles.get(message.taskId)))
      : message.paymentId ? el('p', { class: 'small' }, t('About: '), el('a', { href: '#payment' }, t('a payment'))) : '';
    row.replaceChildren(head, about, message.body ? el('p', { class: 'message-body' }, message.body) : '',
      message.files.length ? el('ul', { role: 'list', class: 'message-files' }, message.files.map((file) => el('li', {}, file.removedAt ? removed(file) : [glyph(file), fileLink(file)]))) : '',
      this.#actions(message, row, fail), fail);
    return row;
  }

  #actions(message, row, fail) {
    const buttons = [];
    const failed = (error) => { text(fail, explain(error)); show(fail); };
    if (message.editable) buttons.push(el('button', { type: 'button', class: 'linklike small', onclick: () => this.#edit(message, row) }, t('Edit')));
    if (message.mine || this.#staff) {
      const sure = el('button', { type: 'button', class: 'linklike small bad', hidden: true }, t('Remove for everybody'));
      const ask = el('button', { type: 'button', class: 'linklike small' }, t('Remove'));
      ask.addEventListener('click', () => { const asked = sure.hidden; show(sure, asked); text(ask, asked ? t('Keep it') : t('Remove')); if (asked) sure.focus(); });
      sure.addEventListener('click', () => busy(sure, t('Removing…'), async () => {
        try { this.#put((await remove(`/api/messages/${message.id}`)).message); this.#told(); focusOn(row); } catch (error) { failed(error); }
      }));
      buttons.push(ask, sure);
    }
    return buttons.length ? el('div', { class: 'message-actions' }, buttons) : '';
  }

  #edit(message, row) {
    const field = el('textarea', { class: 'input', rows: 3, 'aria-label': t('Your message'), value: message.body });
    const fail = el('p', { class: 'error', role: 'alert', hidden: true });
    const save = el('button', { type: 'submit', class: 'button short' }, t('Save'));
    const back = () => { field.remove(); this.#draw(this.#shown.get(message.id), row); focusOn($('button', row) ?? row); };
    const form = el('form', { class: 'message-edit' }, field, fail, el('div', { class: 'row' }, save, el('button', { type: 'button', class: 'button quiet short', onclick: back }, t('Cancel'))));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      busy(save, t('Saving…'), async () => {
        try {
          const answer = await patch(`/api/messages/${message.id}`, { body: field.value });
          field.remove();
          this.#put(answer.message);
          focusOn($('button', row) ?? row);
        } catch (error) { text(fail, error.fields?.body ?? explain(error)); show(fail); }
      });
    });
    field.addEventListener('keydown', (event) => { if (event.key === 'Escape') back(); });
    $('.message-actions', row)?.remove();
    ($('.message-body', row) ?? $('.message-head', row)).after(form);
    $('.message-body', row)?.remove();
    field.focus();
  }

  #attach(files) {
    for (const file of files) {
      const line = uploadLine(this.#filesPath, file, {
        purpose: 'message',
        done: (made) => {
          const drop = el('button', { type: 'button', class: 'linklike small', 'aria-label': t`Leave out ${made.name}` }, t('Leave out'));
          const ready = el('li', { class: 'upload', 'data-attached': made.id }, el('span', { class: 'file-name' }, made.name), drop);
          drop.addEventListener('click', () => { this.#attached.delete(made.id); ready.remove(); remove(`/api/files/${made.id}`).then(() => this.#told(), () => {}); $('#message-body').focus(); });
          this.#attached.set(made.id, made);
          $('#message-attached').append(ready);
          text($('#messages-said'), t`${made.name} is attached.`);
        },
      });
      $('#message-attached').append(line);
    }
  }

  async #say() {
    const body = $('#message-body');
    const fail = $('#message-error');
    show(fail, false);
    if ($$('[data-upload]', $('#message-attached')).some((line) => line.dataset.state !== 'failed')) {
      text(fail, t('One moment: a file is still on its way.'));
      show(fail);
      return;
    }
    if (!body.value.trim() && this.#attached.size === 0) {
      text(fail, t('Write something, or attach a file.'));
      show(fail);
      body.focus();
      return;
    }
    const [topic, about] = $('#message-about').value.split(':');
    try {
      const { message } = await post(this.#path, { body: body.value, [`${topic || 'task'}Id`]: Number(about) || undefined, files: [...this.#attached.keys()] }, { headers: { 'Idempotency-Key': this.#key } });
      this.#key = randomKey();
      body.value = '';
      this.#keep('');
      $('#message-about').value = '';
      const files = this.#attached.size > 0;
      this.#attached.clear();
      $('#message-attached').replaceChildren();
      this.#put(message);
      this.#lively = Date.now();
      for (const row of $$('.first-new', this.#list)) row.classList.remove('first-new');
      text($('#messages-said'), t('Your message was sent.'));
      if (files) this.#told();
      this.#after(SOON);
    } catch (error) {
      text(fail, Object.values(error.fields ?? {})[0] ?? explain(error));
      show(fail);
    }
  }
}

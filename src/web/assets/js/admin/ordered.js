// A list whose items can be moved: by dragging, or by buttons that keep the focus and say where an item has come to.
import { explain, post } from '../api.js';
import { $, $$, el, text } from '../dom.js';
import { t } from '../words.js';
import { carried } from './carry.js';
import { looking } from './shell.js';

/** The handles of one item; `name` is what it is called, `grip` asks for one to drag it by: the buttons do the same by keyboard. */
export function moveButtons(name, grip = false) {
  return el('div', { class: 'moves' }, grip && el('span', { class: 'grip', 'aria-hidden': 'true' }, '⠿'),
    el('button', { type: 'button', class: 'move', 'data-move': '-1', 'aria-label': t`Move ${name} up` }, '↑'),
    el('button', { type: 'button', class: 'move', 'data-move': '1', 'aria-label': t`Move ${name} down` }, '↓'));
}

const ends = (list) => {
  const items = [...list.children];
  items.forEach((item, place) => {
    $('[data-move="-1"]', item)?.toggleAttribute('disabled', place === 0);
    $('[data-move="1"]', item)?.toggleAttribute('disabled', place === items.length - 1);
  });
};

/** Lets the children of `list` be moved; `moved()` is called when an order is left alone. Answers a function to call after a redraw. */
export function orderable(list, said, moved) {
  let before = ''; // of what is carried: the order it left, and what it stood before
  let next = null;
  const order = () => [...list.children].map((item) => item.dataset.id ?? item.dataset.place).join();
  list.addEventListener('click', (event) => {
    const button = event.target.closest('[data-move]');
    const item = button?.closest('[data-ordered]');
    if (!item || item.parentElement !== list) return;
    const up = button.dataset.move === '-1';
    const other = up ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (up) other.before(item); else other.after(item);
    ends(list);
    (button.disabled ? $$('[data-move]', item).find((one) => !one.disabled) : button)?.focus();
    text(said, t`Now ${[...list.children].indexOf(item) + 1} of ${list.children.length}.`);
    moved();
  });
  const put = (item) => {
    item.classList.remove('dragged');
    ends(list);
  };
  const handle = (event) => Boolean(event.target.closest('.grip')); // of an item in which somebody writes, and which is not carried elsewhere
  carried(list, {
    handle,
    pick: (event) => {
      if (looking) return null;
      const item = event.target.closest('[data-ordered]');
      if (item?.parentElement === list && handle(event)) return item;
      return item?.parentElement === list && 'carry' in item.dataset && !event.target.closest(event.pointerType === 'mouse' ? 'button' : 'button, a') ? item : null;
    },
    lift: (item) => { before = order(); next = item.nextElementSibling; item.classList.add('dragged'); },
    over: (item, x, y) => {
      const over = document.elementFromPoint(x, y)?.closest('[data-ordered]');
      if (!over || over === item || over.parentElement !== list) return;
      const box = over.getBoundingClientRect();
      if (y < box.top + box.height / 2) over.before(item); else over.after(item);
    },
    drop: (item) => { put(item); if (order() !== before) moved(); },
    back: (item) => { list.insertBefore(item, next); put(item); },
  });
  return () => ends(list);
}

/** Saves the order of a list, one save after the other; a failure is said and `reload` brings back what is there. */
export function orderSaver(path, said, state, reload) {
  let chain = Promise.resolve();
  return (list) => {
    const ids = [...list.children].map((item) => Number(item.dataset.id));
    chain = chain.then(async () => {
      try {
        const answer = await post(path, { ...state.extra, version: state.version, ids });
        state.version = answer.version;
        text(said, `${said.textContent} ${t('The order is saved.')}`.trim());
      } catch (error) {
        text(said, t`The order is not saved. ${explain(error)}`);
        await reload();
      }
    });
  };
}

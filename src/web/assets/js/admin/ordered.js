// A list whose items can be moved: by dragging, or by buttons that keep the focus and say where an item has come to.
import { explain, post } from '../api.js';
import { $, $$, el, text } from '../dom.js';
import { t } from '../words.js';

/** The handles of one item; `name` is what it is called. */
export function moveButtons(name) {
  return el('div', { class: 'moves' },
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
  let dragged = null;
  let before = '';
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
  list.addEventListener('dragstart', (event) => {
    dragged = event.target.closest?.('[data-ordered]');
    if (!dragged || dragged.parentElement !== list) { dragged = null; return; }
    before = order();
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', '');
    dragged.classList.add('dragged');
  });
  list.addEventListener('dragover', (event) => {
    const over = dragged && event.target.closest('[data-ordered]');
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged || over.parentElement !== list) return;
    const box = over.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) over.before(dragged); else over.after(dragged);
  });
  list.addEventListener('drop', (event) => { if (dragged) event.preventDefault(); });
  list.addEventListener('dragend', () => {
    if (!dragged) return;
    dragged.classList.remove('dragged');
    dragged = null;
    ends(list);
    if (order() !== before) moved();
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

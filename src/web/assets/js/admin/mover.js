// Cards in columns that are moved with a pointer or by keyboard: taken up, carried, put down or taken back, and told where they are.
import { $, $$, text } from '../dom.js';
import { t } from '../words.js';
import { carried } from './carry.js';
import { looking } from './shell.js';

/**
 * Cards are `[data-card]` with a `.grip` button, columns `[data-column]` with an `ol`. place(card) names where a card is,
 * drop(card, {column, before}) is called once a card was put down elsewhere; it answers a promise.
 */
export function movable(board, said, { place, drop }) {
  let held = null; // {card, parent, next, by}

  const lift = (card, by) => {
    held = { card, parent: card.parentElement, next: card.nextElementSibling, by };
    card.classList.add('lifted');
    $('.grip', card).setAttribute('aria-pressed', 'true');
  };
  const settle = () => {
    const { card } = held;
    card.classList.remove('lifted');
    $('.grip', card).setAttribute('aria-pressed', 'false');
    held = null;
    return card;
  };
  const putBack = () => {
    if (!held) return;
    held.parent.insertBefore(held.card, held.next);
    const card = settle();
    text(said, t`Taken back. ${place(card)}`);
    return card;
  };
  const putDown = () => {
    const { parent, next } = held;
    const card = settle();
    if (card.parentElement === parent && card.nextElementSibling === next) { text(said, t`Put down where it was. ${place(card)}`); return; }
    drop(card, { column: card.closest('[data-column]').dataset.column, before: card.nextElementSibling?.dataset.card ?? null });
  };

  function carry(key) {
    const { card } = held;
    const columns = $$('[data-column]', board);
    const list = card.parentElement;
    if (key === 'ArrowUp') card.previousElementSibling?.before(card);
    else if (key === 'ArrowDown') card.nextElementSibling?.after(card);
    else {
      const to = columns[columns.indexOf(card.closest('[data-column]')) + (key === 'ArrowRight' ? 1 : -1)];
      if (to) $('ol', to).insertBefore(card, $('ol', to).children[Math.min([...list.children].indexOf(card), $('ol', to).children.length)] ?? null);
    }
    $('.grip', card).focus();
    card.scrollIntoView({ block: 'nearest' });
    text(said, place(card));
  }

  board.addEventListener('keydown', (event) => {
    const grip = event.target.closest('.grip');
    if (!grip) return;
    if (event.key === ' ' || event.key === 'Enter') {
      event.preventDefault();
      if (event.repeat) return;
      const card = grip.closest('[data-card]');
      if (held?.card === card) { putDown(); return; }
      if (held) putBack();
      lift(card, 'keys');
      text(said, t`Taken up. ${place(card)} Arrow keys move it, Enter puts it down, Escape takes it back.`);
    } else if (held && event.key === 'Escape') {
      event.preventDefault();
      $('.grip', putBack()).focus();
    } else if (held && event.key.startsWith('Arrow')) {
      event.preventDefault();
      carry(event.key);
    }
  });
  // Moved in the page, a card loses the focus for a moment; only who goes elsewhere lets it go.
  board.addEventListener('focusout', () => setTimeout(() => { if (held?.by === 'keys' && !held.card.contains(document.activeElement)) putBack(); }));

  carried(board, {
    pick: (event) => (!looking && !held && (event.target.closest('.grip') || event.pointerType !== 'mouse' || !event.target.closest('button, a, input, select')) ? event.target.closest('[data-card]') : null),
    handle: (event) => Boolean(event.target.closest('.grip')),
    lift: (card) => lift(card, 'pointer'),
    over: (card, x, y) => {
      const column = document.elementFromPoint(x, y)?.closest('[data-column]');
      if (!column || !board.contains(column)) return;
      const others = $$('[data-card]', column).filter((one) => one !== card);
      const next = others.find((one) => { const box = one.getBoundingClientRect(); return y < box.top + box.height / 2; });
      if (next ? card.nextElementSibling !== next : $('ol', column).lastElementChild !== card) $('ol', column).insertBefore(card, next ?? null);
    },
    drop: putDown,
    back: putBack,
  });
  return { busy: () => Boolean(held) };
}

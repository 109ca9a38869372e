// Cards in columns that are moved with a pointer or by keyboard: taken up, carried, put down or taken back, and told where they are.
import { $, $$, text } from '../dom.js';
import { t } from '../words.js';

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

  let start = null;
  board.addEventListener('pointerdown', (event) => {
    const card = event.target.closest('[data-card]');
    const onGrip = event.target.closest('.grip');
    if (!card || event.button !== 0 || held || (!onGrip && (event.pointerType !== 'mouse' || event.target.closest('button, a, input, select')))) return;
    start = { card, x: event.clientX, y: event.clientY, id: event.pointerId };
  });
  addEventListener('pointermove', (event) => {
    if (!start || event.pointerId !== start.id) return;
    if (!held) {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) < 6) return;
      lift(start.card, 'pointer');
    }
    event.preventDefault();
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const column = under?.closest('[data-column]');
    if (!column || !board.contains(column)) return;
    const others = $$('[data-card]', column).filter((one) => one !== held.card);
    const next = others.find((one) => { const box = one.getBoundingClientRect(); return event.clientY < box.top + box.height / 2; });
    if (next ? held.card.nextElementSibling !== next : $('ol', column).lastElementChild !== held.card) $('ol', column).insertBefore(held.card, next ?? null);
  });
  const ends = (event, done) => {
    if (!start || event.pointerId !== start.id) return;
    start = null;
    if (held?.by === 'pointer') done();
  };
  addEventListener('pointerup', (event) => ends(event, putDown));
  addEventListener('pointercancel', (event) => ends(event, putBack));
  board.addEventListener('selectstart', (event) => { if (start) event.preventDefault(); });
  return { busy: () => Boolean(held) };
}

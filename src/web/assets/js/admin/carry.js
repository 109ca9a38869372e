// Carrying things with a pointer: at once by mouse or handle, by finger after a rest, since a finger that moves at once scrolls.
const REST = 350; // ms
const SLACK = 8; // px that a hand may tremble
const EDGE = 72; // px from the edge of the window, where what is carried takes the page along

/**
 * pick(event) answers what the pointer would carry, or null; handle(event), whether it is held by its handle, on which nothing scrolls.
 * lift(it), then over(it, x, y) wherever it comes, then drop(it) or back(it). Answers a function that tells whether it is in the air.
 */
export function carried(area, { pick, handle = () => false, lift, over, drop, back }) {
  let held = null; // {it, id, x, y, up, finger, rest}

  const begin = () => {
    if (!held || held.up) return;
    held.up = true;
    lift(held.it);
    requestAnimationFrame(along);
  };
  const along = () => {
    if (!held?.up) return;
    const by = held.y < EDGE ? held.y - EDGE : Math.max(0, held.y - (innerHeight - EDGE));
    if (by) {
      const before = scrollY;
      scrollBy({ top: Math.max(-EDGE, Math.min(EDGE, by)) / 5, behavior: 'instant' });
      if (scrollY !== before) over(held.it, held.x, held.y);
    }
    requestAnimationFrame(along);
  };
  const end = (event, done) => {
    if (!held || (event && event.pointerId !== held.id)) return;
    const { it, up, rest } = held;
    clearTimeout(rest);
    held = null;
    if (!up) return;
    const silent = (click) => { click.preventDefault(); click.stopPropagation(); }; // putting down is no click on what lies below
    addEventListener('click', silent, { capture: true, once: true });
    setTimeout(() => removeEventListener('click', silent, { capture: true }));
    done(it);
  };

  area.addEventListener('pointerdown', (event) => {
    const it = held || event.button !== 0 || !event.isPrimary ? null : pick(event);
    if (!it) return;
    const finger = event.pointerType !== 'mouse' && !handle(event);
    held = { it, id: event.pointerId, x: event.clientX, y: event.clientY, up: false, finger, rest: finger && setTimeout(begin, REST) };
  });
  addEventListener('pointermove', (event) => {
    if (!held || event.pointerId !== held.id) return;
    const far = Math.hypot(event.clientX - held.x, event.clientY - held.y) >= SLACK;
    if (!held.up && far && held.finger) { end(event); return; } // it scrolls
    if (!held.up && far) begin();
    if (!held.up) return;
    Object.assign(held, { x: event.clientX, y: event.clientY });
    over(held.it, held.x, held.y);
  });
  addEventListener('pointerup', (event) => end(event, drop));
  addEventListener('pointercancel', (event) => end(event, back));
  addEventListener('keydown', (event) => { if (event.key === 'Escape' && held?.up) { event.preventDefault(); end(null, back); } });
  // What is in the air is not scrolled away; no text is chosen, no menu opened and no link dragged by who holds it.
  area.addEventListener('touchmove', (event) => { if (held?.up) event.preventDefault(); }, { passive: false });
  for (const kind of ['contextmenu', 'selectstart', 'dragstart']) area.addEventListener(kind, (event) => { if (held) event.preventDefault(); });
  return () => Boolean(held?.up);
}

// Draws a moon phase: new at 0, full at 1; the site's sign for how far something has come.
import { svg } from './dom.js';

const R = 11;

/** The outline of the lit part of a waxing moon in a 24 × 24 box. */
export function litPath(fraction) {
  const lit = Math.min(1, Math.max(0, fraction));
  if (lit >= 1) return `M12 1a${R} ${R} 0 1 1 0 22a${R} ${R} 0 1 1 0-22Z`;
  const reach = (Math.abs(1 - 2 * lit) * R).toFixed(2);
  return lit <= 0 ? '' : `M12 1a${R} ${R} 0 0 1 0 22A${reach} ${R} 0 0 ${lit < 0.5 ? 0 : 1} 12 1Z`;
}

/** An SVG of the phase; it decorates text that says the same. */
export function phase(fraction) {
  return svg('svg', { class: 'phase', viewBox: '0 0 24 24', 'aria-hidden': 'true', focusable: 'false' },
    svg('circle', { class: 'disc', cx: 12, cy: 12, r: R }),
    svg('path', { class: 'lit', d: litPath(fraction) }));
}

/** Lets a phase that is already on the page wax. */
export function wax(moon, fraction) {
  moon?.querySelector('.lit')?.setAttribute('d', litPath(fraction));
}

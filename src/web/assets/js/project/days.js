// Days as the server writes them ("2026-11-23"): the same everywhere, whatever the reader's time zone.
import { locale } from '../words.js';

const short = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', month: 'short', day: 'numeric' });
const long = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', month: 'short', day: 'numeric', year: 'numeric' });
const month = new Intl.DateTimeFormat(locale, { timeZone: 'UTC', month: 'short' });

export const at = (iso) => new Date(`${iso}T00:00:00Z`);
export const iso = (time) => new Date(time).toISOString().slice(0, 10);
export const DAY = 86400000;

/** "Nov 23", with the year where it is another than the one that is meant anyway. */
export const dayWord = (day, year) => (at(day).getUTCFullYear() === year ? short : long).format(at(day));

/** "Nov 23–27", "Nov 23 – Dec 4". */
export function daySpan(from, to, year) {
  if (from === to) return dayWord(from, year);
  if (from.slice(0, 7) === to.slice(0, 7) && at(to).getUTCFullYear() === year) return `${dayWord(from, year)}–${at(to).getUTCDate()}`;
  return `${dayWord(from, year)} – ${dayWord(to, year)}`;
}

export const monthWord = (time) => month.format(time);

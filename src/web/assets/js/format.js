// Writes money, times and counts the way a reader in the Philippines expects them.

import { currencyDisplay } from './agency.js';
import { locale, language, plural, t } from './words.js';

export { plural };

const pesos = new Intl.NumberFormat(locale, { style: 'currency', currency: 'PHP', currencyDisplay, minimumFractionDigits: 0, maximumFractionDigits: 2 });
const day = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
const moment = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' });
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });

/** ₱15,000, and ₱7,500.50 only where there are centavos. */
export function peso(amount) {
  const value = Number(amount);
  return Number.isInteger(value) ? pesos.format(value) : pesos.format(value).replace(/\.(\d)$/, '.$10');
}
/** What something adds to a price, or takes off it: +₱5,000, −₱500. */
export const added = (amount) => `${amount < 0 ? '−' : '+'}${peso(Math.abs(amount))}`;
export const centavos = (amount) => peso(Number(amount) / 100);

/** "November 21, 2026", where the agency is. */
const long = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'Asia/Manila' });
export const longDate = (iso) => long.format(new Date(iso));

export const date = (iso) => day.format(new Date(iso));
export const dateTime = (iso) => moment.format(new Date(iso));

const spans = [['year', 31536000], ['month', 2592000], ['week', 604800], ['day', 86400], ['hour', 3600], ['minute', 60]];

/** "2 hours ago", "just now". */
export function ago(iso, now = Date.now()) {
  const seconds = (now - Date.parse(iso)) / 1000;
  if (Number.isNaN(seconds)) return '';
  for (const [unit, size] of spans) if (Math.abs(seconds) >= size) return relative.format(-Math.round(seconds / size), unit);
  return t('just now');
}

/** 820 bytes, 12 KB, 3.4 MB. */
export function bytes(size) {
  if (size < 1000) return plural(size, 'byte');
  const [value, unit] = size < 999500 ? [size / 1024, 'KB'] : [size / 1048576, 'MB'];
  return `${value >= 10 ? Math.round(value) : Math.max(0.1, Math.round(value * 10) / 10)} ${unit}`;
}

/** "40 seconds", "3 minutes"; "a minute" when the server gave no time. */
export function waitText(seconds) {
  if (!seconds) return t('a minute');
  if (seconds < 90) return plural(seconds, 'second');
  return seconds < 5400 ? plural(Math.ceil(seconds / 60), 'minute') : plural(Math.ceil(seconds / 3600), 'hour');
}

/** "Chrome on Android", as well as a User-Agent line tells. */
export function device(userAgent = '') {
  const first = (table) => table.find(([pattern]) => pattern.test(userAgent))?.[1];
  const browser = first([[/Edg/, 'Edge'], [/OPR|Opera/, 'Opera'], [/SamsungBrowser/, 'Samsung Internet'], [/Firefox|FxiOS/, 'Firefox'], [/Chrome|CriOS/, 'Chrome'], [/Safari/, 'Safari']]);
  const system = first([[/iPhone/, 'iPhone'], [/iPad/, 'iPad'], [/Android/, 'Android'], [/Windows/, 'Windows'], [/Mac OS/, 'macOS'], [/CrOS/, 'ChromeOS'], [/Linux/, 'Linux']]);
  return system ? t`${browser ?? t('A browser')} on ${system}` : browser ?? t('A browser');
}

// How many drafts come how far, as bars for the eye and a table for everybody.
import { el, svg } from '../dom.js';

const STEPS = [['started', 'Started'], ['described', 'Described it'], ['answered', 'Answered the questions'], ['projects', 'Became a project']];
const WIDTH = 320, BAR = 28, GAP = 10;

const percent = (part, whole) => (whole ? Math.round((part / whole) * 100) : 0);

/** Bars of the sum over all services; the table below has each. */
export function funnel(services, days) {
  const sum = Object.fromEntries(STEPS.map(([key]) => [key, services.reduce((total, one) => total + one[key], 0)]));
  const label = STEPS.map(([key, words]) => `${words}: ${sum[key]}`).join(', ');
  const height = STEPS.length * (BAR + GAP);
  const chart = svg('svg', { class: 'funnel', viewBox: `0 0 ${WIDTH} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `Drafts of the last ${days} days. ${label}.` },
    STEPS.map(([key], index) => [
      svg('rect', { class: 'funnel-ground', x: 0, y: index * (BAR + GAP) + GAP / 2, width: WIDTH, height: BAR, rx: 4 }),
      svg('rect', { class: 'funnel-bar', x: 0, y: index * (BAR + GAP) + GAP / 2, width: Math.max(sum[key] ? 3 : 0, (sum[key] / Math.max(1, sum.started)) * WIDTH), height: BAR, rx: 4 }),
    ]));
  const legend = el('ul', { class: 'funnel-legend', role: 'list', 'aria-hidden': 'true' }, STEPS.map(([key, words]) => el('li', {}, el('strong', {}, `${sum[key]}`), ` ${words.toLowerCase()}`, el('span', { class: 'soft' }, ` ${percent(sum[key], sum.started)}%`))));
  const table = el('table', { class: 'figures-table' }, el('caption', { class: 'unseen' }, `Drafts of the last ${days} days by service and step`),
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, 'Service'), STEPS.map(([, words]) => el('th', { scope: 'col' }, words)), el('th', { scope: 'col' }, 'Share'))),
    el('tbody', {}, services.map((one) => el('tr', {}, el('th', { scope: 'row' }, one.name), STEPS.map(([key]) => el('td', {}, String(one[key]))), el('td', {}, `${percent(one.projects, one.started)}%`)))));
  return [el('div', { class: 'funnel-both' }, chart, legend), el('details', {}, el('summary', {}, 'By service'), el('div', { class: 'scrolls', tabindex: '0', role: 'region', 'aria-label': 'By service' }, table))];
}

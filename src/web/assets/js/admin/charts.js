// Charts of figures: drawn as SVG for the eye, said in a title and a description, and each with its table for everybody.
import { el, svg } from '../dom.js';
import { t } from '../words.js';

const WIDTH = 320, BAR = 28, GAP = 10, HEIGHT = 160;
let drawn = 0;

function picture(classes, height, title, description, shapes) {
  const id = `chart-${++drawn}`;
  return svg('svg', { class: classes, viewBox: `0 0 ${WIDTH} ${height}`, preserveAspectRatio: 'none', role: 'img', 'aria-labelledby': `${id}-title`, 'aria-describedby': `${id}-words` },
    svg('title', { id: `${id}-title` }, title), svg('desc', { id: `${id}-words` }, description), shapes);
}

/** The figures behind a chart. heads: of the columns; rows: their cells, the first of which heads its row. */
export function behind(summary, caption, heads, rows) {
  const table = el('table', { class: 'figures-table' }, el('caption', { class: 'unseen' }, caption),
    el('thead', {}, el('tr', {}, heads.map((head) => el('th', { scope: 'col' }, head)))),
    el('tbody', {}, rows.map(([head, ...cells]) => el('tr', {}, el('th', { scope: 'row' }, head), cells.map((cell) => el('td', {}, cell))))));
  return el('details', {}, el('summary', {}, summary), el('div', { class: 'scrolls', tabindex: '0', role: 'region', 'aria-label': caption }, table));
}

/** Bars one below the other. rows: {label, value, words}, where `words` is what the figure reads like, with a soft addition `more`. */
export function bars(title, rows, most = Math.max(1, ...rows.map((row) => row.value))) {
  const shapes = rows.map(({ label, value, words }, index) => {
    const place = { x: 0, y: index * (BAR + GAP) + GAP / 2, height: BAR, rx: 4 };
    return [svg('rect', { class: 'bar-ground', ...place, width: WIDTH }), svg('rect', { class: 'bar', ...place, width: Math.max(value ? 3 : 0, (value / most) * WIDTH) }, svg('title', {}, `${label}: ${words}`))];
  });
  const legend = el('ul', { class: 'bars-legend', role: 'list', 'aria-hidden': 'true' }, rows.map(({ label, words, more }) => el('li', {}, el('strong', {}, words), ` ${label.toLowerCase()}`, more && el('span', { class: 'soft' }, ` ${more}`))));
  return el('div', { class: 'bars-both' }, picture('bars', rows.length * (BAR + GAP), title, `${rows.map(({ label, words }) => `${label}: ${words}`).join(', ')}.`, shapes), legend);
}

/** Columns side by side. rows: {label, short, value, less, words}; `less` of the value was taken back again and stands in front of it. key: what the two are called. */
export function columns(title, rows, scale, key) {
  const most = Math.max(1, ...rows.map((row) => Math.max(row.value, row.less)));
  const step = WIDTH / rows.length;
  const column = (classes, index, value, inset) => {
    const height = Math.max(value ? 2 : 0, (value / most) * (HEIGHT - 4));
    return svg('rect', { class: classes, x: index * step + inset, y: HEIGHT - 2 - height, width: step - 2 * inset, height });
  };
  const shapes = [svg('line', { class: 'chart-line', x1: 0, y1: 2, x2: WIDTH, y2: 2 }), svg('line', { class: 'chart-line', x1: 0, y1: HEIGHT / 2, x2: WIDTH, y2: HEIGHT / 2 }),
    rows.map(({ label, value, less, words }, index) => svg('g', {}, svg('title', {}, `${label}: ${words}`),
      svg('rect', { class: 'chart-hover', x: index * step, y: 0, width: step, height: HEIGHT }), column('bar', index, value, 3), less > 0 && column('bar-less', index, less, 8))),
    svg('line', { class: 'chart-line base', x1: 0, y1: HEIGHT - 1, x2: WIDTH, y2: HEIGHT - 1 })];
  const told = rows.filter(({ value, less }) => value || less);
  return el('div', { class: 'columns-both' },
    el('div', { class: 'columns-head soft small', 'aria-hidden': 'true' }, el('p', {}, told.length ? scale(most) : t('Nothing in this time.')),
      rows.some(({ less }) => less) && el('ul', { role: 'list' }, key.map((words) => el('li', {}, words)))),
    picture('columns', HEIGHT, title, told.length ? `${told.map(({ label, words }) => `${label}: ${words}`).join(', ')}.` : t('Nothing in this time.'), shapes),
    el('ul', { class: 'columns-legend', role: 'list', 'aria-hidden': 'true' }, rows.map(({ short }) => el('li', {}, short))));
}

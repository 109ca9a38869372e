// The timeline as a picture: a row a task, days off shaded, today, milestones and the range of the finish. The table says the same.
import { svg } from '../dom.js';
import { at, DAY, dayWord as word, iso, monthWord } from './days.js';
import { said, t } from '../words.js';

const ROW = 26;
const HEAD = 44;
const GAP = 10; // above a section's name
const LEAST = 560; // below this the picture scrolls
const MOST_DAYS = 800;

/** As much of a text as fits, at about this many pixels a letter. */
function fitting(words, pixels, letter = 6.6) {
  const most = Math.max(3, Math.floor(pixels / letter));
  return words.length <= most ? words : `${words.slice(0, most - 1).trimEnd()}…`;
}

export function drawChart(place, line) {
  const { tasks, milestones, today, finish, workingDays, daysOff } = line;
  const year = at(today).getUTCFullYear();
  const dayWord = (day) => word(day, year);
  const width = Math.max(LEAST, Math.floor(place.clientWidth || LEAST));
  const names = Math.min(260, Math.round(width * 0.34));
  const days = [...tasks.flatMap((task) => [task.start, task.end]), today, finish?.latest, finish?.date, ...milestones.flatMap((one) => [one.date, one.promised])].filter(Boolean).sort();
  const from = +at(days[0]) - DAY;
  const to = Math.min(+at(days.at(-1)) + 2 * DAY, from + MOST_DAYS * DAY);
  const count = Math.round((to - from) / DAY);
  const step = (width - names - 12) / count;
  const x = (day) => names + Math.min(count, Math.max(0, (+at(day) - from) / DAY)) * step;

  const sections = [...new Set(tasks.map((task) => task.section))];
  const height = HEAD + ROW + sections.length * (ROW + GAP) + tasks.length * ROW + 8;
  const parts = [];
  const add = (...nodes) => parts.push(...nodes);

  // Days off, as bands from top to bottom; where a day is a pixel or two they would only be grey.
  const off = new Map(daysOff.map((one) => [one.date, one.name]));
  if (step > 2.5) {
    for (let day = from; day < to; day += DAY) {
      const name = off.get(iso(day));
      if (!name && workingDays.includes(new Date(day).getUTCDay() || 7)) continue;
      add(svg('rect', { class: name ? 'tl-off holiday' : 'tl-off', x: x(iso(day)).toFixed(1), y: HEAD, width: step.toFixed(1), height: height - HEAD },
        svg('title', {}, name ? `${said(name)}, ${dayWord(iso(day))}` : t('Day off'))));
    }
  }
  // Weeks, and as many of their dates as there is room for.
  let free = 0;
  let lastMonth = '';
  for (let day = from; day < to; day += DAY) {
    if (new Date(day).getUTCDay() !== 1) continue;
    const left = x(iso(day));
    add(svg('line', { class: 'tl-week', x1: left.toFixed(1), x2: left.toFixed(1), y1: HEAD - 6, y2: height }));
    if (left < free || left > width - 30) continue;
    const month = monthWord(day);
    add(svg('text', { class: 'tl-date', x: left.toFixed(1), y: HEAD - 12 }, String(new Date(day).getUTCDate())));
    if (month !== lastMonth) add(svg('text', { class: 'tl-month', x: left.toFixed(1), y: HEAD - 28 }, month));
    lastMonth = month;
    free = left + 30;
  }
  // Between which days it ends.
  if (finish && !finish.certain) {
    const left = x(finish.earliest);
    add(svg('rect', { class: 'tl-range', x: left.toFixed(1), y: HEAD, width: Math.max(step, x(finish.latest) + step - left).toFixed(1), height: height - HEAD },
      svg('title', {}, t`Expected finish: ${dayWord(finish.earliest)} to ${dayWord(finish.latest)}`)));
  }

  let y = HEAD;
  add(svg('text', { class: 'tl-section', x: 0, y: y + 17 }, t('Milestones')));
  for (const one of milestones) {
    if (!one.date || one.key === 'section') continue;
    const middle = x(one.date) + step / 2;
    add(svg('circle', { class: `tl-moon${one.done ? ' done' : ''}`, cx: middle.toFixed(1), cy: y + ROW / 2, r: 6.5 }, svg('title', {}, `${one.title}: ${dayWord(one.date)}`)));
  }
  y += ROW;
  for (const section of sections) {
    y += GAP;
    const milestone = milestones.find((one) => one.key === 'section' && one.title === section);
    add(svg('line', { class: 'tl-rule', x1: 0, x2: width, y1: y + 0.5, y2: y + 0.5 }), svg('text', { class: 'tl-section', x: 0, y: y + 18 }, section));
    if (milestone?.date) {
      add(svg('circle', { class: `tl-moon${milestone.done ? ' done' : ''}`, cx: (x(milestone.date) + step / 2).toFixed(1), cy: y + ROW / 2, r: 5 },
        svg('title', {}, t`${section} done: ${dayWord(milestone.date)}`)));
    }
    if (milestone?.promised) {
      const edge = x(milestone.promised) + step;
      add(svg('path', { class: `tl-promise${milestone.late ? ' late' : ''}`, d: `M${edge.toFixed(1)} ${y + 4}v${ROW - 8}` }, svg('title', {}, t`Promised: ${dayWord(milestone.promised)}`)));
    }
    y += ROW;
    for (const task of tasks.filter((one) => one.section === section)) {
      const left = x(task.start);
      const bar = Math.max(3, x(task.end) + step - left);
      const kind = task.status === 'completed' ? 'done' : task.critical ? 'critical' : 'loose';
      const title = t`${task.title}: ${dayWord(task.start)} to ${dayWord(task.end)}` + (kind === 'critical' ? t(', critical') : '');
      add(svg('text', { class: 'tl-name', x: 10, y: y + 17 }, fitting(task.title, names - 22), svg('title', {}, task.title)));
      if (kind === 'loose' && task.slackDays > 0) {
        const end = Math.min(width, left + bar + task.slackDays * step * (7 / workingDays.length));
        add(svg('path', { class: 'tl-slack', d: `M${(left + bar).toFixed(1)} ${y + ROW / 2}H${end.toFixed(1)}` }));
      }
      add(svg('rect', { class: `tl-bar ${kind}`, x: (left + 0.75).toFixed(1), y: y + 6.75, width: (bar - 1.5).toFixed(1), height: ROW - 13.5, rx: 3 }, svg('title', {}, title)));
      if (task.status === 'in-progress') {
        add(svg('rect', { class: 'tl-now', x: (left + 0.75).toFixed(1), y: y + ROW - 9, width: Math.max(2, Math.min(bar, x(today) + step / 2 - left) - 1.5).toFixed(1), height: 2.25 }));
      }
      y += ROW;
    }
  }
  const now = x(today) + step / 2;
  add(svg('line', { class: 'tl-today', x1: now.toFixed(1), x2: now.toFixed(1), y1: HEAD - 4, y2: height }, svg('title', {}, t('Today'))));
  if (line.deadline) {
    const edge = x(line.deadline) + step;
    add(svg('path', { class: `tl-promise${finish && finish.date > line.deadline ? ' late' : ''}`, d: `M${edge.toFixed(1)} ${HEAD}V${height}` }, svg('title', {}, t`Promised: ${dayWord(line.deadline)}`)));
  }
  place.replaceChildren(svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true', focusable: 'false' }, parts));
  place.tabIndex = width > place.clientWidth + 1 ? 0 : -1;
  if (place.tabIndex < 0) place.removeAttribute('tabindex');
}

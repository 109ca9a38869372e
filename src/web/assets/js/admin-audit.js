// The audit log: what was done to accounts, rights, money and settings, newest first.
import { get } from './api.js';
import { $, el, show, text } from './dom.js';
import { dateTime, plural } from './format.js';
import { busy } from './form.js';
import { attempt, notice } from './view.js';
import { t } from './words.js';
import { askedInAddress } from './admin/asked.js';
import { ACTIONS, factList, subjectWords } from './admin/facts.js';
import { office } from './admin/shell.js';

const list = $('#rows');
const filters = $('#filters');
let next = null;

const query = (more = {}) => new URLSearchParams(Object.entries({ ...Object.fromEntries(new FormData(filters)), ...more }).filter(([, value]) => value !== ''));

function row(one) {
  const whom = one.subjectName ?? subjectWords(one.subject);
  const about = one.subject && one.subject !== one.actorId ? whom : null;
  return el('li', { class: 'card audit-row', 'data-number': one.number },
    el('p', {}, el('strong', {}, ACTIONS[one.action] ?? one.action), about && [' · ', el('span', {}, about)]),
    el('p', { class: 'soft small' }, [one.actorName ?? one.actorId ?? t('nobody signed in'), one.ip, dateTime(one.at)].filter(Boolean).join(' · ')),
    factList(one.data),
    el('p', { class: 'soft small seal' }, t`Row ${one.number} · `, el('code', { title: one.hash }, one.hash.slice(0, 16))));
}

let asked = 0;

async function load(cursor) {
  const now = ++asked;
  const answer = await get(`/api/admin/audit?${query(cursor ? { cursor } : {})}`);
  if (now !== asked) return; // another choice was made meanwhile
  const rows = answer.rows.map(row);
  if (cursor) list.append(...rows); else list.replaceChildren(...rows);
  next = answer.next;
  show($('#more'), next !== null);
  show($('#none'), !list.children.length);
  $('#csv').href = `/api/admin/audit/csv?${query()}`;
  if (!cursor) text($('#said'), !rows.length ? t('Nothing like this was noted.') : next === null ? `${plural(rows.length, 'row')}.` : t`${plural(rows.length, 'row')} and more.`);
}

$('#action').append(...Object.entries(ACTIONS).sort((a, b) => a[1].localeCompare(b[1])).map(([name, label]) => el('option', { value: name }, label)));
askedInAddress(filters, () => attempt($('#failed'), () => load()));
$('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#failed'), () => load(next))));

office((user) => attempt($('#failed'), async () => {
  if (user.role === 'admin') return load();
  $('.wrap', $('#main')).replaceChildren(el('h1', {}, t('Audit log')), notice('warn', el('p', {}, t('The audit log is for administrators of the agency.'))));
  return undefined;
}));

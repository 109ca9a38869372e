// Who changed an item, when and what; each version can be brought back.
import { get } from '../api.js';
import { el } from '../dom.js';
import { ago, dateTime } from '../format.js';
import { busy } from '../form.js';
import { attempt } from '../view.js';

const NAMES = {
  name: 'Name', description: 'Description', basePrice: 'Price', features: 'Features', timeline: 'Timeline', popular: 'Popular', active: 'On the site',
  planTemplate: 'Plan template', questionText: 'Question', questionType: 'Type', required: 'Required', placeholder: 'Placeholder', options: 'Options',
  showIf: 'Condition', questionKey: 'Key', title: 'Title', content: 'Content', ids: 'Order', key: 'Section',
};
const ACTIONS = { found: 'As it was found', created: 'Added', edited: 'Changed', ordered: 'Put in order', restored: 'Restored' };

export function shown(value) {
  if (value === null || value === undefined || value === '') return 'nothing';
  if (value === true || value === false) return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.every((one) => typeof one !== 'object') ? value.join(' · ') || 'nothing' : JSON.stringify(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What differs between a version and the one before it. */
export function differences({ content, before }) {
  if (!before) return [];
  return Object.keys({ ...before, ...content }).filter((key) => JSON.stringify(before[key]) !== JSON.stringify(content[key])).map((key) => ({
    name: NAMES[key] ?? key, from: shown(before[key]), to: shown(content[key]),
  }));
}

export const sentence = (version) => `${ACTIONS[version.action] ?? version.action}${version.restoredFrom ? ` from version ${version.restoredFrom}` : ''}${version.by ? ` by ${version.by}` : ''}`;

function row(version, newest, restore) {
  const changes = differences(version);
  return el('li', { 'data-version': version.version },
    el('p', {}, el('strong', {}, `Version ${version.version}`), ` · ${sentence(version)}, `, el('time', { datetime: version.at, title: dateTime(version.at) }, ago(version.at))),
    changes.length > 0 && el('dl', { class: 'changes' }, changes.map(({ name, from, to }) => el('div', {}, el('dt', {}, name),
      el('dd', {}, el('del', {}, el('span', { class: 'unseen' }, 'was '), from), ' ', el('ins', {}, el('span', { class: 'unseen' }, 'became '), to))))),
    version.version !== newest && el('button', { type: 'button', class: 'button quiet short', 'data-restore': version.version,
      onclick: (event) => busy(event.currentTarget, 'Restoring…', () => restore(version.version)) }, `Restore version ${version.version}`));
}

/** Fills `place` with an item's versions; restore(version) brings one back. */
export function drawHistory(place, kind, item, restore) {
  return attempt(place, async () => {
    const list = el('ol', { class: 'versions', role: 'list' });
    const more = el('button', { type: 'button', class: 'button quiet short' }, 'Show older versions');
    let newest = null;
    const load = async (cursor) => {
      const { versions, next } = await get(`/api/admin/cms/versions?kind=${kind}&item=${item}${cursor ? `&cursor=${cursor}` : ''}`);
      newest ??= versions[0]?.version;
      list.append(...versions.map((version) => row(version, newest, restore)));
      more.hidden = next === null;
      more.onclick = () => busy(more, 'Loading…', () => attempt(place, () => load(next)));
      if (!newest) list.append(el('li', { class: 'soft' }, 'Nobody has changed this yet.'));
    };
    await load();
    place.replaceChildren(list, more);
  });
}

// Who changed an item, when and what; each version can be brought back.
import { get } from '../api.js';
import { el } from '../dom.js';
import { ago, dateTime } from '../format.js';
import { busy } from '../form.js';
import { attempt } from '../view.js';
import { t } from '../words.js';
import { FIELDS, shown } from './facts.js';
import { looking } from './shell.js';

const ACTIONS = { found: t('As it was found'), created: t('Added'), edited: t('Changed'), ordered: t('Put in order'), restored: t('Restored') };

// The content of a landing section is fields, too.
const fieldsOf = ({ content, ...rest }) => (content && !Array.isArray(content) && typeof content === 'object' ? { ...rest, ...content } : { ...rest, content });

/** Of two lists what only one of them has; both, where it is the order that changed. */
function changedOf(from, to) {
  if (!Array.isArray(from) || !Array.isArray(to)) return [from, to];
  const without = (all, others) => {
    const left = others.map((one) => JSON.stringify(one));
    return all.filter((one) => {
      const at = left.indexOf(JSON.stringify(one));
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  const parts = [without(from, to), without(to, from)];
  return parts.some((part) => part.length > 0) ? parts : [from, to];
}

/** What differs between a version and the one before it. */
export function differences({ content, before }) {
  if (!before) return [];
  const [was, is] = [fieldsOf(before), fieldsOf(content)];
  return Object.keys({ ...was, ...is }).filter((key) => JSON.stringify(was[key]) !== JSON.stringify(is[key])).map((key) => {
    const [from, to] = changedOf(was[key], is[key]);
    return { name: FIELDS[key] ?? key, from: shown(from, key), to: shown(to, key) };
  });
}

/** "Changed by Ana", "Restored from version 3 by Ana". */
export function sentence({ action, restoredFrom, by }) {
  const done = ACTIONS[action] ?? action;
  if (restoredFrom) return by ? t`${done} from version ${restoredFrom} by ${by}` : t`${done} from version ${restoredFrom}`;
  return by ? t`${done} by ${by}` : done;
}

function row(version, newest, restore) {
  const changes = differences(version);
  return el('li', { 'data-version': version.version },
    el('p', {}, el('strong', {}, t`Version ${version.version}`), ` · ${sentence(version)}, `, el('time', { datetime: version.at, title: dateTime(version.at) }, ago(version.at))),
    changes.length > 0 && el('dl', { class: 'changes' }, changes.map(({ name, from, to }) => el('div', {}, el('dt', {}, name),
      el('dd', {}, el('del', {}, el('span', { class: 'unseen' }, t('was ')), from), ' ', el('ins', {}, el('span', { class: 'unseen' }, t('became ')), to))))),
    version.version !== newest && !looking && el('button', { type: 'button', class: 'button quiet short', 'data-restore': version.version,
      onclick: (event) => busy(event.currentTarget, t('Restoring…'), () => restore(version.version)) }, t`Restore version ${version.version}`));
}

/** Fills `place` with an item's versions; restore(version) brings one back. */
export function drawHistory(place, kind, item, restore) {
  return attempt(place, async () => {
    const list = el('ol', { class: 'versions', role: 'list' });
    const more = el('button', { type: 'button', class: 'button quiet short' }, t('Show older versions'));
    let newest = null;
    const load = async (cursor) => {
      const { versions, next } = await get(`/api/admin/cms/versions?kind=${kind}&item=${item}${cursor ? `&cursor=${cursor}` : ''}`);
      newest ??= versions[0]?.version;
      list.append(...versions.map((version) => row(version, newest, restore)));
      more.hidden = next === null;
      more.onclick = () => busy(more, t('Loading…'), () => attempt(place, () => load(next)));
      if (!newest) list.append(el('li', { class: 'soft' }, t('Nobody has changed this yet.')));
    };
    await load();
    place.replaceChildren(list, el('p', { class: 'row' }, more,
      newest && el('a', { class: 'small', href: `/api/admin/cms/versions/csv?kind=${kind}&item=${item}`, download: '', 'aria-label': t('Save the versions as CSV') }, t('Save as CSV'))));
  });
}

// The back office's home: what was changed lately.
import { get } from './api.js';
import { $, el } from './dom.js';
import { ago, dateTime } from './format.js';
import { attempt } from './view.js';
import { differences, sentence } from './admin/history.js';
import { office } from './admin/shell.js';

const KINDS = { service: 'service', question: 'question', section: 'section', services: 'order of the services', questions: 'order of the questions', sections: 'order of the sections' };
const nameOf = ({ kind, content }) => [KINDS[kind], content.name ?? content.questionText ?? content.title].filter(Boolean).join(' “') + (content.name ?? content.questionText ?? content.title ? '”' : '');

function edit(version) {
  const changed = differences(version).map(({ name }) => name.toLowerCase());
  return el('li', {}, el('p', {}, `${sentence(version)}: ${nameOf(version)}`), el('p', { class: 'soft small' },
    changed.length > 0 && `${changed.join(', ')} · `, el('time', { datetime: version.at, title: dateTime(version.at) }, ago(version.at))));
}

office(() => attempt($('#edits'), async () => {
  const { versions } = await get('/api/admin/cms/versions');
  const shown = versions.filter((one) => one.action !== 'found').slice(0, 10);
  $('#edits').replaceChildren(shown.length ? el('ul', { class: 'plain-list', role: 'list' }, shown.map(edit)) : el('p', { class: 'soft' }, 'Nothing was changed yet.'));
}));

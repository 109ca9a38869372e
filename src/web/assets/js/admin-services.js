// The services of the agency: what is on the price list, in which order, and what is retired.
import { get } from './api.js';
import { $, el, show, text } from './dom.js';
import { peso, plural } from './format.js';
import { attempt } from './view.js';
import { t } from './words.js';
import { moveButtons, orderSaver, orderable } from './admin/ordered.js';
import { office } from './admin/shell.js';

const list = $('#services');
const said = $('#said');
const state = { version: 1 };

function row(service) {
  return el('li', { class: service.active ? 'card office-row' : 'card office-row retired', 'data-id': service.id, 'data-ordered': '', 'data-carry': '' },
    moveButtons(service.name),
    el('div', { class: 'office-row-main' },
      el('h2', {}, el('a', { href: `/admin/service?id=${service.id}` }, service.name)),
      el('p', { class: 'soft small' }, [peso(service.basePrice), service.timeline, plural(service.questions, 'question')].filter(Boolean).join(' · '))),
    el('div', { class: 'row' }, service.popular && el('span', { class: 'chip' }, t('Most chosen')),
      service.active ? el('span', { class: 'chip good' }, t('On the price list')) : el('span', { class: 'chip' }, t('Retired'))));
}

async function load() {
  const { services, version } = await get('/api/admin/cms/services');
  state.version = version;
  list.replaceChildren(...services.map(row));
  ends();
  text($('#count'), t`${plural(services.filter((one) => one.active).length, 'service')} on the price list`);
  show($('#none'), services.length === 0);
}

const reload = () => attempt($('#failed'), load);
const save = orderSaver('/api/admin/cms/services/order', said, state, reload);
const ends = orderable(list, said, () => save(list));

office(reload);

// A service as the price list shows it.
import { el } from './dom.js';
import { peso } from './format.js';
import { t } from './words.js';

export function serviceCard(service) {
  const title = `service-${service.id}`;
  return el('article', { class: service.popular ? 'card service popular' : 'card service', 'data-service-id': service.id, 'aria-labelledby': title },
    service.popular && el('p', { class: 'chip badge' }, t('Most chosen')),
    el('h3', { id: title }, service.name),
    el('p', { class: 'summary' }, service.description ?? ''),
    el('p', { class: 'price' }, peso(service.basePrice)),
    el('p', { class: 'timeline' }, service.timeline ?? ''),
    el('ul', { role: 'list' }, (service.features ?? []).map((feature) => el('li', {}, feature))),
    el('a', { class: service.popular ? 'button' : 'button quiet', href: `/onboarding?serviceId=${encodeURIComponent(service.id)}`, 'aria-describedby': title }, t('Get started')));
}

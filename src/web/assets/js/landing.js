// The landing page: the agency's own sections and its services with their prices.
import { get } from './api.js';
import { $, $$, el, show, text } from './dom.js';
import { phase } from './moon.js';
import { serviceCard } from './service-card.js';
import { header } from './session.js';
import { attempt } from './view.js';
import { recordVisit } from './visit.js';
import { t } from './words.js';

/* Sections: each key has one filler; keys not listed here are skipped. */

const items = (content, name) => (Array.isArray(content[name]) ? content[name] : []);
const put = (section, part, value) => { if (value) show(text($(`[data-part="${part}"]`, section), value)); };

const fillers = {
  hero(section, { title, content }) {
    put(section, 'title', content.headline ?? title);
    put(section, 'text', content.subheadline);
    put(section, 'button', content.ctaLabel);
  },
  features(section, { content }) {
    const drawn = items(content, 'items').map((item) => el('div', {}, el('dt', {}, item.title), el('dd', {}, item.text)));
    if (drawn.length) $('.features', section).replaceChildren(...drawn);
  },
  'how-it-works'(section, { content }) {
    const steps = items(content, 'steps');
    const drawn = steps.map((item, index) => el('li', {}, phase((index + 1) / steps.length), el('h3', {}, item.title), el('p', {}, item.text)));
    if (drawn.length) $('.steps', section).replaceChildren(...drawn);
  },
  'social-proof'(section, { content }) {
    const figures = items(content, 'items').map((item) => el('div', {}, el('dt', {}, item.label), el('dd', {}, String(item.value))));
    $('.figures', section).replaceChildren(...figures);
    const voices = items(content, 'quotes').map((item) => el('figure', { class: 'card' }, el('blockquote', {}, el('p', {}, item.quote)),
      el('figcaption', {}, [item.name, item.role].filter(Boolean).join(', '))));
    $('.voices', section).replaceChildren(...voices);
    section.hidden = figures.length + voices.length === 0;
  },
  faq(section, { content }) {
    const drawn = items(content, 'items').map((item) => el('details', {}, el('summary', {}, item.question), el('p', {}, item.answer)));
    if (drawn.length) $('[data-part="items"]', section).replaceChildren(...drawn);
  },
  cta(section, { title, content }) {
    put(section, 'title', content.headline ?? title);
    put(section, 'text', content.text);
    put(section, 'button', content.ctaLabel);
  },
  pricing() {},
};

async function loadSections() {
  const { sections } = await get('/api/landing', { login: false });
  if (!Array.isArray(sections) || sections.length === 0) return;
  const known = sections.filter(({ key }) => Object.hasOwn(fillers, key) && $(`[data-section="${key}"]`));
  for (const section of known) {
    const node = $(`[data-section="${section.key}"]`);
    const content = section.content && typeof section.content === 'object' ? section.content : {};
    put(node, 'title', section.title);
    put(node, 'intro', content.intro);
    fillers[section.key](node, { title: section.title, content });
  }
  // What the agency switched off goes; the prices stay, they are the page's purpose.
  for (const node of $$('[data-section]')) {
    if (node.dataset.section !== 'pricing' && !known.some(({ key }) => key === node.dataset.section)) node.hidden = true;
  }
  order(known.map(({ key }) => key));
}

/** Puts the sections in the agency's order, prices after "how it works" unless they have a place of their own. */
function order(keys) {
  if (!keys.includes('pricing')) keys.splice(keys.includes('how-it-works') ? keys.indexOf('how-it-works') + 1 : 1, 0, 'pricing');
  const main = $('#main');
  const now = $$('[data-section]', main).filter((node) => !node.hidden && keys.includes(node.dataset.section)).map((node) => node.dataset.section);
  const wanted = keys.filter((key) => now.includes(key));
  if (now.join() !== wanted.join()) main.append(...wanted.map((key) => $(`[data-section="${key}"]`, main)));
}

/* Services */

async function loadServices() {
  const { services } = await get('/api/services', { login: false });
  $('#services').dataset.count = services.length;
  $('#services').replaceChildren(...services.length ? services.map(serviceCard) : [el('p', { class: 'soft' }, t('No services are offered just now. Please come back soon.'))]);
}

header();
recordVisit();
loadSections().catch(() => {}); // the page's own text stands
attempt($('#services'), loadServices).then(() => {
  // The cards came after the browser looked for #pricing: go there now.
  if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
});

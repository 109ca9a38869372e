// One service: its place on the price list, its questions, how clients see them, and every version of all that.
import { titled } from './agency.js';
import { get } from './api.js';
import { $, $$, el, focusOn, show, text } from './dom.js';
import { plural } from './format.js';
import { serviceCard } from './service-card.js';
import { attempt } from './view.js';
import { t } from './words.js';
import { Editor, formEnd } from './admin/editor.js';
import { checkField, checkedIn, choiceField, linesField, linesIn, textField, valueOf } from './admin/fields.js';
import { drawHistory } from './admin/history.js';
import { mayClose } from './admin/leave.js';
import { moveButtons, orderSaver, orderable } from './admin/ordered.js';
import { TYPES, questionForm } from './admin/question-form.js';
import { looking, office } from './admin/shell.js';
import { Questions } from './onboarding/questions.js';

const TEMPLATES = [['', t('None: only from the answers')], ['landing-page', t('Landing page')], ['business-website', t('Business website')], ['e-commerce', t('E-commerce store')], ['web-application', t('Web application')]];
const id = Number(new URLSearchParams(location.search).get('id')) || null;

/* The service itself */

const serviceForm = $('#service-form');

function drawService(now) {
  serviceForm.replaceChildren(
    textField('name', t('Name'), now.name, { required: true, maxlength: 100 }),
    textField('description', t('Description'), now.description, { rows: 3, maxlength: 1000 }),
    el('div', { class: 'two' }, textField('basePrice', t('Price in pesos'), now.basePrice, { type: 'number', required: true, inputmode: 'numeric', hint: t('Projects that are there keep the price they began with.') }),
      textField('timeline', t('How long it takes'), now.timeline, { maxlength: 60, placeholder: t('3-4 weeks') })),
    linesField('features', t('What is in it'), now.features, { hint: t('One on each line.') }),
    choiceField('planTemplate', t('Plan template'), now.planTemplate ?? '', TEMPLATES, { hint: t('What a plan is made of when no AI writes it.') }),
    el('div', { class: 'two' }, checkField('popular', t('Marked as most chosen'), now.popular),
      checkField('active', t('On the price list'), now.active, t('Switched off it is retired: its projects and their answers stay.'))),
    ...formEnd(now.id ? t('Save the service') : t('Add the service')));
  previewCard();
}

function readService() {
  const price = valueOf(serviceForm, 'basePrice');
  return {
    name: valueOf(serviceForm, 'name'), description: valueOf(serviceForm, 'description'), basePrice: /^\d+$/.test(price) ? Number(price) : price || null,
    timeline: valueOf(serviceForm, 'timeline'), features: linesIn(serviceForm, 'features'), planTemplate: valueOf(serviceForm, 'planTemplate') || null,
    popular: checkedIn(serviceForm, 'popular'), active: checkedIn(serviceForm, 'active'),
  };
}

const reloadService = async (which) => (await get('/api/admin/cms/services')).services.find((one) => one.id === which);

function previewCard() {
  const now = readService();
  $('#card-preview').replaceChildren(serviceCard({ ...now, id: id ?? 0, basePrice: Number(now.basePrice) || 0 }));
  for (const link of $$('#card-preview a')) { link.removeAttribute('href'); link.setAttribute('aria-disabled', 'true'); }
}

serviceForm.addEventListener('input', previewCard);

/* Its questions */

const list = $('#questions');
const said = $('#said');
const state = { version: 1, extra: { serviceId: id } };
let questions = [];
let openForm = null;

const typeName = (type) => TYPES.find(([name]) => name === type)?.[1] ?? type;
const others = (item) => () => questions.filter((one) => one.active && one.id !== item.id && one.questionType !== 'file');

function closeForm() {
  openForm?.editor.close();
  openForm = null;
}

function row(question) {
  const place = el('div', { class: 'question-place' });
  const edit = el('button', { type: 'button', class: 'button quiet short', 'aria-expanded': 'false', 'aria-label': looking ? t`Show “${question.questionText}”` : t`Edit “${question.questionText}”` }, looking ? t('Show') : t('Edit'));
  const item = el('li', { class: question.active ? 'card question-row' : 'card question-row retired', 'data-id': question.id, 'data-ordered': '', 'data-carry': '' },
    el('div', { class: 'office-row' }, moveButtons(`“${question.questionText}”`),
      el('div', { class: 'office-row-main' }, el('h3', {}, question.questionText),
        el('p', { class: 'soft small' }, [typeName(question.questionType), question.required && t('required'), question.showIf && t('only sometimes'), question.options.length > 0 && plural(question.options.length, 'option'), Object.keys(question.optionPrices).length > 0 && t('changes the price')].filter(Boolean).join(' · '))),
      el('div', { class: 'row' }, !question.active && el('span', { class: 'chip' }, t('Retired')), edit)),
    place);
  edit.addEventListener('click', () => {
    if (edit.getAttribute('aria-expanded') === 'true') return fold(item);
    unfold(item, question);
  });
  return item;
}

/** Shuts a question's form; answers whether it is shut. */
async function fold(item) {
  if (!await mayClose(openForm?.editor)) return false;
  closeForm();
  if (item.id === 'new-question') show(item, false);
  $('.question-place', item).replaceChildren();
  item.toggleAttribute('data-carry', true);
  $('[aria-expanded]', item)?.setAttribute('aria-expanded', 'false');
  preview();
  return true;
}

async function unfold(item, question) {
  const open = $('[aria-expanded="true"]', list)?.closest('li') ?? $('#new-question:not([hidden])');
  if (open === item) { $('textarea, input', item).focus(); return; }
  if (open && !await fold(open)) return;
  show(item);
  const history = el('details', { class: 'history' }, el('summary', {}, t('Versions of this question')), el('div', {}));
  openForm = questionForm({
    item: question, service: id, others: others(question), changed: preview,
    reload: async (which) => (await load()).find((one) => one.id === which),
    saved: async (answer) => { await reload(answer.id); text(said, t`“${answer.questionText}” is saved.`); },
  });
  const { editor } = openForm;
  history.addEventListener('toggle', () => { if (history.open) drawHistory(history.lastElementChild, 'question', question.id, (version) => editor.save({ restore: version })); });
  $('.question-place', item).replaceChildren(openForm.form, ...(question.id ? [history] : []));
  item.toggleAttribute('data-carry', false);
  $('[aria-expanded]', item)?.setAttribute('aria-expanded', 'true');
  $('textarea, input', openForm.form).focus();
}

/** What a client would be asked now, with what is being typed. */
function preview() {
  const typed = openForm && { ...openForm.editor.item, ...openForm.read() };
  const shown = questions.map((one) => (typed && one.id === typed.id ? typed : one));
  if (typed && !typed.id && typed.questionKey) shown.push({ ...typed, id: 0 });
  const asked = shown.filter((one) => one.active).map((one, place) => ({ ...one, sortOrder: place, placeholder: one.placeholder || null }));
  const before = previewed?.answers() ?? {};
  previewed = new Questions($('#preview'), asked, before, () => null);
  for (const input of $$('#preview [type=file]')) input.disabled = true; // there is no draft that would keep them
}

let previewed = null;
$('#preview').addEventListener('input', () => previewed.refresh());
$('#preview').addEventListener('drop', (event) => { event.preventDefault(); event.stopPropagation(); }, true);

async function load() {
  const answer = await get(`/api/admin/cms/questions?serviceId=${id}`);
  $('#csv').href = `/api/admin/cms/questions/csv?serviceId=${id}`;
  questions = answer.questions;
  state.version = answer.version;
  return questions;
}

/** Draws the list anew; the form of `open` stays as it is. */
async function reload(open) {
  await load();
  const form = openForm && $('.question-place', openForm.form.closest('li, #new-question'));
  const rows = questions.map(row);
  list.replaceChildren(...rows);
  const item = rows.find((one) => Number(one.dataset.id) === open);
  if (item && form) {
    $('.question-place', item).replaceChildren(...form.childNodes);
    item.toggleAttribute('data-carry', false);
    $('[aria-expanded]', item).setAttribute('aria-expanded', 'true');
    show($('#new-question'), false);
    $('[type=submit]', item)?.focus();
  } else {
    closeForm();
  }
  ends();
  text($('#question-count'), `${plural(questions.filter((one) => one.active).length, 'question')}${questions.some((one) => !one.active) ? t`, ${questions.filter((one) => !one.active).length} retired` : ''}`);
  preview();
}

const reloadList = () => attempt($('#questions-failed'), () => reload());
const save = orderSaver('/api/admin/cms/questions/order', said, state, reloadList);
const ends = orderable(list, said, () => { save(list); questions.sort((a, b) => place(a) - place(b)); preview(); });
const place = (question) => [...list.children].findIndex((item) => Number(item.dataset.id) === question.id);

$('#add-question').addEventListener('click', () => {
  unfold($('#new-question'), { questionKey: '', questionText: '', questionType: 'text', required: false, placeholder: '', options: [], optionPrices: {}, showIf: null, active: true });
});
$('#drop-question').addEventListener('click', async () => {
  if (await fold($('#new-question'))) $('#add-question').focus();
});

office(() => attempt($('#failed'), async () => {
  const item = id ? await reloadService(id) : { name: '', description: '', basePrice: '', features: [], timeline: '', planTemplate: null, popular: false, active: false };
  if (!item) {
    text($('#title'), t('There is no such service'));
    show($('#all'), false);
    return;
  }
  const draw = (now) => { text($('#title'), now.name || t('New service')); document.title = titled(`${now.name || t('New service')} – ${t('Back office')}`); };
  draw(item);
  const editor = new Editor(serviceForm, {
    item, draw: drawService, read: readService, path: '/api/admin/cms/services', reload: reloadService,
    saved: async (answer) => {
      if (!id) { location.assign(`/admin/service?id=${answer.id}#questions-title`); return; }
      draw(answer);
      if ($('#service-history').open) await history();
    },
  });
  const history = () => drawHistory($('#service-history > div'), 'service', id, (version) => editor.save({ restore: version }));
  $('#service-history').addEventListener('toggle', () => { if ($('#service-history').open) history(); });
  show($('#service-history'), Boolean(id));
  for (const part of $$('[data-needs-service]')) show(part, Boolean(id));
  if (!id) $('[name=name]', serviceForm).focus();
  else await reload();
}).then(() => { if (location.hash) focusOn(document.getElementById(location.hash.slice(1))); }));

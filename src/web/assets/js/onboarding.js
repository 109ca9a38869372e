// The onboarding page: loads the service and its questions, walks the three steps, keeps everything that is typed.
import { titled } from './agency.js';
import { get, explain } from './api.js';
import { $, $$, el, focusOn, show, text } from './dom.js';
import { peso } from './format.js';
import { busy, clearErrors, forgiveOnInput, formError, looksLikeEmail, showErrors } from './form.js';
import { header } from './session.js';
import { attempt, notice } from './view.js';
import { recordVisit } from './visit.js';
import { Draft } from './onboarding/draft.js';
import { Questions } from './onboarding/questions.js';
import { createProject, formPage } from './onboarding/create.js';
import { bringBack } from './onboarding/resume.js';
import { drawSummary } from './onboarding/summary.js';
import * as store from './onboarding/store.js';
import { t } from './words.js';

const MIN_DESCRIPTION = 20;
const MAX_DESCRIPTION = 10000;
const form = $('#onboarding-form');
const notices = $('#notices');
const length = (value) => [...value.trim()].length;

let data;
let service;
let questions = null;
let step = 1;
let draft;
let signedIn = null;

/* Saving */

const everything = () => ({
  serviceId: Number(data.serviceId), step, description: data.description, questionAnswers: data.questionAnswers,
  clientName: data.clientName, clientEmail: data.clientEmail, clientPhone: data.clientPhone,
});

function tellState(state, detail) {
  const line = $('#save-state');
  line.dataset.state = state;
  text(line, { saving: t('Saving…'), saved: t('Saved'), failed: detail ? t`Not saved: ${detail}` : t('Not saved yet — we keep trying'), closed: t('This draft was already sent') }[state]);
  if (state === 'closed' && !$('#closed', notices)) {
    const box = notice('warn', el('p', {}, t('This draft has already become a project. ')),
      el('div', { class: 'row' }, el('a', { class: 'button quiet short', href: '/dashboard' }, t('Go to your dashboard')),
        el('button', { type: 'button', class: 'button quiet short', onclick: () => { store.forgetToken(); store.newProjectKey(); $('#closed').remove(); draft.change(everything()); } }, t('Keep this as a new draft'))));
    box.id = 'closed';
    notices.append(box);
  }
}

function changed(fields) {
  Object.assign(data, fields);
  store.saveData(data);
  draft.change(fields);
}

/* Steps */

function stepErrors(which) {
  if (which === 1) {
    const have = length(data.description);
    if (have < MIN_DESCRIPTION) return { description: t`Please describe your project in at least ${MIN_DESCRIPTION} characters.` };
    return have > MAX_DESCRIPTION ? { description: t`Please keep the description under ${MAX_DESCRIPTION} characters; it has ${have}.` } : {};
  }
  if (which === 2) return questions ? questions.errors() : {};
  const wrong = {};
  if (!data.clientName.trim()) wrong.clientName = t('Please enter your name.');
  if (!looksLikeEmail(data.clientEmail.trim())) wrong.clientEmail = t('Please enter an e-mail address like name@example.com.');
  if (data.clientPhone.trim() && !/^[+\d][\d ()./-]{5,}$/.test(data.clientPhone.trim())) wrong.clientPhone = t('Please enter a phone number, or leave this empty.');
  return wrong;
}

/** The furthest step that may be opened: all before it are complete. */
const furthest = () => [1, 2].find((which) => Object.keys(stepErrors(which)).length || (which === 2 && !questions)) ?? 3;

function draw({ focus = true } = {}) {
  for (const section of $$('[data-step]', form)) show(section, Number(section.dataset.step) === step);
  const open = furthest();
  for (const button of $$('[data-goto]')) {
    const target = Number(button.dataset.goto);
    button.disabled = target > open;
    button.classList.toggle('done', target < step);
    if (target === step) button.setAttribute('aria-current', 'step');
    else button.removeAttribute('aria-current');
  }
  show($('#back'), step > 1);
  show($('#next'), step < 3);
  show($('#submit-onboarding'), step === 3);
  if (step === 3) drawSummary($('#summary'), service, data, questions);
  document.title = titled(t`${service.name}: step ${step} of 3`);
  if (focus) { scrollTo(0, 0); focusOn($(`[data-step="${step}"] h2`, form)); }
}

const address = (which) => `?${new URLSearchParams({ serviceId: data.serviceId, step: which })}`;

function go(to) {
  if (to === step) return;
  step = to;
  history.pushState({ step }, '', address(step));
  draft.change({ step });
  draw();
}

function next() {
  clearErrors(form);
  const wrong = stepErrors(step);
  if (Object.keys(wrong).length) { showErrors(form, wrong); return; }
  if (step === 2 && !questions) { focusOn($('#questions')); return; }
  go(step + 1);
}

/** Puts the server's fields beside the form's, on the first step that has one. */
function placeServerErrors(fields) {
  const named = Object.fromEntries(Object.entries(fields).map(([name, message]) => [name.replace(/^questionAnswers\./, 'q:'), message]));
  const target = Number(new URLSearchParams(formPage(data, fields).split('?')[1]).get('step'));
  if (target !== step) { step = target; history.replaceState({ step }, '', address(step)); draw({ focus: false }); }
  showErrors(form, named);
}

async function submit() {
  clearErrors(form);
  for (const which of [1, 2, 3]) {
    const wrong = stepErrors(which);
    if (Object.keys(wrong).length) { go(which); showErrors(form, wrong); return; }
  }
  const sent = { ...data, questionAnswers: questions.given(), description: data.description.trim(), clientName: data.clientName.trim(), clientEmail: data.clientEmail.trim(), clientPhone: data.clientPhone.trim() };
  store.saveData(sent);
  // The draft should be complete on the server before sign-in, but a slow network must not hold the person up.
  await Promise.race([draft.flush(), new Promise((resolve) => { setTimeout(resolve, 2500); })]);
  if (!signedIn) { location.assign('/login?from=onboarding'); await new Promise(() => {}); }
  try {
    location.replace(await createProject());
    await new Promise(() => {});
  } catch (error) {
    if (error.status === 401) { location.assign('/login?from=onboarding'); await new Promise(() => {}); }
    if (error.status === 409) { tellState('closed'); focusOn($('#closed')); return; }
    if (error.status === 422 && Object.keys(error.fields).length) placeServerErrors(error.fields);
    else focusOn(formError(form, explain(error)));
  }
}

/* The page */

function drawService() {
  text($('#service-name'), service.name);
  text($('#service-summary'), service.description ?? '');
  text($('#service-price'), peso(service.basePrice));
  text($('#service-timeline'), service.timeline ?? t('To be agreed'));
  $('#service-features').replaceChildren(...(service.features ?? []).map((feature) => el('li', {}, feature)));
  show($('#service-features'), (service.features ?? []).length > 0);
}

/** What it comes to with the answers given so far; the server reckons it again from its own prices. */
function drawTotal() {
  show($('#service-total-row'), questions.priced());
  text($('#service-total'), peso(service.basePrice + questions.added()));
}

const count = () => {
  const have = length(data.description);
  text($('#description-count'), have < MIN_DESCRIPTION ? t`${have} of at least ${MIN_DESCRIPTION} characters` : t`${have} characters`);
  $('#description-count').classList.toggle('enough', have >= MIN_DESCRIPTION);
};

async function draftFiles() {
  if (store.leadId()) return `/api/leads/mine/${store.leadId()}/files`;
  const token = await draft.token();
  return token ? `/api/leads/${encodeURIComponent(token)}/files` : null;
}

function loadQuestions() {
  return attempt($('#questions'), async () => {
    const answer = await get(`/api/questions/${service.id}`, { login: false });
    questions = new Questions($('#questions'), answer.questions ?? [], data.questionAnswers, draftFiles);
    data.questionAnswers = { ...data.questionAnswers, ...questions.answers() };
    drawTotal();
  });
}

function listen() {
  forgiveOnInput(form);
  form.addEventListener('input', (event) => {
    const { name, value } = event.target;
    if (['description', 'clientName', 'clientEmail', 'clientPhone'].includes(name)) {
      changed({ [name]: value });
      if (name === 'description') count();
      else if (step === 3) drawSummary($('#summary'), service, data, questions);
    } else if (event.target.closest('#questions')) {
      questions.refresh();
      drawTotal();
      changed({ questionAnswers: questions.answers() });
    }
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (step < 3) next();
    else busy($('#submit-onboarding'), t('One moment…'), submit);
  });
  $('#back').addEventListener('click', () => go(step - 1));
  for (const button of $$('[data-goto]')) button.addEventListener('click', () => go(Number(button.dataset.goto)));
  addEventListener('popstate', () => {
    const asked = Number(new URLSearchParams(location.search).get('step')) || 1;
    step = Math.max(1, Math.min(asked, furthest(), 3));
    clearErrors(form);
    draw();
  });
  $('#copy-link').addEventListener('click', (event) => busy(event.currentTarget, t('Making your link…'), copyLink));
}

async function copyLink() {
  const token = await draft.token();
  const line = $('#link-note');
  show($('#link-box'));
  if (!token) { text(line, t('We could not reach the server to make your link. Please try again.')); return; }
  const input = $('#draft-link');
  input.value = `${location.origin}/onboarding?draft=${encodeURIComponent(token)}`;
  show(input);
  const copied = await navigator.clipboard?.writeText(input.value).then(() => true, () => false);
  text(line, copied ? t('Copied. Open this link on any device to go on there. Anyone who has it can read your draft.') : t('Copy this link and open it on any device to go on there. Anyone who has it can read your draft.'));
  input.focus();
  input.select();
}

async function start() {
  const found = await bringBack(notices);
  if (!found) return;
  ({ data } = found);
  service = await get(`/api/admin/cms/services/${encodeURIComponent(data.serviceId)}`, { login: false });
  data.serviceName = service.name;
  drawService();
  draft = new Draft(tellState, everything);
  for (const name of ['description', 'clientName', 'clientEmail', 'clientPhone']) form.elements[name].value = data[name];
  count();
  await loadQuestions();
  store.saveData(data);
  const wanted = Number(new URLSearchParams(location.search).get('step')) || found.step || 1;
  step = Math.max(1, Math.min(wanted, furthest()));
  history.replaceState({ step }, '', address(step));
  listen();
  show(form);
  show($('#loading'), false);
  draw({ focus: false });
  if (store.unsaved()) draft.change(everything());
  else if (store.token() || store.leadId()) tellState('saved');
  show($('#copy-link'), !store.leadId()); // an account's draft is on every device where the account is
  const errors = store.takeErrors();
  if (errors) placeServerErrors(errors);
}

header().then((user) => {
  signedIn = user;
  text($('#submit-note'), user ? t`You are signed in as ${user.email}. Your project is created right away.` : t('Next you create an account or sign in, so that you can come back to your project.'));
});
attempt($('#loading'), async () => {
  try {
    await start();
  } catch (error) {
    if (error.status !== 404) throw error;
    $('#loading').replaceChildren(notice('warn', el('p', {}, t('This service is not offered any more.')), el('a', { href: '/#pricing' }, t('See what we offer now'))));
  }
});
recordVisit(store.token());

// The project page: loads a project's details and follows its plan until it is there.
import { titled } from './agency.js';
import { get } from './api.js';
import { $, el, renew, show, text } from './dom.js';
import { added, date, peso } from './format.js';
import { header, isStaff, looksOn } from './session.js';
import { attempt, notice, offerCsv } from './view.js';
import { Activity } from './project/activity.js';
import { Contacts } from './project/contacts.js';
import { drawDocument } from './project/document.js';
import { Files } from './project/files.js';
import { Generation, isLive } from './project/generation.js';
import { Messages } from './project/messages.js';
import { drawPayment } from './project/payment.js';
import { followSections } from './project/sections.js';
import { projectStatus } from './project/status.js';
import { drawTasks } from './project/tasks.js';
import { Timeline } from './project/timeline.js';
import { t } from './words.js';

const id = /^\/projects\/(\d+)/.exec(location.pathname)?.[1];
let generation;
let activity;
let timeline;
let files;
let messages;
let contacts;
let user;

/** Stored answers are text; several choices are a JSON list of text, files one of their ids and names. */
function answerText(value) {
  if (Array.isArray(value) && value[0]?.id) return value.flatMap((file, index) => [index ? ', ' : '', el('a', { href: `/api/files/${file.id}` }, file.name)]);
  if (Array.isArray(value)) return value.join(', ');
  if (typeof value === 'string' && value.startsWith('[')) {
    try {
      const list = JSON.parse(value);
      if (Array.isArray(list)) return list.join(', ');
    } catch { /* it is text after all */ }
  }
  return String(value ?? '');
}

function drawHead({ project, service }) {
  text($('#project-name'), project.name);
  document.title = titled(project.name);
  text($('#project-status'), projectStatus(project)[0]);
  text($('#project-service'), `${service?.name ?? project.service} (${peso(project.price)})`);
  text($('#project-timeline'), project.timeline || service?.timeline || t('To be agreed'));
  text($('#project-started'), date(project.createdAt));
  show($('#project-client-fact'), isStaff(user));
  if (isStaff(user)) text($('#project-client'), [project.clientName, project.clientEmail, project.clientPhone].filter(Boolean).join(', '));
}

function drawAnswers({ project, answers }) {
  const pairs = [[t('Your project'), project.description], ...answers.map((answer) => [answer.questionText, [answerText(answer.answerValue), answer.priceModifier && el('span', { class: 'adds' }, added(answer.priceModifier))].flat().filter(Boolean)])];
  renew($('#answers dl'), pairs.map(([question, answer]) => el('div', {}, el('dt', {}, question), el('dd', {}, ...[answer].flat()))));
}

function draw(details) {
  const { project, tasks = [], payments = [] } = details;
  const live = isLive(details.generation);
  drawHead(details);
  show($('#draft-note'), Boolean(project.draft ?? details.generation?.draft) && !live);
  drawDocument(project.prdHtml ?? details.generation?.prdHtml ?? '', live);
  drawTasks(tasks, { staff: isStaff(user) && !looksOn(user), writing: live });
  $('#to-board').href = `/admin/board?project=${id}`;
  show($('#to-board'), isStaff(user));
  for (const list of ['tasks', 'asks', 'timeline', 'answers']) offerCsv(list, `/api/projects/${id}/${list}`, isStaff(user));
  offerCsv('payments', '/api/admin/payments', isStaff(user), `?state=all&project=${id}`);
  drawAnswers({ answers: [], ...details });
  drawPayment(project, payments, isStaff(user));
  generation.draw(details.generation);
  return live;
}

async function load() {
  // What the timeline says stands at the top, so the page is shown when both are there; a timeline that fails says so in its place.
  const dates = get(`/api/projects/${id}/timeline`).then((line) => () => line, (error) => () => { throw error; });
  contacts ??= new Contacts(id);
  const mine = contacts.load(); // what somebody may do here is known before they are shown it
  const details = await get(`/api/projects/${id}/details`);
  const line = await dates;
  $('#project-body').classList.toggle('looks-only', await mine === 'view' || looksOn(user));
  show($('#project-body'));
  timeline ??= new Timeline(id, isStaff(user));
  timeline.load(line);
  if (draw(details)) generation.follow();
  const coming = [talk(details)];
  activity ??= new Activity(id, isStaff(user));
  if (!activity.newest) coming.push(activity.load());
  goTo(coming);
}

/** To the part that the address names: now that it is here, and again when all above it has come, unless somebody moved since. */
function goTo(coming) {
  if (!location.hash || !document.getElementById(decodeURIComponent(location.hash.slice(1)))) return;
  location.replace(location.hash);
  let moved = false;
  for (const sign of ['wheel', 'touchstart', 'pointerdown', 'keydown']) addEventListener(sign, () => { moved = true; }, { once: true, passive: true });
  Promise.allSettled(coming).then(() => { if (!moved) location.replace(location.hash); });
}

/** Messages and files are asked for once the page stands. */
function talk({ project, tasks = [], payments = [] }) {
  let coming;
  if (!files) {
    files = new Files(id, isStaff(user));
    messages = new Messages(id, isStaff(user), () => files.refresh());
    coming = Promise.allSettled([files.load(), messages.load()]);
  }
  messages.titled(titled(project.name));
  messages.topics(tasks, payments);
  return coming;
}

function gone() {
  text($('#project-name'), t('Project not found'));
  show($('#project-facts'), false);
  show($('#parts'), false);
  $('#project-error').replaceChildren(notice('warn', el('p', {}, t('There is no such project, or it belongs to another account.')), el('a', { href: '/dashboard' }, t('Go to your dashboard'))));
}

attempt($('#project-error'), async () => {
  user = await header();
  generation = generation ?? new Generation(id, async (state) => {
    const details = await get(`/api/projects/${id}/details`);
    draw({ ...details, generation: details.generation ?? state });
    timeline?.load();
    talk(details);
    activity?.refresh().catch(() => {});  // the page is whole without its news
    text($('#tasks-said'), state.state === 'ready' ? t('Your plan is ready.') : '');
  });
  try {
    await load();
  } catch (error) {
    if (error.status !== 404) throw error;
    gone();
  }
}).then(() => {
  generation?.listen();
  followSections($('#parts'));
});

// Something was changed on this page: what follows from it is asked for anew.
addEventListener('project-noted', () => activity?.refresh().catch(() => {}));
addEventListener('project-changed', async () => {
  timeline?.load();
  activity?.refresh().catch(() => {});
  const details = await get(`/api/projects/${id}/details`).catch(() => null);
  if (details) drawHead(details);
});
$('#print').addEventListener('click', () => print());

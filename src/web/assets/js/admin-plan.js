// A project's plan written anew: the prompt is looked at, the new version compared and chosen from, old versions brought back.
import { agencyName } from './agency.js';
import { explain, get, post } from './api.js';
import { $, $$, el, focusOn, show, text } from './dom.js';
import { ago, dateTime, plural } from './format.js';
import { busy, clearErrors, forgiveOnInput, showFailure } from './form.js';
import { attempt, notice } from './view.js';
import { lineDiff } from './admin/line-diff.js';
import { looking, office } from './admin/shell.js';
import { taskWords } from './project/status.js';
import { said, t } from './words.js';

const project = Number(new URLSearchParams(location.search).get('project')) || 0;
const base = `/api/admin/plans/${project}`;
const ACTIONS = { found: t('As it was, edits by hand included'), written: t('Written'), applied: t('Chosen from a new version'), restored: t('Restored') };
let state = null;
let prompt = null;
let timer = 0;
let asked = 0;

function refuse(error) {
  $('#refused').replaceChildren(notice('bad', el('p', { role: 'alert' }, explain(error))));
  focusOn($('#refused .notice'));
}

const difference = (before, after) => {
  const lines = lineDiff(before ?? '', after ?? '');
  const kept = lines.filter((one, at) => one.kind !== 'same' || lines.slice(Math.max(0, at - 1), at + 2).some((near) => near.kind !== 'same'));
  return el('div', { class: 'diff', role: 'region', 'aria-label': t('Difference of the documents'), tabindex: '0' }, kept.length
    ? kept.map(({ kind, line }) => (kind === 'same' ? el('p', {}, line || ' ') : el(kind === 'gone' ? 'del' : 'ins', {}, el('span', { class: 'unseen' }, kind === 'gone' ? t('Gone: ') : t('New: ')), line || ' ')))
    : el('p', { class: 'soft' }, t('They are the same.')));
};

function choice(name, label, options, value) {
  const id = `choice-${name}`;
  const control = el('select', { class: 'input', id, 'data-choice': name }, options.map(([option, words]) => el('option', { value: option }, words)));
  control.value = value;
  return [el('label', { class: 'unseen', for: id }, label), control];
}

function total(place) {
  const keeps = $$('[data-choice]', place).filter((one) => one.value === 'keep' || one.value === 'take' || one.value === 'add').length;
  text($('[data-total]', place), t`${plural(keeps, 'task')} chosen; a plan has 15 to 25.`);
}

const PRIORITIES = { high: t('High'), medium: t('Medium'), low: t('Low') };

/** What the new version says otherwise of a task, as rows of a list. */
function changed(task, next) {
  const parts = [[t('Title'), (one) => one.title], [t('Description'), (one) => one.description], [t('Section'), (one) => one.section], [t('Priority'), (one) => PRIORITIES[one.priority] ?? one.priority],
    [t('Hours estimated'), (one) => `${one.hours} h`]];
  return parts.filter(([, of]) => of(task) !== of(next)).map(([name, of]) => el('div', {}, el('dt', {}, name),
    el('dd', {}, el('del', {}, el('span', { class: 'unseen' }, t('was ')), of(task)), ' ', el('ins', {}, el('span', { class: 'unseen' }, t('became ')), of(next)))));
}

async function drawProposal(generation) {
  const found = await get(`${base}/proposals/${generation.id}`);
  const { plan, progress } = state;
  const newer = new Map(found.matches.map((id, at) => [id, at]).filter(([id]) => id !== null));
  const both = plan.tasks.filter((task) => newer.has(task.id));
  const gone = found.tasks.length ? plan.tasks.filter((task) => !newer.has(task.id)) : plan.tasks;
  const come = found.tasks.map((task, at) => ({ ...task, at })).filter((task) => found.matches[task.at] === null);
  const begun = (task) => progress[task.id].status !== 'pending';
  const now = (task) => el('span', { class: 'soft small' }, ` · ${task.section} · ${taskWords[progress[task.id].status]} · ${task.hours} h`);
  const place = $('#proposal-place');
  const row = (name, ...parts) => el('li', { class: 'choice-row', 'data-row': name }, ...parts);
  const body = el('form', { id: 'choose', 'aria-labelledby': 'proposal-title' },
    el('p', { class: 'soft' }, generation.draft ? t`By the built-in planner, ${ago(generation.at)}.` : t`By the model, ${ago(generation.at)}.`, generation.error && ` ${said(generation.error)}`),
    found.prd !== null && el('div', {}, el('h3', {}, t('The document')), difference(plan.prd, found.prd),
      el('label', { class: 'choice' }, el('input', { type: 'checkbox', id: 'take-prd', checked: true }), el('span', {}, t('Take the new document')))),
    both.length > 0 && el('div', {}, el('h3', {}, t`In both (${both.length})`), el('ul', { role: 'list' }, both.map((task) => {
      const changes = changed(task, found.tasks[newer.get(task.id)]);
      const keep = [['keep', t('Keep as it is')], changes.length > 0 && ['take', t('Keep, in the new words')], ['retire', t('Retire')]].filter(Boolean);
      return row(`task-${task.id}`, el('div', {}, el('p', {}, el('strong', {}, task.title), now(task)), changes.length > 0 && el('dl', { class: 'changes' }, changes)),
        el('div', {}, ...choice(`task-${task.id}`, task.title, keep, begun(task) || !changes.length ? 'keep' : 'take')));
    }))),
    come.length > 0 && el('div', {}, el('h3', {}, t`Only in the new version (${come.length})`), el('ul', { role: 'list' }, come.map((task) => row(`new-${task.at}`,
      el('div', {}, el('p', {}, el('strong', {}, task.title), el('span', { class: 'soft small' }, ` · ${task.section} · ${task.hours} h`)), el('p', { class: 'small soft' }, task.description)),
      el('div', {}, ...choice(`new-${task.at}`, task.title, [['add', t('Add')], ['leave', t('Leave out')]], 'add')))))),
    gone.length > 0 && found.tasks.length > 0 && el('div', {}, el('h3', {}, t`Only in the plan as it is (${gone.length})`), el('ul', { role: 'list' }, gone.map((task) => row(`task-${task.id}`,
      el('p', {}, el('strong', {}, task.title), now(task)),
      el('div', {}, ...choice(`task-${task.id}`, task.title, [['keep', t('Keep')], ['retire', t('Retire')]], begun(task) ? 'keep' : 'retire')))))),
    found.tasks.length > 0 && el('p', { class: 'soft small', 'data-total': '', role: 'status' }),
    el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
    el('div', { class: 'actions row for-changes' }, el('button', { type: 'submit', class: 'button' }, t('Apply what is chosen')),
      el('button', { type: 'button', class: 'button quiet', id: 'dismiss', onclick: (event) => busy(event.currentTarget, t('Dismissing…'), async () => {
        try { await draw(await post(`${base}/proposals/${generation.id}/dismiss`, {})); text($('#said'), t('The new version is dismissed. The plan is as it was.')); } catch (error) { refuse(error); }
      }) }, t('Dismiss it'))));
  place.replaceChildren(body);
  if (found.tasks.length) { total(body); body.addEventListener('change', () => total(body)); }
  body.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(body);
    const of = (name) => $(`[data-choice="${name}"]`, body)?.value ?? 'keep';
    const with_ = (task) => ({ task: task.id, version: progress[task.id].version });
    busy($('[type=submit]', body), t('Applying…'), async () => {
      try {
        await draw(await post(`${base}/proposals/${generation.id}/apply`, {
          prd: $('#take-prd', body)?.checked ?? false,
          keep: plan.tasks.filter((task) => of(`task-${task.id}`) !== 'retire').map((task) => ({ ...with_(task), proposed: of(`task-${task.id}`) === 'take' ? newer.get(task.id) + 1 : null })),
          retire: plan.tasks.filter((task) => of(`task-${task.id}`) === 'retire').map(with_),
          add: come.filter((task) => of(`new-${task.at}`) === 'add').map((task) => task.at + 1),
        }));
        text($('#said'), t('The plan is changed. What it was is kept as a version.'));
        focusOn($('#versions-title'));
      } catch (error) {
        showFailure(body, error);
      }
    });
  });
}

async function loadVersions(cursor) {
  const now = ++asked;
  const { versions, next } = await get(`${base}/versions${cursor ? `?cursor=${cursor}` : ''}`);
  if (now !== asked) return; // the plan was changed meanwhile
  const rows = versions.map((one, at) => {
    const inside = el('div', {});
    const details = el('details', {}, el('summary', {}, t('Show it')), inside);
    details.addEventListener('toggle', () => { if (details.open && !inside.hasChildNodes()) attempt(inside, async () => {
      const version = await get(`${base}/versions/${one.version}`);
      inside.replaceChildren(el('h3', {}, t('Document, against the one there is')), difference(state.plan.prd, version.prd), el('h3', {}, plural(version.tasks.length, 'task')),
        el('ol', {}, version.tasks.map((task) => el('li', {}, task.title, el('span', { class: 'soft small' }, ` · ${task.section} · ${task.hours} h`)))));
    }); });
    return el('li', { 'data-version': one.version }, el('p', {}, el('strong', {}, t`Version ${one.version}`), ` · ${ACTIONS[one.action] ?? one.action}${one.restoredFrom ? t` from version ${one.restoredFrom}` : ''}${one.by ? t` by ${one.by}` : ''}, `,
      el('time', { datetime: one.at, title: dateTime(one.at) }, ago(one.at)), ` · ${plural(one.tasks, 'task')}`), details,
    (at > 0 || cursor) && !looking && el('button', { type: 'button', class: 'button quiet short', 'data-restore': one.version, onclick: (event) => busy(event.currentTarget, t('Restoring…'), async () => {
      try {
        await draw(await post(`${base}/versions/${one.version}/restore`, {}));
        text($('#said'), t`Version ${one.version} is back. How far its tasks are, stays.`);
        focusOn($('#versions-title'));
      } catch (error) { refuse(error); }
    }) }, t`Restore version ${one.version}`));
  });
  if (cursor) { $('#versions-list').append(...rows); $('summary', rows[0])?.focus(); } else $('#versions-list').replaceChildren(...rows);
  show($('#no-versions'), !$('#versions-list').children.length);
  show($('#more-versions'), next !== null);
  $('#more-versions').onclick = (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#versions-failed'), () => loadVersions(next)));
}

/** Answers when its versions are there, too. */
function draw(answer) {
  state = answer;
  clearTimeout(timer);
  $('#refused').replaceChildren();
  text($('#project-name'), state.project.name);
  document.title = `${state.project.name} – ${t('Back office')} – ${agencyName}`;
  const generation = state.generation;
  const live = generation && (generation.state === 'queued' || generation.state === 'running');
  const waits = generation?.proposal && generation.state === 'ready' && !generation.outcome;
  show($('#anew'), !live && !waits && !looking);
  show($('#proposal'), Boolean(live || waits));
  show($('#versions'));
  if (live) {
    text($('#proposal-title'), t('A new version is being written'));
    const place = $('#proposal-place');
    if (!$('progress', place)) place.replaceChildren(el('progress', { max: 100, 'aria-labelledby': 'proposal-title' }), el('p', { class: 'soft small', role: 'status' }, t('You can leave this page: it goes on.')));
    $('progress', place).value = generation.progress;
    timer = setTimeout(async () => draw(await get(base).catch(() => state)), 1500);
  } else if (waits) {
    text($('#proposal-title'), t('Choose from the new version'));
    attempt($('#proposal-place'), () => drawProposal(generation));
  }
  if (generation?.proposal && generation.state === 'failed') $('#refused').replaceChildren(notice('bad', el('p', {}, [t('The new version could not be written.'), said(generation.error ?? '')].join(' '))));
  return live && $('#versions-list').children.length ? null : attempt($('#versions-failed'), () => loadVersions());
}

const wanted = () => ({ scope: $('#scope').value, wishes: $('#wishes').value });
const form = $('#anew-form');
forgiveOnInput(form);
form.addEventListener('submit', (event) => {
  event.preventDefault();
  clearErrors(form);
  busy($('[type=submit]', form), t('Loading…'), async () => {
    try {
      const asked = wanted();
      prompt = { ...asked, ...(await post(`${base}/prompt`, asked)) };
      text($('#preview-model'), prompt.model ? t`To ${prompt.model}, in these words.` : t('No key for Gemini is set: the built-in planner will write instead, and nothing is sent.'));
      $('#preview-texts').replaceChildren(...[['prd', t('For the document')], ['tasks', t('For the tasks')]].filter(([part]) => prompt[part]).map(([part, label]) => el('div', {}, el('h4', {}, label),
        el('pre', { class: 'prompt', tabindex: '0', role: 'region', 'aria-label': t`${label}: instruction and request` }, `${prompt[part].instruction}\n\n${prompt[part].request}`))));
      show(form, false);
      show($('#preview'));
      focusOn($('#preview-title'));
    } catch (error) {
      showFailure(form, error);
    }
  });
});
const back = () => { show($('#preview'), false); show(form); };
$('#send-not').addEventListener('click', () => { back(); $('#wishes').focus(); });
$('#send').addEventListener('click', (event) => busy(event.currentTarget, t('Sending…'), async () => {
  try {
    text($('#said'), '');
    await post(`${base}/proposals`, { scope: prompt.scope, wishes: prompt.wishes, mark: prompt.mark });
    await draw(await get(base));
    back();
    focusOn($('#proposal-title'));
  } catch (error) { refuse(error); }
}));

office(() => attempt($('#failed'), async () => {
  $('#to-board').href = `/admin/board?project=${project}`;
  $('#versions-csv').href = `${base}/versions/csv`;
  await draw(await get(base));
}));

// The installation's tenants, for who owns it: made, renamed, suspended, exported, deleted; and how far what was ordered has come.
import { ApiError, get, patch, post } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { busy, clearErrors, forgiveOnInput, showFailure } from './form.js';
import { ago, bytes, dateTime, plural } from './format.js';
import { attempt, notice } from './view.js';
import { askedInAddress } from './admin/asked.js';
import { checkField, checkedIn, choiceField, linesField, linesIn, textField, valueOf } from './admin/fields.js';
import { forgetAgencies, header } from './session.js';
import { nameOf } from './languages.js';
import { language, t } from './words.js';

const list = $('#tenants');
const filters = $('#filters');
const open = (job) => job?.state === 'queued' || job?.state === 'running';
const WORDS = { create: (name) => t`Make ${name}`, export: (name) => t`Export ${name}`, delete: (name) => t`Delete ${name}` };
const STAGES = {
  schema: t('making schema, role and tables'), demo: t('writing the demo content'), owner: t('giving it to its owner'), archive: t('writing the archive'), files: t('keeping the files'),
  drop: t('taking it out of the database'), undo: t('taking away what was begun'),
};
const FAILURES = {
  'archive-failed': t('The archive could not be written.'), 'demo-failed': t('The demo content could not be written.'), 'drop-failed': t('It could not be taken out of the database.'),
  'files-failed': t('Its files could not be kept, so nothing was deleted.'), 'no-place': t('The server has no place for the archive.'),
  'not-suspended': t('It is not suspended any more, so it was left as it is.'), other: t('It did not work.'), 'owner-disabled': t('The account with the owner’s address is disabled.'),
  'owner-failed': t('It could not be given to its owner.'), 'schema-failed': t('Schema, role and tables could not be made.'), taken: t('There is a tenant of this short name already.'),
  'worn-out': t('It was begun several times and never came to its end.'),
};
const STATES = { queued: t('waits'), running: t('at work'), done: t('done'), failed: t('failed') };
let next = null;
let nextJobs = null;
let heldJobs = [];
let timer = 0;
let me = null;

const hostLink = (host) => el('a', { href: `${location.protocol}//${host}${location.port && !host.includes(':') ? `:${location.port}` : ''}/` }, host);

// What was ordered

function jobRow(job) {
  const words = job.state === 'running' && STAGES[job.stage] ? STAGES[job.stage] : STATES[job.state];
  return el('li', { class: 'card lead-row', 'data-job-id': job.id, 'data-state': job.state },
    el('div', { class: 'row' }, el('span', { class: 'lead-who' }, WORDS[job.kind](job.name ?? job.slug)),
      el('span', { class: `chip ${{ done: 'good', failed: 'bad' }[job.state] ?? ''}` }, words), el('span', { class: 'soft small' }, ago(job.createdAt)),
      job.kind === 'export' && job.available && el('a', { href: `/api/platform/exports/${job.id}`, download: '' }, t`Download ${job.slug} (${bytes(job.size)})`)),
    open(job) && el('progress', { 'aria-label': WORDS[job.kind](job.slug) }),
    job.waiting && el('p', { class: 'notice warn' }, t('Nobody has taken this up yet. The service that does it seems not to run: lunaxcode-tenants, or scripts/migrate tenants work.')),
    job.state === 'failed' && el('div', { class: 'notice bad' }, el('p', { 'data-failure': job.failure }, FAILURES[job.failure] ?? FAILURES.other, job.kind === 'create' ? t(' Nothing of it is left.') : ''),
      job.error && el('details', {}, el('summary', { class: 'small' }, t('What the server noted, for support')), el('p', { class: 'small as-written', lang: 'en' }, job.error))),
    job.kept && el('p', { class: 'soft small' }, t`Kept in the backup ${job.kept}.`));
}

let shownJobs = '';

async function loadJobs(cursor) {
  const answer = await get(`/api/platform/jobs${cursor ? `?cursor=${cursor}` : ''}`);
  if (!cursor && shownJobs === JSON.stringify(answer)) return answer.jobs; // the keyboard's place stays where it is
  shownJobs = cursor ? '' : JSON.stringify(answer);
  const rows = answer.jobs.map(jobRow);
  const few = cursor ? rows.length : Math.max(5, answer.jobs.filter(open).length);
  if (cursor) $('#jobs').append(...rows); else $('#jobs').replaceChildren(...rows.slice(0, few));
  heldJobs = rows.slice(few);
  nextJobs = answer.next;
  show($('#more-jobs'), heldJobs.length > 0 || nextJobs !== null);
  show($('#no-jobs'), !$('#jobs').children.length);
  return answer.jobs;
}

/** Those that came along first, then the next page. */
async function moreJobs() {
  if (!heldJobs.length) { await loadJobs(nextJobs); return; }
  $('#jobs').append(...heldJobs);
  heldJobs = [];
  shownJobs = '';
  show($('#more-jobs'), nextJobs !== null);
}

/** Looks again every two seconds while something is under way, and loads the list anew when it is over. */
function follow(jobs) {
  clearTimeout(timer);
  const under = jobs.filter(open).map((job) => job.id);
  if (!under.length) return;
  timer = setTimeout(async () => {
    const later = await loadJobs().catch(() => jobs);
    const over = later.filter((job) => under.includes(job.id) && !open(job));
    if (over.length) {
      forgetAgencies(me);
      header();
      text($('#work-said'), over.map((job) => `${WORDS[job.kind](job.slug)}: ${STATES[job.state]}.`).join(' '));
      if (!(list.contains(document.activeElement) && document.activeElement.matches('input, textarea'))) await load().catch(() => {}); // who types there goes on
    }
    follow(later);
  }, 2000);
}

const ordered = async (words) => {
  follow(await loadJobs());
  text($('#work-said'), words);
  focusOn($('#work-title'));
};

// Tenants

function formOf(label, fields, button, send, { kind = 'quiet' } = {}) {
  const form = el('form', { 'aria-label': label, novalidate: true }, fields, el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: `button ${kind}`.trim() }, button)));
  forgiveOnInput(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    busy($('[type=submit]', form), t('One moment…'), async () => {
      try { await send(form); } catch (error) { showFailure(form, error); }
    });
  });
  return form;
}

function deletion(tenant) {
  const missing = [tenant.isDefault && t('it is the default tenant'), tenant.status !== 'suspended' && t('suspend it first'), !tenant.export && t('export it first')].filter(Boolean);
  if (missing.length) return el('p', { class: 'soft', 'data-not-yet': '' }, t`It cannot be deleted yet: ${missing.join(', ')}.`);
  return formOf(t`Delete ${tenant.slug}`, [el('p', { class: 'soft' }, t`Schema, role and ${plural(tenant.projects ?? 0, 'project')} go. A backup is kept on the server.`),
    textField('confirm', t`Type ${tenant.slug} to delete it`, '', { required: true, maxlength: 63 })], t`Delete ${tenant.slug}`, async (form) => {
    await post(`/api/platform/tenants/${tenant.id}/deletion`, { confirm: valueOf(form, 'confirm') });
    await load();
    await ordered(t`${tenant.slug} will be deleted.`);
  }, { kind: 'danger' });
}

/** What the agency asks for, with the two answers to it. Each is for the host that is shown here: another one meanwhile is refused. */
function request(tenant, changed) {
  const { host, askedAt, askedBy } = tenant.hostRequest;
  const path = `/api/platform/tenants/${tenant.id}/host-request`;
  const answered = async (words) => { await changed(words); await loadAsking(); focusOn($('#said')); };
  return el('section', { class: 'notice warn', 'data-host-request': host, 'aria-label': t`Domain that ${tenant.slug} asks for` },
    el('p', {}, el('strong', {}, host)),
    el('p', {}, askedBy ? t`${askedBy} asked for this domain on ${dateTime(askedAt)}.` : t`This domain was asked for on ${dateTime(askedAt)}.`),
    el('p', { class: 'small' }, t('Confirm it once its DNS record leads to this server, and the web server has the name and a certificate for it. The hosts below stay.')),
    formOf(t`Confirm the domain of ${tenant.slug}`, [], t`Confirm ${host}`, async () => {
      await post(`${path}/confirm`, { host });
      await answered(t`${host} leads to ${tenant.name} now.`);
    }, { kind: '' }),
    formOf(t`Decline the domain of ${tenant.slug}`, [textField('reason', t('Reason, which the agency reads'), '', { required: true, maxlength: 500, rows: 2 })], t('Decline'), async (form) => {
      await post(`${path}/decline`, { host, reason: valueOf(form, 'reason') });
      await answered(t`${host} is declined.`);
    }, { kind: 'danger' }));
}

/** Those that wait are said on top, however far down the list they stand. */
async function loadAsking() {
  const { tenants, next: further } = await get('/api/platform/tenants?status=asking&limit=5');
  const look = (tenant) => el('button', { type: 'button', class: 'button quiet short', 'aria-label': t`Look at the domain that ${tenant.name} asks for`, onclick: () => {
    $('#q').value = '';
    $('#status').value = 'asking';
    return attempt($('#failed'), () => load(undefined, tenant.id));
  } }, t('Look at it'));
  $('#asking-list').replaceChildren(...tenants.map((tenant) => el('li', { class: 'row' }, el('span', {}, `${tenant.name}: ${tenant.hostRequest.host}`), look(tenant))),
    ...(further === null ? [] : [el('li', {}, t('There are more: choose the status “Asks for a domain” below.'))]));
  show($('#asking'), tenants.length > 0);
}

function row(tenant, opened = false) {
  const suspended = tenant.status === 'suspended';
  const changed = async (words) => { await load(undefined, tenant.id); text($('#said'), words); };
  const act = (button, words, send) => busy(button, t('One moment…'), async () => {
    try { await send(); if (words) await changed(words); } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      text($('#said'), error.detail);
      focusOn($('#said'));
    }
  });
  const body = el('div', { class: 'lead-body' }, tenant.hostRequest && request(tenant, changed),
    el('dl', { class: 'changes' }, [[t('Short name'), tenant.slug], [t('Made'), dateTime(tenant.createdAt)], [t('Projects'), String(tenant.projects ?? t('unknown'))], [t('People'), String(tenant.people)], [t('In the database'), bytes(tenant.bytes)]]
      .map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))), el('div', {}, el('dt', {}, t('Hosts')), el('dd', {}, tenant.hosts.length ? tenant.hosts.map((host, i) => [i ? ', ' : '', hostLink(host)]) : t('none'), tenant.isDefault && (tenant.hosts.length ? t(', and every other host') : t(', but every host that no other has'))))),
    formOf(t`Name and hosts of ${tenant.slug}`, [textField('name', t('Name'), tenant.name, { required: true, maxlength: 100 }),
      linesField('hosts', t('Hosts, one a line'), tenant.hosts, { rows: 3, hint: t('Names that lead to this server, such as agency.example.') })], t('Save name and hosts'), async (form) => {
      const hosts = linesIn(form, 'hosts');
      await patch(`/api/platform/tenants/${tenant.id}`, { name: valueOf(form, 'name'), ...(hosts.length || !tenant.isDefault ? { hosts } : {}) });
      await changed(t`${tenant.slug} is saved.`);
    }),
    el('div', { class: 'row' },
      el('button', { type: 'button', class: 'button quiet', 'data-act': suspended ? 'resume' : 'suspend', onclick: (event) => act(event.currentTarget, suspended ? t`${tenant.slug} is open again.` : t`${tenant.slug} is suspended; everybody there is signed out.`,
        () => patch(`/api/platform/tenants/${tenant.id}`, { status: suspended ? 'active' : 'suspended' })) }, suspended ? t('Open it again') : t('Suspend')),
      !open(tenant.job) && el('button', { type: 'button', class: 'button quiet', 'data-act': 'export', onclick: (event) => act(event.currentTarget, '', async () => {
        await post(`/api/platform/tenants/${tenant.id}/export`);
        await ordered(t`${tenant.slug} will be exported.`);
      }) }, t('Export')),
      tenant.export && el('a', { class: 'button quiet', href: `/api/platform/exports/${tenant.export.id}`, download: '' }, t`Download the export of ${dateTime(tenant.export.finishedAt)}`)),
    deletion(tenant));
  return el('li', { class: 'card lead-row', 'data-tenant': tenant.slug, 'data-status': tenant.status }, el('details', { open: opened },
    el('summary', {}, el('span', { class: 'lead-who' }, tenant.name), el('span', { class: 'soft small' }, [tenant.hosts[0] ?? (tenant.isDefault ? t('every other host') : t('no host')), plural(tenant.projects ?? 0, 'project'), bytes(tenant.bytes)].join(' · ')),
      tenant.isDefault && el('span', { class: 'chip' }, t('Default')), tenant.hostRequest && el('span', { class: 'chip warn' }, t('Asks for a domain')), el('span', { class: `chip ${suspended ? 'warn' : 'good'}` }, suspended ? t('Suspended') : t('Open'))), body));
}

let asked = 0;

async function load(cursor, opened) {
  const mine = ++asked;
  const query = new URLSearchParams(Object.entries({ ...Object.fromEntries(new FormData(filters)), ...(cursor ? { cursor } : {}) }).filter(([, value]) => value !== ''));
  const answer = await get(`/api/platform/tenants?${query}`);
  if (mine !== asked) return; // another choice was made meanwhile
  const unfolded = opened ?? answer.tenants.find((one) => $(`[data-tenant="${CSS.escape(one.slug)}"] details[open]`))?.id;
  const rows = answer.tenants.map((one) => row(one, one.id === unfolded));
  if (cursor) { list.append(...rows); $('summary', rows[0])?.focus(); } else list.replaceChildren(...rows);
  if (opened) $('details[open] summary', list)?.focus();
  next = answer.next;
  show($('#more'), next !== null);
  show($('#none'), !list.children.length);
  $('#csv').href = `/api/platform/tenants/csv?${new URLSearchParams(new FormData(filters))}`;
  if (!cursor) text($('#said'), !rows.length ? t('No tenants like these.') : next === null ? `${plural(rows.length, 'tenant')}.` : t`${plural(rows.length, 'tenant')} and more.`);
}

function newForm() {
  const form = $('#new-form');
  const fields = el('div', { class: 'two' }, textField('name', t('Name of the agency'), '', { required: true, maxlength: 100 }),
    textField('slug', t('Short name'), '', { required: true, maxlength: 63, hint: t('Small letters, digits and _. It names the schema and never changes.') }),
    textField('ownerName', t('Name of its owner'), '', { required: true, maxlength: 100 }),
    textField('ownerEmail', t('E-mail address of its owner'), '', { type: 'email', required: true, maxlength: 254, hint: t('A mail goes there with a link to choose a password, or to sign in.') }));
  form.replaceChildren(fields, linesField('hosts', t('Hosts, one a line'), [], { rows: 3, required: true, hint: t('Names that lead to this server, such as agency.example.') }),
    choiceField('language', t('Language of the agency'), language, ['en', 'fil'].map((code) => [code, nameOf(code)]), { hint: t('Its own language from the start; its administrators can change it.') }),
    checkField('demo', t('With demo content'), true, t('Services, their questions and a landing page to begin from.')),
    el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }), el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'button' }, t('Make the tenant'))));
  let own = false;
  $('[name=slug]', form).addEventListener('input', () => { own = true; });
  $('[name=name]', form).addEventListener('input', (event) => {
    if (!own) $('[name=slug]', form).value = event.target.value.normalize('NFD').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^[^a-z]+|_+$/g, '').slice(0, 63);
  });
}

$('#new-form').addEventListener('submit', (event) => {
  event.preventDefault();
  const form = event.currentTarget;
  clearErrors(form);
  busy($('[type=submit]', form), t('Ordering…'), async () => {
    try {
      const job = await post('/api/platform/tenants', { name: valueOf(form, 'name'), slug: valueOf(form, 'slug'), hosts: linesIn(form, 'hosts'), ownerName: valueOf(form, 'ownerName'), ownerEmail: valueOf(form, 'ownerEmail'), demo: checkedIn(form, 'demo'), language: valueOf(form, 'language') });
      $('#new').open = false;
      newForm();
      await ordered(t`${job.name ?? job.slug} will be made.`);
    } catch (error) { showFailure(form, error); }
  });
});
forgiveOnInput($('#new-form'));
$('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#failed'), () => load(next))));
$('#more-jobs').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#failed'), moreJobs)));
askedInAddress(filters, () => attempt($('#failed'), () => load()));

async function start() {
  me = await header();
  if (!me) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
    return;
  }
  const main = $('#main');
  const denied = (error) => error instanceof ApiError && error.status === 403;
  await attempt($('#failed'), async () => {
    try {
      await load();
      await loadAsking();
      follow(await loadJobs());
      newForm();
    } catch (error) {
      if (!denied(error)) throw error;
      $('.wrap', main).replaceChildren(el('h1', {}, t('For the owner of this installation')), notice('warn', el('p', {}, t('Tenants are made and closed here by whoever runs the servers.')),
        el('a', { class: 'button quiet short', href: '/dashboard' }, t('Go to your dashboard'))));
      main.removeAttribute('aria-busy');
    }
  });
}
start();

// Leads: who began an onboarding and how far they came, a file of them, and mails to those who stopped.
import { ApiError, get, post } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { ago, date, dateTime, plural } from './format.js';
import { busy, clearErrors, forgiveOnInput, showFailure } from './form.js';
import { phase } from './moon.js';
import { attempt, notice } from './view.js';
import { t } from './words.js';
import { behind, columns } from './admin/charts.js';
import { askedInAddress } from './admin/asked.js';
import { checkField, textField, valueOf } from './admin/fields.js';
import { looking, office } from './admin/shell.js';

const STEPS = { 1: t('the description'), 2: t('the questions'), 3: t('contact and summary') };
const list = $('#leads');
const filters = $('#filters');
let next = null;

const query = (more = {}) => new URLSearchParams(Object.entries({ ...Object.fromEntries(new FormData(filters)), ...more }).filter(([, value]) => value !== ''));
const who = (lead) => lead.name || lead.email || t('Somebody without a name');

function facts(full) {
  return [
    full.description && el('div', {}, el('h2', {}, t('Description')), el('p', { class: 'as-written' }, full.description)),
    el('div', {}, el('h2', {}, t('Answers')), full.answers.length
      ? el('dl', { class: 'changes wide' }, full.answers.map((one) => el('div', {}, el('dt', {}, one.questionText), el('dd', { class: 'as-written' }, one.answerValue))))
      : el('p', { class: 'soft' }, t('No question was answered yet.'))),
    el('div', {}, el('h2', {}, t('Pages seen')), full.views.length
      ? el('ul', { class: 'plain-list small', role: 'list' }, full.views.map((view) => el('li', {}, view.path, view.referrer && el('span', { class: 'soft' }, t(' from'), ` ${view.referrer}`), el('span', { class: 'soft' }, ` · ${dateTime(view.at)}`))))
      : el('p', { class: 'soft' }, t('None were noted.'))),
    full.followUps.length > 0 && el('div', {}, el('h2', {}, t('Mails to them')), el('ul', { class: 'plain-list', role: 'list' }, full.followUps.map((mail) => el('li', {},
      el('p', {}, el('strong', {}, mail.subject), t` · ${mail.by ?? t('somebody')} to ${mail.to}, ${dateTime(mail.at)}`), el('p', { class: 'as-written soft' }, mail.message))))),
  ];
}

function mailForm(full, done) {
  if (full.status === 'claimed') return el('p', {}, t('This has become a project. '), full.projectId && el('a', { href: `/projects/${full.projectId}` }, t('Open the project')));
  if (!full.email) return el('p', { class: 'soft' }, t('There is no e-mail address to write to.'));
  const form = el('form', { 'aria-label': t`Mail to ${full.email}`, novalidate: true }, el('h2', {}, t`Write to ${full.email}`),
    textField('subject', t('Subject'), full.serviceName ? t`Your ${full.serviceName} project` : t('Your project'), { required: true, maxlength: 150 }),
    textField('message', t('Message'), '', { required: true, rows: 5, maxlength: 4000, hint: t('Below it stands a button that leads back to the form.') }),
    el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'button' }, t('Send the mail'))));
  let again = false;
  forgiveOnInput(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    busy($('[type=submit]', form), t('Sending…'), async () => {
      try {
        done(await post(`/api/admin/leads/${full.id}/follow-up`, { subject: valueOf(form, 'subject'), message: valueOf(form, 'message'), again }));
      } catch (error) {
        if (error instanceof ApiError && error.fields.again) {
          again = true;
          error.fields = {};
          error.detail = t('A mail went to this person within the last day. Press the button again if another one shall go out.');
        }
        showFailure(form, error);
      }
    });
  });
  return form;
}

const ACCOUNTS = {
  invited: (email) => t`${email} was mailed a link to choose a password with. It works for seven days.`,
  joined: (email) => t`${email} has an account already, and was told by mail.`,
  member: (email) => t`${email} is a client here already, and was told by mail.`,
  theirs: (email) => t`It belongs to the account that has the draft; ${email} was told by mail.`,
  already: () => t('It had become a project already.'),
};

/** The client's details, filled with what the draft has, and one button that makes the project. */
function convertForm(full) {
  if (looking || full.status === 'claimed') return null;
  const form = el('form', { 'aria-label': t('Make a project of this draft'), novalidate: true },
    el('p', {}, t('The price is the service’s and what the answers add to it. The plan is written at once, and the client is mailed the way to the project.')),
    textField('clientName', t('Client’s name'), full.name, { required: true, maxlength: 200 }),
    textField('clientEmail', t('Client’s e-mail address'), full.email, { required: true, type: 'email', maxlength: 254 }),
    textField('clientPhone', t('Phone'), full.phone, { type: 'tel', maxlength: 40 }),
    textField('description', t('Description'), full.description, { required: true, rows: 4, maxlength: 10000 }),
    full.missing.length > 0 && checkField('incomplete', t('Go on without the answers that are missing'), false, full.missing.join(' · ')),
    el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
    el('div', { class: 'actions' }, el('button', { type: 'submit', class: 'button' }, t('Make the project'))));
  const box = el('details', { class: 'convert' }, el('summary', { class: 'button quiet short' }, t('Make a project of this draft')), form);
  forgiveOnInput(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    busy($('[type=submit]', form), t('Making it…'), async () => {
      try {
        const email = valueOf(form, 'clientEmail').trim();
        const made = await post(`/api/admin/leads/${full.id}/convert`, { clientName: valueOf(form, 'clientName'), clientEmail: email, clientPhone: valueOf(form, 'clientPhone'),
          description: valueOf(form, 'description'), incomplete: Boolean($('[name=incomplete]', form)?.checked) });
        const done = notice('good', el('p', {}, t('The project is made. '), ACCOUNTS[made.account]?.(email) ?? ''), el('a', { class: 'button quiet short', href: made.redirectUrl }, t('Open the project')));
        done.dataset.converted = made.projectId;
        box.parentElement.replaceChildren(done);
        focusOn(done);
      } catch (error) {
        showFailure(form, error);
      }
    });
  });
  return box;
}

function row(lead) {
  const body = el('div', { class: 'lead-body' });
  const draw = (full, said) => {
    body.replaceChildren(...facts(full).filter(Boolean), convertForm(full) ?? '', looking ? '' : mailForm(full, (after) => draw(after, t`The mail to ${after.email} is on its way.`)));
    if (said) { text($('#said'), said); body.append(el('p', { class: 'notice good' }, said)); focusOn(body.lastElementChild); }
  };
  const details = el('details', {}, el('summary', {}, phase(lead.status === 'claimed' ? 1 : lead.step / 4),
    el('span', { class: 'lead-who' }, who(lead)),
    el('span', { class: 'soft small' }, [lead.serviceName ?? t('no service'), lead.status === 'claimed' ? t('became a project') : t`came to ${STEPS[lead.step]}`, plural(lead.answers, 'answer'), ago(lead.updatedAt)].join(' · ')),
    lead.followUps > 0 && el('span', { class: 'chip' }, plural(lead.followUps, 'mail')), lead.status === 'claimed' && el('span', { class: 'chip good' }, t('Project'))), body);
  details.addEventListener('toggle', () => { if (details.open && !body.hasChildNodes()) attempt(body, async () => draw(await get(`/api/admin/leads/${lead.id}`))); });
  return el('li', { class: 'card lead-row', 'data-lead-id': lead.id }, details);
}

let asked = 0;

async function load(cursor) {
  const mine = ++asked;
  const answer = await get(`/api/admin/leads?${query(cursor ? { cursor } : {})}`);
  if (mine !== asked) return; // another choice was made meanwhile
  const rows = answer.leads.map(row);
  if (cursor) { list.append(...rows); $('summary', rows[0])?.focus(); } else list.replaceChildren(...rows);
  next = answer.next;
  $('#csv').href = `/api/admin/leads/csv?${query()}`;
  show($('#more'), next !== null);
  show($('#none'), !list.children.length);
  if (!cursor) text($('#said'), !rows.length ? t('No drafts like these.') : next === null ? `${plural(rows.length, 'draft')}.` : t`${plural(rows.length, 'draft')} and more.`);
}

$('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#failed'), () => load(next))));

/** How often the public pages were seen, day by day, which of them, and where people came from. */
async function drawViews() {
  const { total, days, pages, sources } = await get('/api/admin/stats/views');
  text($('#views-count'), t`${plural(total, 'page view')} in the last 30 days`);
  const rows = days.map(({ day, views }) => ({ label: date(`${day}T12:00:00Z`), short: String(Number(day.slice(8))), value: views, less: 0, words: plural(views, 'page view') }));
  const table = (title, head, list) => el('div', {}, el('h2', {}, title), list.length ? el('table', { class: 'figures-table' }, el('caption', { class: 'unseen' }, title),
    el('thead', {}, el('tr', {}, [head, t('Page views')].map((words) => el('th', { scope: 'col' }, words)))),
    el('tbody', {}, list.map(([name, views]) => el('tr', {}, el('th', { scope: 'row', translate: 'no' }, name), el('td', {}, String(views)))))) : el('p', { class: 'soft' }, t('None were noted.')));
  $('#views-body').replaceChildren(columns(t('Page views by day'), rows, (most) => t`Up to ${plural(most, 'page view')} a day`, []),
    behind(t('As a table'), t('Page views by day'), [t('Day'), t('Page views')], rows.map(({ label, value }) => [label, String(value)])),
    el('div', { class: 'two lead-body' }, table(t('Pages seen'), t('Page'), pages.map((one) => [one.path, one.views])), table(t('Where they came from'), t('Site'), sources.map((one) => [one.source || t('Directly, or not known'), one.views]))),
    el('p', {}, el('a', { class: 'small', href: '/api/admin/stats/views/csv', download: '', 'aria-label': t('Save the page views as CSV') }, t('Save as CSV'))));
}

office(() => attempt($('#failed'), async () => {
  const { services } = await get('/api/admin/cms/services');
  $('[name=serviceId]', filters).append(...services.map((one) => el('option', { value: one.id }, one.name)));
  attempt($('#views-body'), drawViews);
  askedInAddress(filters, () => attempt($('#failed'), () => load()));
  await load();
}));

// The staff's page about payments: what waits for them, all payments page by page, recording one, and the agency's accounts.
import { get, post } from './api.js';
import { $, $$, el, focusOn, show, text } from './dom.js';
import { busy, clearErrors, forgiveOnInput, showFailure } from './form.js';
import { centavos } from './format.js';
import { askedInAddress } from './admin/asked.js';
import { office } from './admin/shell.js';
import { attempt } from './view.js';
import { drawAccounts } from './payment/accounts.js';
import { drawItem } from './payment/desk.js';
import { t } from './words.js';

const list = $('#list');
const project = new URLSearchParams(location.search).get('project') ?? ''; // of one only, as its page asks for it
const state = $('#state'); // one of three buttons; the others of the search are fields
let next = null;

const nothing = { todo: t('Nothing waits for you.'), open: t('No payment is under way.'), all: t('There are no payments yet.') };

const query = (more = {}) => new URLSearchParams(Object.entries({ project, ...Object.fromEntries(new FormData($('#search'))), ...more }).filter(([, value]) => value !== ''));
let asked = 0;

async function load(cursor = null) {
  const mine = ++asked;
  const answer = await get(`/api/admin/payments?${query(cursor ? { cursor } : {})}`);
  if (mine !== asked) return; // another choice was made meanwhile
  for (const one of $$('#filters button')) one.setAttribute('aria-pressed', String(one.dataset.state === state.value));
  $('#csv').href = `/api/admin/payments/csv?${query()}`;
  const items = answer.payments.map((item) => drawItem(item, answer.staff, changed));
  if (cursor) {
    list.append(...items);
    $('h3 a', items[0])?.focus();
  } else {
    list.replaceChildren(...(items.length ? items : [el('p', { class: 'card soft' }, $('#q').value.trim() ? t('No payments like these.') : nothing[state.value])]));
  }
  next = answer.next ?? null;
  show($('#more'), next !== null);
}

const done = { submitted: t('The proof is there.'), reviewed: t('The proof was looked at.'), paid: t('The payment is confirmed.'), rejected: t('The payment was refused.') };

async function changed(item, payment) {
  const words = payment.refunded > item.payment.refunded ? t`${centavos(payment.refunded - item.payment.refunded)} were recorded as given back.` : done[payment.stage] ?? t('It is noted.');
  await attempt($('#desk-error'), () => load());
  text($('#desk-said'), words);
  focusOn($(`[data-payment-id="${payment.id}"] h3`) ?? $('#list-title'));
}

for (const button of $$('#filters button')) {
  button.addEventListener('click', () => {
    state.value = button.dataset.state;
    $('#search').requestSubmit();
  });
}
$('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#more-error'), () => load(next))));

askedInAddress($('#search'), () => attempt($('#desk-error'), () => load()));

const record = $('#record');
forgiveOnInput(record);
record.addEventListener('submit', (event) => {
  event.preventDefault();
  clearErrors(record);
  const value = (name) => $(`#record-${name}`).value.trim();
  busy($('button', record), t('Recording…'), async () => {
    try {
      await post('/api/admin/payments/record', { projectId: Number(value('project')) || value('project'), part: value('part'), channel: value('channel'), amount: value('amount'), reference: value('reference') });
      record.reset();
      await load();
      text($('#desk-said'), t('The payment is recorded. Somebody else of the agency confirms it.'));
      focusOn($('#list-title'));
    } catch (error) {
      showFailure(record, error);
    }
  });
});

office((user) => attempt($('#desk-error'), async () => {
  if (project) {
    $('#record-project').value = project;
    $('#only').prepend(t`Only payments of project ${project}.`, ' ');
    show($('#only'));
  }
  await load();
  show($('#desk'));
  await drawAccounts(user);
}));

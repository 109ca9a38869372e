// The page to pay on: what is owed, the ways to pay it, and where a payment stands, without a reload.
import { ApiError, explain, get, post } from './api.js';
import { $, el, focusOn, show, text } from './dom.js';
import { busy, clearErrors, forgiveOnInput, formError, showErrors, showFailure } from './form.js';
import { centavos, date, peso } from './format.js';
import { header, isStaff } from './session.js';
import { attempt, notice } from './view.js';
import { drawCardFields, readCard, tokenize } from './payment/online.js';
import { drawAccount, drawProof } from './payment/transfer.js';
import { methodWords, partWords, receiptNumber, stageChip, wayOf } from './payment/words.js';
import { said, t } from './words.js';

const id = /^\/projects\/(\d+)/.exec(location.pathname)?.[1];
const base = `/api/projects/${id}/payments`;
const form = $('#pay-form');
const cardFields = $('#card-fields');
let owed;
let user;
let watched = null; // the payment that the client is busy with

/* What is owed */

const due = () => owed.parts.find((part) => part.state === 'due');
const whyLater = { deposit: '', balance: t('It can be paid when the work is finished, or when the agency asks for it.') };

// What was paid and is being looked at need not be paid again.
function beingChecked(part) {
  const known = [...owed.payments.filter((payment) => payment.id !== watched?.id), ...(watched ? [watched] : [])];
  return known.some((payment) => payment.part === part && payment.status === 'processing' && (payment.stage === 'submitted' || payment.stage === 'reviewed'));
}

function drawParts() {
  const states = { checked: [t('Being checked'), 'warn'], paid: [t('Paid'), 'good'], due: [t('To be paid now'), 'warn'], later: [t('Later'), ''] };
  $('#parts').replaceChildren(...owed.parts.map((part) => {
    const [words, kind] = states[part.state === 'due' && beingChecked(part.part) ? 'checked' : part.state];
    return el('li', { 'data-part': part.part, 'data-state': part.state },
      el('span', {}, partWords[part.part]), el('span', { class: 'amount' }, centavos(part.amount)), el('span', { class: `chip ${kind}`.trim() }, words),
      part.state === 'later' && whyLater[part.part] && el('p', { class: 'why' }, whyLater[part.part]));
  }));
  const paid = owed.parts.reduce((sum, part) => sum + part.paid, 0);
  text($('#payment-price'), peso(owed.project.price));
  text($('#payment-paid'), centavos(paid));
  text($('#payment-left'), centavos(Math.max(0, owed.project.price * 100 - paid)));
}

function drawHistory() {
  show($('#history'), owed.payments.length > 0);
  $('#payments').replaceChildren(...owed.payments.map((payment) => el('li', { 'data-payment-id': payment.id, 'data-status': payment.status },
    el('span', {}, t`${partWords[payment.part] ?? t('Payment')} by ${wayOf(payment)}, ${date(payment.paidAt ?? payment.createdAt)}`),
    el('span', { class: 'amount' }, centavos(payment.amount)), stageChip(payment),
    payment.failure && payment.status === 'failed' && el('p', { class: 'why' }, said(payment.failure)),
    payment.refunded > 0 && el('p', { class: 'why' }, t`${centavos(payment.refunded)} of it was given back.`),
    payment.receipt && el('p', { class: 'links' }, el('a', { href: `/projects/${id}/receipts/${payment.id}` }, t`Receipt ${receiptNumber(payment.receipt)}`),
      el('a', { href: `${base}/${payment.id}/receipt.pdf` }, 'PDF')))));
}

/* Ways to pay */

function ways() {
  const { online, accounts } = owed;
  const list = [];
  if (online.available && due()?.amount >= online.least) {
    if (online.hosted) list.push({ value: 'card', name: t('Card, GCash or Maya'), note: t('On the page of PayMongo') });
    else {
      if (online.card) list.push({ value: 'card', name: t('Card'), note: t('Visa or Mastercard') });
      list.push({ value: 'gcash', name: 'GCash', note: t('In your GCash app') }, { value: 'paymaya', name: 'Maya', note: t('In your Maya app') });
    }
  }
  for (const account of accounts) list.push({ value: `account:${account.id}`, name: t`${account.label} transfer`, note: t`To ${account.accountName}; you send the proof` });
  return list;
}

const chosen = () => $('input[name="method"]:checked', form)?.value ?? '';
const needsCard = () => chosen() === 'card' && !owed.online.hosted;

function noteOf(value) {
  if (value.startsWith('account:')) return t('You get the account and a reference next. The agency confirms your payment by hand, usually within a working day.');
  if (value === 'card' && needsCard()) return t('Your card’s data go straight to PayMongo, and never to us.');
  return value ? t('You are sent to the payment page, and come back here afterwards.') : '';
}

function drawChoice() {
  const value = chosen();
  show(cardFields, needsCard());
  if (needsCard()) drawCardFields(cardFields);
  text($('#method-note'), noteOf(value));
  const part = due();
  if (part) text($('#pay'), value.startsWith('account:') ? t('Show me the account') : t`Pay ${centavos(part.amount)}`);
}

function drawWays() {
  const part = due();
  const list = ways();
  const busyWith = watched && watched.status === 'processing' && (watched.stage === 'starting' || watched.stage === 'submitted' || watched.stage === 'reviewed');
  show($('#ways'), Boolean(part) && !busyWith);
  if (!part) return;
  const before = chosen();
  text($('#ways-title'), watched?.status === 'processing' ? t('Or pay another way') : part.part === 'balance' ? t('Pay the balance') : t('Pay the 50% deposit'));
  $('#methods').replaceChildren(...list.map(({ value, name, note }) => el('label', { class: 'choice' },
    el('input', { type: 'radio', name: 'method', value, checked: value === before || (list.length === 1 && !before) }), el('span', {}, el('b', {}, name), el('small', {}, note)))));
  show(form, list.length > 0);
  $('#ways [data-none]')?.remove();
  if (!list.length) $('#ways').append(el('p', { 'data-none': '' }, t('The agency has not set up a way to pay here yet. Please ask them; you find your project number in the address of this page.')));
  drawChoice();
}

/* Where a payment stands */

function sayNow(title, detail, ...more) {
  show($('#now'), Boolean(title));
  text($('#now-title'), title);
  text($('#now-detail'), detail);
  $('#now-more').replaceChildren(...more.filter(Boolean));
}

function drawNow() {
  const payment = watched;
  if (!payment) { sayNow('', ''); return; }
  const amount = centavos(payment.amount);
  if (payment.status === 'succeeded') {
    sayNow(t('Thank you: your payment has arrived'), t`${amount} by ${wayOf(payment)}. We sent you a mail about it, too.`,
      el('p', { class: 'row' }, el('a', { class: 'button', href: `/projects/${id}/receipts/${payment.id}` }, t`See receipt ${receiptNumber(payment.receipt)}`),
        el('a', { class: 'button quiet', href: `/projects/${id}` }, t('Back to the project'))));
  } else if (payment.status === 'failed') {
    sayNow(payment.stage === 'cancelled' ? t('This payment is not needed any more') : t('This payment did not work'), said(payment.failure) ?? t('You can try again below.'));
  } else if (payment.provider === 'manual') {
    const account = owed.accounts.find((one) => one.id === payment.accountId);
    if (payment.stage === 'open') sayNow(t`Transfer ${amount}`, t('Then send us the proof, so that the agency can find your payment.'), drawAccount(payment, account), drawProof(id, payment, follow));
    else sayNow(t('Your proof is being checked'), t`The agency looks at your proof of ${amount} (${payment.proof?.reference}) and confirms it. This page shows it as soon as that is done.`);
  } else if (payment.stage === 'starting') {
    sayNow(t('One moment, please'), t('Your payment is being prepared.'), el('progress', { 'aria-label': t('Preparing the payment') }));
  } else if (payment.nextUrl) {
    sayNow(t`You began to pay ${amount} by ${methodWords[payment.paymentMethod] ?? 'PayMongo'}`, t('It is confirmed here as soon as the payment service tells us.'),
      el('p', { class: 'row' }, el('a', { class: 'button', id: 'go-on', href: payment.nextUrl }, t('Go on to the payment page'))));
  } else {
    sayNow(t('Your payment is on its way'), t('The bank has not confirmed it yet. This page shows it as soon as it has.'));
  }
}

let timer;
let pauses = 0;

/** Takes in a newer state of the payment; `go` leads on to the payment page when there is one. */
function follow(payment, go = false) {
  const before = watched;
  watched = payment;
  const told = before && (before.status !== payment.status || before.stage !== payment.stage);
  if (go && payment.stage === 'open' && payment.nextUrl && /^https?:/.test(payment.nextUrl)) {
    location.assign(payment.nextUrl);
    return;
  }
  // A form that somebody is filling in stays as it is.
  if (!before || told || before.id !== payment.id) { drawNow(); drawParts(); drawWays(); }
  clearTimeout(timer);
  if (payment.status !== 'processing') {
    if (told) reload().then(() => focusOn($('#now-title'))).catch(() => {});
    return;
  }
  pauses = told ? 0 : pauses + 1;
  const pause = payment.stage === 'starting' ? 400 : Math.min(2000 + pauses * 250, 15000);
  timer = setTimeout(() => look(payment, go), pause);
}

async function look(payment, go) {
  if (document.hidden && payment.stage !== 'starting') { timer = setTimeout(() => look(payment, go), 2000); return; }
  try {
    follow(await get(`${base}/${payment.id}`), go);
  } catch (error) {
    if (error instanceof ApiError && error.passing) timer = setTimeout(() => look(payment, go), 5000);
    else sayNow(t('We could not see where your payment stands'), explain(error));
  }
}

/* Paying */

async function pay() {
  clearErrors(form);
  const value = chosen();
  if (!value) { showErrors(form, { method: t('Choose how you would like to pay.') }); return; }
  const body = { part: due().part, method: value.startsWith('account:') ? 'manual' : value };
  if (body.method === 'manual') body.accountId = Number(value.slice(8));
  try {
    if (needsCard()) {
      const { card, errors } = readCard(cardFields);
      if (errors) { showErrors(form, errors); return; }
      body.paymentMethodId = await tokenize(owed.online, card, owed.project.clientEmail);
    }
    const payment = await post(base, body);
    watched = null;
    follow(payment, body.method !== 'manual');
    if (body.method === 'card') cardFields.replaceChildren();
    focusOn($('#now-title'));
  } catch (error) {
    if (error instanceof ApiError) showFailure(form, error);
    else focusOn(formError(form, error.message));
  }
}

/* Loading */

async function reload() {
  owed = await get(base);
  text($('#payment-title'), owed.project.name);
  document.title = `${t('Payment')} – ${owed.project.name}`;
  $('#back').href = `/projects/${id}`;
  drawParts();
  drawHistory();
  drawWays();
}

function gone() {
  text($('#payment-title'), t('Project not found'));
  show($('#payment-facts'), false);
  $('#payment-error').replaceChildren(notice('warn', el('p', {}, t('There is no such project, or it belongs to another account.')), el('a', { href: '/dashboard' }, t('Go to your dashboard'))));
}

async function load() {
  const [seen] = await Promise.all([isStaff(user) ? null : get(`/api/projects/${id}/contacts`), reload()]);
  show($('#payment-body'));
  const back = Number(new URLSearchParams(location.search).get('payment'));
  const returned = owed.payments.find((payment) => payment.id === back);
  const current = returned ?? owed.payments.find((payment) => payment.status === 'processing');
  if (isStaff(user)) {
    show($('#ways'), false);
    $('#payment-error').replaceChildren(notice('', el('p', {}, t('This is the page that the client pays on. '), el('a', { href: '/admin/payments' }, t('Payments to confirm')))));
    return;
  }
  if (seen?.mine === 'view') {
    show($('#ways'), false);
    $('#payment-error').replaceChildren(notice('', el('p', {}, t('You may look at this project; its owner pays here.'))));
    return;
  }
  if (!current) return;
  follow(current);
  if (returned?.status === 'processing' && returned.provider === 'paymongo') post(`${base}/${returned.id}/check`).catch(() => {}); // it is followed anyway
}

$('#pay-form').addEventListener('submit', (event) => {
  event.preventDefault();
  busy($('#pay'), t('One moment…'), pay).then(drawChoice);
});
$('#methods').addEventListener('change', drawChoice);
forgiveOnInput(form);
addEventListener('pageshow', (event) => { if (event.persisted && watched) look(watched, false); });

attempt($('#payment-error'), async () => {
  user = await header();
  try {
    await load();
  } catch (error) {
    if (error.status !== 404) throw error;
    gone();
  }
});

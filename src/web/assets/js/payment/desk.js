// One payment as the agency's staff see it, and what they do with it: look at the proof, confirm, refuse, give back, settle.
import { post } from '../api.js';
import { $, el } from '../dom.js';
import { busy, clearErrors, forgiveOnInput, showFailure } from '../form.js';
import { centavos, dateTime } from '../format.js';
import { said, t } from '../words.js';
import { partWords, receiptNumber, stageChip, wayOf } from './words.js';

let numbers = 0;

/** A labelled input in a `.field`. */
function field(name, label, attributes = {}) {
  const id = `desk-${name}-${++numbers}`;
  const box = attributes.type === 'checkbox';
  const input = el('input', { id, name, class: box ? null : 'input', ...attributes });
  const error = el('p', { class: 'error', id: `${id}-error`, hidden: true });
  return box ? el('div', { class: 'field', 'data-field': name }, el('div', {}, el('label', { class: 'choice', for: id }, input, el('span', {}, label))), error)
    : el('div', { class: 'field', 'data-field': name }, el('label', { for: id }, label), input, error);
}

/** A form behind a summary; `body(values)` makes what is sent, `done` is called with the answer. */
function act(summary, path, fields, button, body, done, open = false) {
  const form = el('form', { novalidate: true }, fields, el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }), el('button', { type: 'submit', class: 'button short' }, button));
  forgiveOnInput(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    busy($('button', form), t('One moment…'), async () => {
      try {
        done(await post(path, body((name) => form.elements[name])));
      } catch (error) {
        showFailure(form, error);
      }
    });
  });
  return el('details', { open, 'data-act': path.split('/').pop() }, el('summary', {}, summary), form);
}

function acts({ payment, attention, reviewedByMe }, staff, done) {
  const path = `/api/admin/payments/${payment.id}`;
  const list = [];
  const waits = payment.provider === 'manual' && payment.status === 'processing';
  if (payment.stage === 'submitted') list.push(act(t('Step 1: the proof'), `${path}/review`, [el('p', { class: 'small' }, t('Look at the proof: the amount, the date, and that it went to one of your accounts.'))], t('I have looked at it'), () => ({}), done, true));
  if (payment.stage === 'reviewed') {
    list.push(reviewedByMe && staff > 1
      ? el('p', { class: 'notice' }, t('You looked at the proof. Somebody else of the agency confirms that the money is there.'))
      : act(t('Step 2: the money'), `${path}/verify`, [
        el('p', { class: 'small' }, t('Look into your account, and write the amount that arrived.')), field('amount', t('Amount that arrived, in pesos'), { inputmode: 'decimal' }),
        attention ? field('acknowledge', t('I have looked at what needs attention'), { type: 'checkbox' }) : null,
      ], t('Confirm'), (value) => ({ amount: value('amount').value, acknowledge: value('acknowledge')?.checked ?? false }), done, true));
  }
  if (waits) list.push(act(t('Refuse'), `${path}/reject`, [field('reason', t('Why, for the client'), { maxlength: 500 })], t('Refuse'), (value) => ({ reason: value('reason').value }), done));
  if (payment.status === 'succeeded' && payment.refunded < payment.amount) {
    list.push(act(t('Record a refund'), `${path}/refund`, [field('amount', t('Amount given back, in pesos'), { inputmode: 'decimal' }), field('reason', t('Why, for the client'), { maxlength: 500 }),
      field('reference', t('Number of the transaction (optional)'), { maxlength: 100 })], t('Record'), (value) => ({ amount: value('amount').value, reason: value('reason').value, reference: value('reference').value }), done));
  }
  if (attention && !waits) list.push(act(t('Dealt with'), `${path}/settle`, [field('note', t('What you found, for your colleagues'), { maxlength: 500 })], t('Take it off the list'), (value) => ({ note: value('note').value }), done));
  return list;
}

export function drawItem(item, staff, changed) {
  const { payment, project, attention } = item;
  const facts = [[t('Paid by'), wayOf(payment)], [t('Reference'), payment.reference], [t('Transaction'), payment.proof?.reference], [t('Begun'), dateTime(payment.createdAt)],
    [t('Looked at by'), item.reviewedBy], [t('Confirmed by'), item.confirmedBy], [t('Receipt'), payment.receipt && receiptNumber(payment.receipt)],
    [t('Given back'), payment.refunded > 0 && centavos(payment.refunded)]].filter(([, value]) => value);
  return el('article', { class: 'card desk-item', 'data-payment-id': payment.id, 'data-stage': payment.stage },
    el('header', {}, el('div', {}, el('h3', {}, el('a', { href: `/projects/${project.id}` }, project.name)), el('p', { class: 'soft small' }, [project.clientName, partWords[payment.part] ?? t('Payment'), t`project ${project.id}`].join(' · '))),
      el('span', { class: 'amount' }, centavos(payment.amount)), stageChip(payment, true)),
    attention && el('div', { class: 'notice warn' }, el('p', {}, said(attention))),
    payment.failure && el('p', { class: 'soft small' }, said(payment.failure)),
    item.notEnded && el('p', { class: 'notice warn small' }, said(item.notEnded)),
    el('dl', { class: 'facts' }, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value)))),
    payment.proof?.fileId || payment.receipt ? el('p', { class: 'row small' },
      payment.proof?.fileId && el('a', { href: `/api/files/${payment.proof.fileId}?in=page`, target: '_blank', rel: 'noopener' }, t('Open the proof')),
      payment.receipt && el('a', { href: `/projects/${project.id}/receipts/${payment.id}` }, t('Receipt'))) : null,
    el('div', { class: 'acts for-changes' }, acts(item, staff, (answer) => changed(item, answer))));
}

// The payment box: deposit and balance, what is paid, and what comes next for the client or for the agency.
import { explain, post } from '../api.js';
import { $, el, renew, text } from '../dom.js';
import { busy } from '../form.js';
import { centavos, date, peso } from '../format.js';
import { t } from '../words.js';

const methodWords = { card: t('Card'), gcash: 'GCash', paymaya: t('Maya'), manual: t('Transfer') };
const stateWords = { processing: [t('In process'), 'warn'], succeeded: [t('Paid'), 'good'], failed: [t('Failed'), 'bad'] };

function line(label, amount, [words, kind], key) {
  return el('li', { 'data-payment': key }, el('span', {}, label), el('span', { class: 'amount' }, amount), el('span', { class: `chip ${kind}` }, words));
}

function forClient(project, depositPaid, due) {
  const link = (words, kind = '') => el('p', { class: 'no-print' }, el('a', { class: `button ${kind}`.trim(), id: 'go-to-payment', href: `/projects/${project.id}/payment` }, words));
  if (due) return [el('p', {}, depositPaid ? t('The balance is due now.') : t('The deposit starts the work, the balance is due when it is finished.')), link(depositPaid ? t('Pay the balance') : t('Pay the deposit'))];
  if (project.paymentStatus === 'paid') return [el('p', {}, t('Everything is paid. Thank you.')), link(t('Payments and receipts'), 'quiet')];
  return [el('p', {}, t('Your deposit has arrived. The balance is due when the work is finished, or when the agency asks for it; we will send you a mail.')), link(t('Payments and receipts'), 'quiet')];
}

function forStaff(project, depositPaid) {
  const said = el('p', { role: 'status' });
  const ask = el('button', { type: 'button', class: 'button quiet short for-changes', id: 'ask-for-balance' }, project.balanceRequestedAt ? t('Remind of the balance') : t('Ask for the balance'));
  ask.addEventListener('click', () => busy(ask, t('Asking…'), async () => {
    try {
      const asked = await post('/api/admin/payments/request-balance', { projectId: project.id });
      text(said, t`The client is asked for ${centavos(asked.amount)} by mail, and can pay it from now on.`);
    } catch (error) {
      text(said, explain(error));
    }
  }));
  return [el('p', { class: 'row no-print' }, el('a', { href: `/admin/payments?project=${project.id}` }, t('Payments to confirm')), depositPaid && project.paymentStatus !== 'paid' ? ask : null), said];
}

export function drawPayment(project, payments, staff = false) {
  const paid = project.paymentStatus === 'paid';
  const depositPaid = paid || project.paymentStatus === 'partially-paid';
  const due = !paid && (!depositPaid || project.status === 'completed' || Boolean(project.balanceRequestedAt));
  const state = (done) => (done ? [t('Paid'), 'good'] : [t('Pending'), 'warn']);
  renew($('#payment-body'),
    el('ul', { role: 'list' }, line(t('50% deposit'), peso(project.depositAmount), state(depositPaid), 'deposit'), line(t('Balance'), peso(project.balanceAmount), state(paid), 'balance')),
    ...(staff ? forStaff(project, depositPaid) : forClient(project, depositPaid, due)),
    ...(payments.length ? [el('h3', { class: 'small' }, t('Payments')), el('ul', { role: 'list', class: 'small' }, payments.map((payment) => line(
      [methodWords[payment.paymentMethod] ?? payment.paymentMethod, payment.createdAt && date(payment.createdAt)].filter(Boolean).join(', '), centavos(payment.amount),
      stateWords[payment.status] ?? [payment.status, ''], payment.id)))] : []),
  );
}

// The payment box: deposit and balance, what is paid, and what happens next.
import { $, el } from '../dom.js';
import { centavos, date, peso } from '../format.js';

const methodWords = { card: 'Card', gcash: 'GCash', paymaya: 'Maya' };
const stateWords = { processing: ['In process', 'warn'], succeeded: ['Paid', 'good'], failed: ['Failed', 'bad'] };

function line(label, amount, [words, kind], key) {
  return el('li', { 'data-payment': key }, el('span', {}, label), el('span', { class: 'amount' }, amount), el('span', { class: `chip ${kind}` }, words));
}

export function drawPayment(project, payments) {
  const paid = project.paymentStatus === 'paid';
  const depositPaid = paid || project.paymentStatus === 'partially-paid';
  const state = (done) => (done ? ['Paid', 'good'] : ['Pending', 'warn']);
  const sentence = paid ? 'Everything is paid. Thank you.'
    : depositPaid ? 'Your deposit has arrived. The balance is due when the work is finished; we will send you payment instructions by e-mail.'
      : `The deposit starts the work, the balance is due when it is finished. You cannot pay on this page yet: we will send you payment instructions by e-mail, to ${project.clientEmail}.`;
  $('#payment-body').replaceChildren(
    el('ul', { role: 'list' }, line('50% deposit', peso(project.depositAmount), state(depositPaid), 'deposit'), line('Balance', peso(project.balanceAmount), state(paid), 'balance')),
    el('p', {}, sentence),
    ...(payments.length ? [el('h3', { class: 'small' }, 'Payments'), el('ul', { role: 'list', class: 'small' }, payments.map((payment) => line(
      [methodWords[payment.paymentMethod] ?? payment.paymentMethod, payment.createdAt && date(payment.createdAt)].filter(Boolean).join(', '), centavos(payment.amount),
      stateWords[payment.status] ?? [payment.status, ''], payment.id)))] : []),
  );
}

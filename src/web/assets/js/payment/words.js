// The words for payments: their parts, ways and states.
import { el } from '../dom.js';

export const partWords = { deposit: '50% deposit', balance: 'Balance' };
export const methodWords = { card: 'Card', gcash: 'GCash', paymaya: 'Maya', bank: 'Bank transfer', cash: 'Cash', manual: 'Transfer' };

const stages = {
  starting: ['Being prepared', 'warn'], open: ['Waiting for payment', 'warn'], submitted: ['Being checked', 'warn'], reviewed: ['Being checked', 'warn'],
  paid: ['Paid', 'good'], failed: ['Failed', 'bad'], rejected: ['Refused', 'bad'], cancelled: ['Not needed', ''],
};
const staffStages = { submitted: ['Proof to look at', 'warn'], reviewed: ['To be confirmed', 'warn'] };

export function stageChip(payment, staff = false) {
  const [words, kind] = (staff && staffStages[payment.stage]) || stages[payment.stage] || [payment.status, ''];
  return el('span', { class: `chip ${kind}`.trim(), 'data-stage': payment.stage }, words);
}

/** "GCash", or "GCash transfer" where it was sent to the agency's own account. */
export function wayOf(payment) {
  if (payment.provider !== 'manual') return methodWords[payment.paymentMethod] ?? payment.paymentMethod;
  if (payment.channel === 'bank' || payment.channel === 'cash') return methodWords[payment.channel];
  return payment.channel ? `${methodWords[payment.channel]} transfer` : 'Transfer';
}

export const receiptNumber = (number) => String(number).padStart(6, '0');

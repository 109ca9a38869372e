// The words for payments: their parts, ways and states.
import { el } from '../dom.js';
import { t } from '../words.js';

export const partWords = { deposit: t('50% deposit'), balance: t('Balance') };
export const methodWords = { card: t('Card'), gcash: 'GCash', paymaya: t('Maya'), bank: t('Bank transfer'), cash: t('Cash'), manual: t('Transfer') };

const stages = {
  starting: [t('Being prepared'), 'warn'], open: [t('Waiting for payment'), 'warn'], submitted: [t('Being checked'), 'warn'], reviewed: [t('Being checked'), 'warn'],
  paid: [t('Paid'), 'good'], failed: [t('Failed'), 'bad'], rejected: [t('Refused'), 'bad'], cancelled: [t('Not needed'), ''],
};
const staffStages = { submitted: [t('Proof to look at'), 'warn'], reviewed: [t('To be confirmed'), 'warn'] };

export function stageChip(payment, staff = false) {
  const [words, kind] = (staff && staffStages[payment.stage]) || stages[payment.stage] || [payment.status, ''];
  return el('span', { class: `chip ${kind}`.trim(), 'data-stage': payment.stage }, words);
}

/** "GCash", or "GCash transfer" where it was sent to the agency's own account. */
export function wayOf(payment) {
  if (payment.provider !== 'manual') return methodWords[payment.paymentMethod] ?? payment.paymentMethod;
  if (payment.channel === 'bank' || payment.channel === 'cash') return methodWords[payment.channel];
  return payment.channel ? t`${methodWords[payment.channel]} transfer` : t('Transfer');
}

export const receiptNumber = (number) => String(number).padStart(6, '0');

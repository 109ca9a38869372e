// Card data: asked for on this page, sent from here to PayMongo, and never to our own server.
import { $, el } from '../dom.js';
import { t } from '../words.js';

const field = (name, label, attributes, wide = false) => el('div', { class: wide ? 'field wide' : 'field', 'data-field': name },
  el('label', { for: `card-${name}` }, label), el('input', { id: `card-${name}`, class: 'input', required: true, ...attributes }),
  el('p', { class: 'error', id: `card-${name}-error`, hidden: true }));

export function drawCardFields(place) {
  if (place.childElementCount) return;
  place.append(
    field('number', t('Card number'), { inputmode: 'numeric', autocomplete: 'cc-number', maxlength: 23, placeholder: '0000 0000 0000 0000' }, true),
    field('expiry', t('Expires'), { inputmode: 'numeric', autocomplete: 'cc-exp', maxlength: 7, placeholder: t('MM / YY') }),
    field('cvc', t('Security code (CVC)'), { inputmode: 'numeric', autocomplete: 'cc-csc', maxlength: 4, placeholder: '123' }),
    field('name', t('Name on the card'), { autocomplete: 'cc-name', maxlength: 100 }, true));
  $('#card-number', place).addEventListener('input', (event) => {
    const { target } = event;
    if (target.selectionStart !== target.value.length) return; // whoever corrects in the middle keeps their place
    target.value = target.value.replace(/\D/g, '').slice(0, 19).replace(/(\d{4})(?=\d)/g, '$1 ');
  });
  $('#card-expiry', place).addEventListener('input', ({ target, inputType }) => {
    const digits = target.value.replace(/\D/g, '').slice(0, 6);
    if (target.selectionStart === target.value.length && (digits.length > 2 || (digits.length === 2 && inputType !== 'deleteContentBackward'))) target.value = `${digits.slice(0, 2)} / ${digits.slice(2)}`;
  });
}

/** The digits of every card add up (ISO/IEC 7812-1). */
function addsUp(number) {
  let sum = 0;
  [...number].reverse().forEach((digit, place) => {
    const value = Number(digit) * (place % 2 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return sum % 10 === 0;
}

/** {card} or {errors}. */
export function readCard(place, now = new Date()) {
  const value = (name) => $(`#card-${name}`, place).value.trim();
  const number = value('number').replace(/\D/g, '');
  const expiry = /^(\d{1,2})\s*\/?\s*(?:20)?(\d{2})$/.exec(value('expiry'));
  const [month, year] = expiry ? [Number(expiry[1]), 2000 + Number(expiry[2])] : [0, 0];
  const errors = {};
  if (number.length < 14 || number.length > 19 || !addsUp(number)) errors.number = t('This is not the number of a card. Please look at it again.');
  if (month < 1 || month > 12) errors.expiry = t('Write month and year, such as 08 / 29.');
  else if (year * 12 + month < now.getFullYear() * 12 + now.getMonth() + 1) errors.expiry = t('This card has expired.');
  if (!/^\d{3,4}$/.test(value('cvc'))) errors.cvc = t('Write the three or four digits of the security code.');
  if (!value('name')) errors.name = t('Write the name that stands on the card.');
  return Object.keys(errors).length ? { errors } : { card: { number, month, year, cvc: value('cvc'), name: value('name') } };
}

/** Hands a card to PayMongo; answers the id that stands for it, or throws an Error with words for people. */
export async function tokenize({ publicKey, baseUrl }, card, email) {
  let response;
  let answer = null;
  try {
    response = await fetch(`${baseUrl}/payment_methods`, {
      method: 'POST', credentials: 'omit', referrerPolicy: 'no-referrer', signal: AbortSignal.timeout(20000),
      headers: { 'Content-Type': 'application/json', Accept: 'application/json', Authorization: `Basic ${btoa(`${publicKey}:`)}` },
      body: JSON.stringify({ data: { attributes: {
        type: 'card', details: { card_number: card.number, exp_month: card.month, exp_year: card.year, cvc: card.cvc }, billing: { name: card.name, email },
      } } }),
    });
    answer = await response.json();
  } catch {
    throw new Error(t('The payment service could not be reached. Nothing was charged. Please try again.'));
  }
  const id = answer?.data?.id;
  if (response.ok && typeof id === 'string') return id;
  const attribute = answer?.errors?.[0]?.source?.attribute ?? '';
  if (/card_number/.test(attribute)) throw new Error(t('The payment service does not know this card number. Please look at it again.'));
  if (/exp/.test(attribute)) throw new Error(t('The payment service does not accept this expiry date.'));
  if (/cvc/.test(attribute)) throw new Error(t('The payment service does not accept this security code.'));
  throw new Error(t('The payment service did not accept this card. Please use another one, or another way to pay.'));
}

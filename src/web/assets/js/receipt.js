// A receipt: read, printed, or kept as PDF.
import { titled } from './agency.js';
import { get } from './api.js';
import { $, el, show, text } from './dom.js';
import { centavos, longDate, peso } from './format.js';
import { header } from './session.js';
import { attempt, notice } from './view.js';
import { methodWords, partWords } from './payment/words.js';
import { t } from './words.js';

const [, project, payment] = /^\/projects\/(\d+)\/receipts\/(\d+)/.exec(location.pathname) ?? [];
const api = `/api/projects/${project}/payments/${payment}/receipt`;

function draw({ number, amount, words, issuedAt, refunds }) {
  text($('#receipt-agency'), words.agency);
  text($('#receipt-number'), t`No. ${number}`);
  document.title = titled(t`Receipt ${number}`);
  const facts = [[t('Issued'), longDate(issuedAt)], [t('Received from'), words.client], [t('E-mail'), words.email], [t('Project'), words.project], [t('For'), partWords[words.part] ?? words.part],
    [t('Price of the project'), peso(words.price)], [t('Paid by'), methodWords[words.method] ?? words.method], [t('Our reference'), words.reference], [t('Transaction'), words.transaction]];
  $('#receipt-facts').replaceChildren(...facts.filter(([, value]) => value).map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))));
  text($('#receipt-amount'), centavos(amount));
  $('#receipt-refunds').replaceChildren(...refunds.map((refund) => el('li', {}, el('span', {}, [t`Credit note No. ${refund.number}, given back on ${longDate(refund.at)}`, refund.note].filter(Boolean).join(': ')), el('span', {}, centavos(-refund.amount)))),
    refunds.length ? el('li', { class: 'kept' }, el('strong', {}, t('Kept')), el('strong', {}, centavos(amount - refunds.reduce((sum, refund) => sum + refund.amount, 0)))) : '');
  $('#back').href = `/projects/${project}/payment`;
  $('#pdf').href = `${api}.pdf`;
  $('#pdf').setAttribute('download', `receipt-${number}.pdf`);
  show($('#receipt'));
}

attempt($('#receipt-error'), async () => {
  await header();
  try {
    draw(await get(api));
  } catch (error) {
    if (error.status !== 404) throw error;
    $('#receipt-error').replaceChildren(el('h1', {}, t('No receipt')), notice('warn', el('p', {}, t('There is no such receipt, or it belongs to another account.')), el('a', { href: '/dashboard' }, t('Go to your dashboard'))));
    show($('.receipt-bar'), false);
  }
});

$('#print').addEventListener('click', () => print());

// Paying by transfer: where to, with which reference, and sending the proof.
import { post } from '../api.js';
import { $, el, focusOn, text } from '../dom.js';
import { busy, forgiveOnInput, formError, showErrors, showFailure } from '../form.js';
import { centavos } from '../format.js';
import { Upload } from '../upload.js';
import { t } from '../words.js';

/** Where the money goes, as the client copies it into their bank's app. */
export function drawAccount(payment, account) {
  const facts = [[t('Amount'), centavos(payment.amount)], [t('To'), account ? `${account.label}: ${account.accountName}` : t('An account that is not used any more: please ask the agency')],
    [t('Account number'), account?.accountNumber], [t('Reference to write into the message'), payment.reference]].filter(([, value]) => value);
  return el('div', { class: 'to-pay' },
    el('dl', {}, facts.map(([name, value]) => el('div', {}, el('dt', {}, name), el('dd', {}, value))), account?.note ? el('p', { class: 'soft small' }, account.note) : null),
    account?.qr ? el('img', { src: account.qr, alt: t`QR code to pay ${account.accountName} by ${account.label}`, width: 176 }) : null);
}

/** The form for the proof; `sent(payment)` is called once the server has it. */
export function drawProof(projectId, payment, sent) {
  const form = el('form', { class: 'proof', id: 'proof-form', novalidate: true },
    el('div', { class: 'field', 'data-field': 'fileId' }, el('label', { for: 'proof-file' }, t('Proof of payment')),
      el('p', { class: 'hint', id: 'proof-file-hint' }, t('The screenshot or the receipt: a picture or a PDF.')),
      el('input', { class: 'input', id: 'proof-file', type: 'file', accept: 'image/*,application/pdf', 'aria-describedby': 'proof-file-hint' }),
      el('p', { class: 'error', id: 'proof-file-error', hidden: true })),
    el('div', { class: 'field', 'data-field': 'reference' }, el('label', { for: 'proof-reference' }, t('Reference number of the transaction')),
      el('p', { class: 'hint', id: 'proof-reference-hint' }, t('It stands on the proof, and is not the reference above.')),
      el('input', { class: 'input', id: 'proof-reference', maxlength: 60, autocomplete: 'off', 'aria-describedby': 'proof-reference-hint' }),
      el('p', { class: 'error', id: 'proof-reference-error', hidden: true })),
    el('progress', { id: 'proof-progress', max: 100, value: 0, hidden: true, 'aria-label': t('Sending the proof') }),
    el('p', { class: 'soft small', id: 'proof-said', role: 'status' }),
    el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
    el('button', { type: 'submit', class: 'button', id: 'proof-send' }, payment.stage === 'submitted' ? t('Send another proof') : t('I have paid: send the proof')));
  forgiveOnInput(form);
  let done = null; // a file that is there already is not sent again
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const [file] = $('#proof-file', form).files;
    const reference = $('#proof-reference', form).value.trim();
    const errors = {};
    if (!file) errors.fileId = t('Choose the picture or PDF of your payment.');
    if (reference.length < 4) errors.reference = t('Write the reference number that stands on your proof of payment.');
    if (Object.keys(errors).length) { showErrors(form, errors); return; }
    const bar = $('#proof-progress', form);
    busy($('#proof-send', form), t('Sending…'), async () => {
      try {
        if (done?.file !== file) {
          bar.hidden = false;
          const tell = ({ sent, state, words }) => {
            bar.value = Math.round((sent / file.size) * 100);
            text($('#proof-said', form), state === 'waiting' ? words : '');
          };
          done = { file, id: (await new Upload(`/api/projects/${projectId}/files`, file, { purpose: 'payment', tell }).run()).id };
        }
        sent(await post(`/api/projects/${projectId}/payments/${payment.id}/proof`, { fileId: done.id, reference }));
      } catch (error) {
        if (error instanceof TypeError) focusOn(formError(form, t('The file could not be read. Choose it once more.')));
        else if (error.fields?.file) showErrors(form, { fileId: error.fields.file });
        else showFailure(form, error);
      } finally {
        bar.hidden = true;
      }
    });
  });
  return form;
}

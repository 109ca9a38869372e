// The agency's own accounts: seen by all who work there, kept by its administrators.
import { ApiError, explain, get, patch, post, remove } from '../api.js';
import { $, el, focusOn, text } from '../dom.js';
import { busy, clearErrors, forgiveOnInput, showErrors, showFailure } from '../form.js';
import { attempt, notice } from '../view.js';

const kinds = { gcash: 'GCash', paymaya: 'Maya', bank: 'Bank' };
const place = $('#account-form');
let accounts = [];
let admin = false;

async function sendPicture(id, file) {
  const response = await fetch(`/api/payment-accounts/${id}/qr`, { method: 'POST', body: file, headers: { 'Content-Type': file.type || 'application/octet-stream' }, signal: AbortSignal.timeout(30000) })
    .catch(() => { throw new ApiError({ detail: 'The picture could not be sent. Check your connection and try again.' }); });
  if (response.ok) return;
  const body = await response.json().catch(() => null);
  throw new ApiError({ status: response.status, detail: '', fields: { qr: body?.detail ?? 'The picture was not accepted.' } });
}

const line = (name, label, attributes = {}, hint = '') => el('div', { class: 'field', 'data-field': name }, el('label', { for: `account-${name}` }, label),
  hint && el('p', { class: 'hint', id: `account-${name}-hint` }, hint),
  el('input', { id: `account-${name}`, class: 'input', 'aria-describedby': hint ? `account-${name}-hint` : null, ...attributes }), el('p', { class: 'error', id: `account-${name}-error`, hidden: true }));

function edit(account = null) {
  const value = (name) => $(`#account-${name}`, place).value.trim();
  const form = el('form', { class: 'grid-form', novalidate: true, id: 'edit-account' },
    el('h3', { class: 'wide', tabindex: -1 }, account ? `Change ${account.label}` : 'Another account'),
    el('div', { class: 'field', 'data-field': 'kind' }, el('label', { for: 'account-kind' }, 'Kind'),
      el('select', { id: 'account-kind', class: 'input' }, Object.entries(kinds).map(([word, name]) => el('option', { value: word, selected: account?.kind === word }, name))), el('p', { class: 'error', id: 'account-kind-error', hidden: true })),
    line('label', 'Name of the bank or wallet', { value: account?.label ?? '', maxlength: 60, placeholder: 'GCash, BPI …' }),
    line('accountName', 'In the name of', { value: account?.accountName ?? '', maxlength: 120 }),
    line('accountNumber', 'Account or mobile number', { value: account?.accountNumber ?? '', maxlength: 60, autocomplete: 'off' }),
    line('note', 'Note to clients (optional)', { value: account?.note ?? '', maxlength: 500 }),
    line('qr', 'QR code (optional)', { type: 'file', accept: 'image/png,image/jpeg,image/webp' }, 'PNG, JPEG or WebP, at most 256 KB.'),
    el('div', { class: 'wide' }, el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
      el('div', { class: 'row' }, el('button', { type: 'submit', class: 'button' }, 'Save'), el('button', { type: 'button', class: 'button quiet', onclick: () => attempt($('#accounts-error'), load) }, 'Cancel'))));
  forgiveOnInput(form);
  let made = account?.id;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const body = Object.fromEntries(['kind', 'label', 'accountName', 'accountNumber', 'note'].map((name) => [name, value(name)]));
    const [file] = $('#account-qr', form).files;
    if (file?.size > 262144) { showErrors(form, { qr: 'This picture is larger than 256 KB. Save it smaller, or take a screenshot of the code alone.' }); return; }
    busy($('button[type="submit"]', form), 'Saving…', async () => {
      try {
        if (made) await patch(`/api/payment-accounts/${made}`, body);
        else made = (await post('/api/payment-accounts', body)).id;
        if (file) await sendPicture(made, file);
        await load();
        focusOn($('#accounts-title'));
      } catch (error) {
        showFailure(form, error);
      }
    });
  });
  place.replaceChildren(form);
  focusOn($('h3', form));
}

function row(account) {
  const button = (words, work, label) => el('button', { type: 'button', class: 'button quiet short', 'aria-label': label, onclick: (event) => busy(event.currentTarget, 'One moment…', work) }, words);
  const change = async (work) => {
    try {
      await work();
      await load();
    } catch (error) {
      $('#accounts-error').replaceChildren(notice('bad', el('p', { role: 'alert' }, explain(error))));
    }
  };
  return el('li', { 'data-account-id': account.id },
    el('div', {}, el('p', {}, el('strong', {}, account.label), ` ${kinds[account.kind] === account.label ? '' : `(${kinds[account.kind]}) `}`, account.active ? null : el('span', { class: 'chip' }, 'Not shown')),
      el('p', { class: 'soft' }, `${account.accountNumber}, ${account.accountName}`), account.note && el('p', { class: 'soft small' }, account.note)),
    account.qr ? el('img', { src: account.qr, alt: `QR code of ${account.label}`, width: 64 }) : null,
    admin && el('div', { class: 'row' }, button('Change', async () => edit(account), `Change ${account.label}`),
      account.qr && button('Remove the code', () => change(() => remove(`/api/payment-accounts/${account.id}/qr`)), `Remove the QR code of ${account.label}`),
      account.active ? button('Hide', () => change(() => remove(`/api/payment-accounts/${account.id}`)), `Hide ${account.label} from clients`)
        : button('Show again', () => change(() => patch(`/api/payment-accounts/${account.id}`, { ...account, active: true })), `Show ${account.label} to clients again`)));
}

function draw() {
  $('#accounts').replaceChildren(...accounts.map(row));
  text($('#accounts-note'), accounts.some((one) => one.active) ? (admin ? '' : 'Administrators of the agency keep this list.')
    : `There is none yet: clients cannot pay by transfer. ${admin ? 'Add the first one.' : 'An administrator of the agency can add one.'}`);
  $('#accounts-error').replaceChildren();
  place.replaceChildren(...(admin ? [el('button', { type: 'button', class: 'button quiet', id: 'add-account', onclick: () => edit() }, 'Add an account')] : []));
}

async function load() {
  accounts = (await get('/api/payment-accounts')).accounts;
  draw();
}

export function drawAccounts(user) {
  admin = user.role === 'admin';
  return attempt($('#accounts-error'), load);
}

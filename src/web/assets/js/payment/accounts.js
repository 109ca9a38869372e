// The agency's own accounts: seen by all who work there, kept by its administrators.
import { ApiError, explain, get, patch, post, remove } from '../api.js';
import { $, el, focusOn, text } from '../dom.js';
import { busy, clearErrors, forgiveOnInput, showErrors, showFailure } from '../form.js';
import { attempt, notice } from '../view.js';
import { t } from '../words.js';

const kinds = { gcash: 'GCash', paymaya: 'Maya', bank: t('Bank') };
const place = $('#account-form');
let accounts = [];
let admin = false;

async function sendPicture(id, file) {
  const response = await fetch(`/api/payment-accounts/${id}/qr`, { method: 'POST', body: file, headers: { 'Content-Type': file.type || 'application/octet-stream' }, signal: AbortSignal.timeout(30000) })
    .catch(() => { throw new ApiError({ detail: t('The picture could not be sent. Check your connection and try again.') }); });
  if (response.ok) return;
  const body = await response.json().catch(() => null);
  throw new ApiError({ status: response.status, detail: '', fields: { qr: body?.detail ?? t('The picture was not accepted.') } });
}

const line = (name, label, attributes = {}, hint = '') => el('div', { class: 'field', 'data-field': name }, el('label', { for: `account-${name}` }, label),
  hint && el('p', { class: 'hint', id: `account-${name}-hint` }, hint),
  el('input', { id: `account-${name}`, class: 'input', 'aria-describedby': hint ? `account-${name}-hint` : null, ...attributes }), el('p', { class: 'error', id: `account-${name}-error`, hidden: true }));

function edit(account = null) {
  const value = (name) => $(`#account-${name}`, place).value.trim();
  const form = el('form', { class: 'grid-form', novalidate: true, id: 'edit-account' },
    el('h3', { class: 'wide', tabindex: -1 }, account ? t`Change ${account.label}` : t('Another account')),
    el('div', { class: 'field', 'data-field': 'kind' }, el('label', { for: 'account-kind' }, t('Kind')),
      el('select', { id: 'account-kind', class: 'input' }, Object.entries(kinds).map(([word, name]) => el('option', { value: word, selected: account?.kind === word }, name))), el('p', { class: 'error', id: 'account-kind-error', hidden: true })),
    line('label', t('Name of the bank or wallet'), { value: account?.label ?? '', maxlength: 60, placeholder: t('GCash, BPI …') }),
    line('accountName', t('In the name of'), { value: account?.accountName ?? '', maxlength: 120 }),
    line('accountNumber', t('Account or mobile number'), { value: account?.accountNumber ?? '', maxlength: 60, autocomplete: 'off' }),
    line('note', t('Note to clients (optional)'), { value: account?.note ?? '', maxlength: 500 }),
    line('qr', t('QR code (optional)'), { type: 'file', accept: 'image/png,image/jpeg,image/webp' }, t('PNG, JPEG or WebP, at most 256 KB.')),
    el('div', { class: 'wide' }, el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
      el('div', { class: 'row' }, el('button', { type: 'submit', class: 'button' }, t('Save')), el('button', { type: 'button', class: 'button quiet', onclick: () => attempt($('#accounts-error'), load) }, t('Cancel')))));
  forgiveOnInput(form);
  let made = account?.id;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const body = Object.fromEntries(['kind', 'label', 'accountName', 'accountNumber', 'note'].map((name) => [name, value(name)]));
    const [file] = $('#account-qr', form).files;
    if (file?.size > 262144) { showErrors(form, { qr: t('This picture is larger than 256 KB. Save it smaller, or take a screenshot of the code alone.') }); return; }
    busy($('button[type="submit"]', form), t('Saving…'), async () => {
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
  const button = (words, work, label) => el('button', { type: 'button', class: 'button quiet short', 'aria-label': label, onclick: (event) => busy(event.currentTarget, t('One moment…'), work) }, words);
  const change = async (work) => {
    try {
      await work();
      await load();
    } catch (error) {
      $('#accounts-error').replaceChildren(notice('bad', el('p', { role: 'alert' }, explain(error))));
    }
  };
  return el('li', { 'data-account-id': account.id },
    el('div', {}, el('p', {}, el('strong', {}, account.label), ` ${kinds[account.kind] === account.label ? '' : `(${kinds[account.kind]}) `}`, account.active ? null : el('span', { class: 'chip' }, t('Not shown'))),
      el('p', { class: 'soft' }, `${account.accountNumber}, ${account.accountName}`), account.note && el('p', { class: 'soft small' }, account.note)),
    account.qr ? el('img', { src: account.qr, alt: t`QR code of ${account.label}`, width: 64 }) : null,
    admin && el('div', { class: 'row' }, button(t('Change'), async () => edit(account), t`Change ${account.label}`),
      account.qr && button(t('Remove the code'), () => change(() => remove(`/api/payment-accounts/${account.id}/qr`)), t`Remove the QR code of ${account.label}`),
      account.active ? button(t('Hide'), () => change(() => remove(`/api/payment-accounts/${account.id}`)), t`Hide ${account.label} from clients`)
        : button(t('Show again'), () => change(() => patch(`/api/payment-accounts/${account.id}`, { ...account, active: true })), t`Show ${account.label} to clients again`)));
}

function draw() {
  $('#accounts').replaceChildren(...accounts.map(row));
  text($('#accounts-note'), accounts.some((one) => one.active) ? (admin ? '' : t('Administrators of the agency keep this list.'))
    : [t('There is none yet: clients cannot pay by transfer.'), admin ? t('Add the first one.') : t('An administrator of the agency can add one.')].join(' '));
  $('#accounts-error').replaceChildren();
  place.replaceChildren(...(admin ? [el('button', { type: 'button', class: 'button quiet', id: 'add-account', onclick: () => edit() }, t('Add an account'))] : []));
}

async function load() {
  accounts = (await get('/api/payment-accounts')).accounts;
  draw();
}

export function drawAccounts(user) {
  admin = user.role === 'admin';
  return attempt($('#accounts-error'), load);
}

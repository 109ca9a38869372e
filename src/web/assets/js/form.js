// Form behaviour: errors beside their field, focus on the first wrong one, a button that works once at a time.
import { $, $$, el, focusOn, show } from './dom.js';
import { ApiError, explain } from './api.js';
import { t } from './words.js';

const controlsOf = (field) => $$('input, select, textarea', field);

/** Shows the error of a `.field` (an element that holds its controls and one `.error`), or clears it with ''. */
export function setError(field, message) {
  const line = $('.error', field);
  line.textContent = message;
  show(line, Boolean(message));
  const group = $('.choices', field);
  group?.toggleAttribute('data-invalid', Boolean(message));
  for (const control of group ? [$('fieldset', field) ?? field] : controlsOf(field)) {
    if (message && control.localName !== 'fieldset') control.setAttribute('aria-invalid', 'true');
    else control.removeAttribute('aria-invalid');
    const others = (control.getAttribute('aria-describedby') ?? '').split(' ').filter((id) => id && id !== line.id);
    if (message) others.push(line.id);
    if (others.length) control.setAttribute('aria-describedby', others.join(' '));
    else control.removeAttribute('aria-describedby');
  }
}

export function clearErrors(form) {
  for (const field of $$('.field', form)) if ($('.error', field)) setError(field, '');
  const general = $('[data-form-error]', form);
  if (general) { general.replaceChildren(); show(general, false); }
}

/** The sentence above the buttons, for what belongs to no field. */
export function formError(form, ...content) {
  const general = $('[data-form-error]', form);
  general.replaceChildren(el('p', {}, ...content));
  show(general, true);
  return general;
}

/**
 * Places {name: message} beside the fields that `find(name)` gives and moves to the first on the page.
 * What has no place becomes the form's own sentence. Answers the names that found no field.
 */
export function showErrors(form, errors, find = (name) => $(`[data-field="${CSS.escape(name)}"]`, form)) {
  const placed = [];
  const lost = [];
  for (const [name, message] of Object.entries(errors)) {
    const field = find(name);
    if (field) { setError(field, String(message)); placed.push(field); } else lost.push(name);
  }
  if (lost.length) formError(form, lost.map((name) => errors[name]).join(' '));
  placed.sort((a, b) => (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1));
  const first = placed[0];
  if (first) {
    (controlsOf(first).find((control) => control.checked) ?? controlsOf(first)[0])?.focus();
    $('.error', first)?.scrollIntoView({ block: 'nearest' }); // of a long list of choices it may be far from the one that has the focus
  }
  else if (lost.length) focusOn($('[data-form-error]', form));
  return lost;
}

/** Shows whatever a call threw: its fields, or else its sentence. */
export function showFailure(form, error, find) {
  if (error instanceof ApiError && Object.keys(error.fields).length) showErrors(form, error.fields, find);
  else focusOn(formError(form, explain(error)));
}

/** Runs `work` unless it is running; the button stays focusable and says what it does. A page shown again is not busy. */
export async function busy(button, label, work) {
  if (button.getAttribute('aria-disabled') === 'true') return;
  const before = button.textContent;
  button.setAttribute('aria-disabled', 'true');
  button.textContent = label;
  const shownAgain = new Promise((resolve) => { addEventListener('pageshow', (event) => event.persisted && resolve()); });
  try {
    return await Promise.race([work(), shownAgain]);
  } finally {
    button.textContent = before;
    button.removeAttribute('aria-disabled');
  }
}

/** Keeps the button waiting for as long as a 429 asked. */
export function holdBack(button, error) {
  if (!(error instanceof ApiError) || error.status !== 429) return;
  button.setAttribute('aria-disabled', 'true');
  setTimeout(() => button.removeAttribute('aria-disabled'), Math.min(error.retryAfter || 5, 120) * 1000);
}

/** An error goes away as soon as its field is changed. */
export function forgiveOnInput(form) {
  form.addEventListener('input', (event) => {
    const field = event.target.closest('.field');
    if (field && $('.error', field)?.textContent) setError(field, '');
  });
}

/** "Show" beside a password field. */
export function showPasswordButtons(root = document) {
  for (const button of $$('[data-shows]', root)) {
    const input = document.getElementById(button.dataset.shows);
    button.addEventListener('click', () => {
      const visible = input.type === 'password';
      input.type = visible ? 'text' : 'password';
      button.textContent = visible ? t('Hide') : t('Show');
      button.setAttribute('aria-pressed', String(visible));
    });
  }
}

export const looksLikeEmail = (value) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value);

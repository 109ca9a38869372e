// What the onboarding keeps in this browser: the seed's `onboardingData`, the draft's token, the key of its one project.

const DATA = 'onboardingData';
const TOKEN = 'leadToken';
const LEAD = 'leadId';
const KEY = 'onboardingKey';
const ERRORS = 'onboardingErrors';
const UNSAVED = 'onboardingUnsaved';

export const emptyData = () => ({ serviceId: '', serviceName: '', description: '', questionAnswers: {}, clientName: '', clientEmail: '', clientPhone: '' });

// Storage may be full or forbidden; the page then still works until it is closed.
function read(storage, name) {
  try { return window[storage].getItem(name); } catch { return null; }
}
function write(storage, name, value) {
  try {
    if (value === null) window[storage].removeItem(name);
    else window[storage].setItem(name, value);
  } catch { /* nothing to be done */ }
}
function parsed(name) {
  try { return JSON.parse(read('sessionStorage', name)); } catch { return null; }
}

export function loadData() {
  const data = parsed(DATA);
  return data && typeof data === 'object' ? { ...emptyData(), ...data } : null;
}
export const saveData = (data) => write('sessionStorage', DATA, JSON.stringify(data));

/** This tab's draft; a new tab falls back on the last draft of this browser through `lastToken`. */
export const token = () => read('sessionStorage', TOKEN);
export const lastToken = () => read('localStorage', TOKEN);
export function setToken(value) {
  write('sessionStorage', TOKEN, value);
  write('localStorage', TOKEN, value);
}
/** Forgets the draft here, and for later tabs unless they already have another. */
export function forgetToken() {
  if (lastToken() === token()) write('localStorage', TOKEN, null);
  write('sessionStorage', TOKEN, null);
}

export const unsaved = () => read('sessionStorage', UNSAVED) === '1';
export const setUnsaved = (yes) => write('sessionStorage', UNSAVED, yes ? '1' : null);

/** A draft of the signed-in account, opened from the dashboard: known by its number, its token is elsewhere. */
export const leadId = () => Number(read('sessionStorage', LEAD)) || null;
export const setLeadId = (id) => write('sessionStorage', LEAD, String(id));

/** The Idempotency-Key of this draft and which draft it was first sent with: the same for every try, so that it becomes one project. */
export function projectKey() {
  let kept = parsed(KEY);
  if (!kept?.key) {
    kept = { key: Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join(''), leadToken: token() ?? undefined, leadId: leadId() ?? undefined };
    write('sessionStorage', KEY, JSON.stringify(kept));
  }
  return kept;
}
export const newProjectKey = () => write('sessionStorage', KEY, null);

/** Field errors on their way from the sign-in page back to the form. */
export const keepErrors = (fields) => write('sessionStorage', ERRORS, JSON.stringify(fields));
export function takeErrors() {
  const fields = parsed(ERRORS);
  write('sessionStorage', ERRORS, null);
  return fields && typeof fields === 'object' ? fields : null;
}

/** Answers to one service's questions, set aside while another service is looked at. */
export const setAside = (serviceId, answers) => write('sessionStorage', `onboardingAnswers:${serviceId}`, JSON.stringify(answers));
export const takeUp = (serviceId) => parsed(`onboardingAnswers:${serviceId}`) ?? {};

export function clearAll() {
  forgetToken();
  for (const name of [DATA, LEAD, KEY, ERRORS, UNSAVED]) write('sessionStorage', name, null);
}

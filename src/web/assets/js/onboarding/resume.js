// Finds what was typed before: in this tab, behind a ?draft= link, or in this browser's last draft.
import { get } from '../api.js';
import { el } from '../dom.js';
import { notice } from '../view.js';
import { fetchDraft } from './draft.js';
import * as store from './store.js';
import { t } from '../words.js';

const text = (value) => (typeof value === 'string' ? value : '');

const fromDraft = (draft) => ({
  serviceId: String(draft.serviceId ?? ''), serviceName: text(draft.serviceName), description: text(draft.description),
  questionAnswers: draft.questionAnswers && typeof draft.questionAnswers === 'object' ? draft.questionAnswers : {},
  clientName: text(draft.clientName), clientEmail: text(draft.clientEmail), clientPhone: text(draft.clientPhone),
});

/** Fetches a draft, or null when the server does not have it. */
async function draftOf(token) {
  try {
    return await fetchDraft(token);
  } catch (error) {
    if (error.status === 404 || error.status === 410 || error.status === 422 || error.status === 400) return null;
    throw error;
  }
}

function adopt(draft, token) {
  store.clearAll();
  store.setToken(token);
  const data = fromDraft(draft);
  store.saveData(data);
  return { data, step: draft.step };
}

/** A draft bound to the signed-in account, by its number. */
async function mine(id) {
  const { leads } = await get('/api/leads');
  const draft = leads.find((lead) => String(lead.id) === id);
  if (!draft) return null;
  store.clearAll();
  store.setLeadId(draft.id);
  const data = fromDraft(draft);
  store.saveData(data);
  return { data, step: draft.step };
}

function sent(notices, draft) {
  const href = draft.projectId ? `/projects/${draft.projectId}` : '/dashboard';
  notices.replaceChildren(notice('good', el('p', {}, t('This draft has already become a project.')), el('a', { class: 'button short', href }, draft.projectId ? t('Open the project') : t('Go to your dashboard'))));
}

function startAgain(serviceId) {
  store.clearAll();
  location.assign(`/onboarding?serviceId=${encodeURIComponent(serviceId)}`);
}

/** Answers {data, step} to work on, or null when the page has said what to do instead. */
export async function bringBack(notices) {
  const asked = new URLSearchParams(location.search);
  const here = store.loadData();
  const link = asked.get('draft');

  const number = asked.get('lead');
  if (number && !(here && String(store.leadId()) === number && store.unsaved())) {
    const found = await mine(number);
    if (found) return found;
    notices.append(notice('warn', el('p', {}, t('We do not find this draft. It may have become a project already.'))));
  }

  if (link && !(here && store.token() === link && store.unsaved())) {
    const draft = await draftOf(link);
    if (draft && draft.status !== 'open') {
      if (store.token() === link) store.clearAll();
      document.getElementById('loading').hidden = true;
      sent(notices, draft);
      return null;
    }
    if (draft?.serviceId) return adopt(draft, link);
    notices.append(notice('warn', el('p', {}, t('We do not find the draft of this link. It may have been removed.'))));
  }

  const serviceId = asked.get('serviceId') ?? here?.serviceId ?? '';
  if (here && here.serviceId === serviceId) return { data: here };

  if (here && here.serviceId && serviceId) {
    // Another service was picked: the description and contact come along, answers wait with their own service.
    store.setAside(here.serviceId, here.questionAnswers);
    const data = { ...here, serviceId, serviceName: '', questionAnswers: store.takeUp(serviceId) };
    store.saveData(data);
    store.setUnsaved(true);
    return { data };
  }

  const last = store.lastToken();
  const draft = last && await draftOf(last).catch(() => null);
  if (draft?.status === 'open' && draft.serviceId && (!serviceId || String(draft.serviceId) === serviceId)) {
    const again = el('button', { type: 'button', class: 'linklike', id: 'start-again', onclick: () => startAgain(draft.serviceId) }, t('Start again'));
    notices.append(notice('', el('div', { class: 'row' }, el('p', {}, t('We brought back what you entered before.')), again)));
    return adopt(draft, last);
  }

  if (!serviceId) {
    location.replace('/#pricing');
    return null;
  }
  return { data: { ...store.emptyData(), serviceId } };
}

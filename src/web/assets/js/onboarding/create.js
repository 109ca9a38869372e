// Turns the finished onboarding into a project, once, however often it is tried.
import { post } from '../api.js';
import { localPath } from '../dom.js';
import * as store from './store.js';

const stepOf = (field) => (field.startsWith('questionAnswers') ? 2 : field.startsWith('client') ? 3 : 1);

/** The page of the form on which the first of these fields stands. */
export function formPage(data, fields) {
  const step = Math.min(3, ...Object.keys(fields).map(stepOf));
  return `/onboarding?${new URLSearchParams({ serviceId: data.serviceId, step })}`;
}

function send(data) {
  const { key, leadToken, leadId } = store.projectKey();
  return post('/api/projects/create-from-onboarding', { ...data, serviceId: Number(data.serviceId), leadToken, leadId },
    { login: false, timeout: 30000, headers: { 'Idempotency-Key': key } });
}

/** Answers the address of the new project; 422 and everything else is thrown as it came. */
export async function createProject() {
  const data = store.loadData();
  const made = await send(data).catch((error) => {
    // 422 without a field: this key was used with other words, so an earlier try had arrived after all.
    // The draft knows its project; a new key asks for that one.
    const { leadToken, leadId } = store.projectKey();
    if (error.status !== 422 || Object.keys(error.fields).length || !(leadToken || leadId)) throw error;
    store.newProjectKey();
    return send(data);
  });
  store.clearAll();
  return localPath(made.redirectUrl, `/projects/${made.projectId}`);
}

/** Whether this tab holds an onboarding that was filled in to the end. */
export function readyToCreate() {
  const data = store.loadData();
  return Boolean(data?.serviceId && data.description.trim() && data.clientEmail.trim());
}

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

/** Answers the address of the new project; 422 and everything else is thrown as it came. */
export async function createProject() {
  const data = store.loadData();
  const leadToken = store.token();
  const made = await post('/api/projects/create-from-onboarding',
    { ...data, serviceId: Number(data.serviceId), ...(leadToken ? { leadToken } : {}) },
    { login: false, timeout: 30000, headers: { 'Idempotency-Key': store.projectKey() } });
  store.clearAll();
  return localPath(made.redirectUrl, `/projects/${made.projectId}`);
}

/** Whether this tab holds an onboarding that was filled in to the end. */
export function readyToCreate() {
  const data = store.loadData();
  return Boolean(data?.serviceId && data.description.trim() && data.clientEmail.trim());
}

// The words for where a project and its tasks stand.
import { el } from '../dom.js';
import { t } from '../words.js';

const projectWords = {
  pending: [t('Pending'), ''], 'in-progress': [t('In progress'), ''], completed: [t('Completed'), 'good'], 'on-hold': [t('On hold'), 'warn'],
};

/** [words, kind of chip]; a project that waits for its deposit says so. */
export function projectStatus({ status, paymentStatus }) {
  if (status === 'pending' && paymentStatus === 'pending') return [t('Pending payment'), 'warn'];
  return projectWords[status] ?? [status, ''];
}

export function statusChip(project) {
  const [words, kind] = projectStatus(project);
  return el('span', { class: `chip ${kind}`.trim(), 'data-status': project.status }, words);
}

export const taskStates = ['pending', 'in-progress', 'completed'];
export const taskWords = { pending: t('To do'), 'in-progress': t('In progress'), completed: t('Done') };
export const taskPhase = { pending: 0, 'in-progress': 0.5, completed: 1 };

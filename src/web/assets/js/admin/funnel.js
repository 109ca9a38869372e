// How many drafts come how far: the sum over all services as a chart, each service in the table behind it.
import { t } from '../words.js';
import { bars, behind } from './charts.js';

const STEPS = [['started', t('Started')], ['described', t('Described it')], ['answered', t('Answered the questions')], ['projects', t('Became a project')]];

const percent = (part, whole) => (whole ? Math.round((part / whole) * 100) : 0);

export function funnel(services, days) {
  const sum = Object.fromEntries(STEPS.map(([key]) => [key, services.reduce((total, one) => total + one[key], 0)]));
  const chart = bars(t`Drafts of the last ${days} days by how far they came`, STEPS.map(([key, label]) => ({ label, value: sum[key], words: String(sum[key]), more: `${percent(sum[key], sum.started)}%` })), Math.max(1, sum.started));
  return [chart, behind(t('By service'), t`Drafts of the last ${days} days by service and step`, [t('Service'), ...STEPS.map(([, words]) => words), t('Share')],
    services.map((one) => [one.name, ...STEPS.map(([key]) => String(one[key])), `${percent(one.projects, one.started)}%`]))];
}

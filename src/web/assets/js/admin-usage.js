// What writing plans took: tokens and costs by month and model.
import { get } from './api.js';
import { $, el, show } from './dom.js';
import { attempt } from './view.js';
import { locale } from './words.js';
import { office } from './admin/shell.js';

const count = new Intl.NumberFormat(locale);
const dollars = (micros) => (micros / 1e6).toFixed(micros > 0 && micros < 10000 ? 4 : 2);

office(() => attempt($('#failed'), async () => {
  const { months } = await get('/api/admin/plans/usage');
  $('#months').replaceChildren(...months.map((one) => el('tr', {}, el('th', { scope: 'row' }, one.month),
    el('td', { class: 'words' }, one.model), ...[...[one.plans, one.proposals, one.failed, one.asked, one.promptTokens, one.outputTokens, one.thoughtTokens].map((value) => count.format(value)), dollars(one.costMicros)].map((value) => el('td', {}, value)))));
  show($('#table-part'), months.length > 0);
  show($('#none'), months.length === 0);
}));

// The account page's choice of mails: one list for each topic, saved as it is changed.
import { get, patch } from './api.js';
import { $, el, text } from './dom.js';
import { showFailure } from './form.js';
import { attempt } from './view.js';
import { t } from './words.js';

const topics = [
  ['plan', t('The plan'), t('When the document and the tasks are ready.')],
  ['messages', t('Messages'), t('When somebody writes to you.')],
  ['payments', t('Payments'), t('What has arrived, what is due, receipts.')],
  ['project', t('Progress'), t('Changes of a project, and new files.')],
];
const deliveries = [['now', t('At once')], ['daily', t('Daily summary')], ['off', t('Never')]];

function field([topic, label, hint], chosen) {
  const select = el('select', { class: 'input', id: `mails-${topic}`, 'aria-describedby': `mails-${topic}-hint` },
    deliveries.map(([value, words]) => el('option', { value, selected: value === chosen }, words)));
  let kept = chosen;
  select.addEventListener('change', async () => {
    text($('#mails-said'), t('Saving…'));
    try {
      await patch('/api/notifications', { [topic]: select.value });
      kept = select.value;
      $('#mails-error').replaceChildren();
      text($('#mails-said'), t('Saved.'));
    } catch (error) {
      select.value = kept;
      text($('#mails-said'), '');
      showFailure($('#mails'), error);
    }
  });
  return el('div', { class: 'field', 'data-field': topic }, el('label', { for: select.id }, label),
    el('p', { class: 'hint', id: `mails-${topic}-hint` }, hint), select, el('p', { class: 'error', id: `mails-${topic}-error`, hidden: true }));
}

export function drawMails() {
  return attempt($('#mails-error'), async () => {
    const { topics: chosen, digestHour, timeZone } = await get('/api/notifications');
    text($('#mails-note'), t`The daily summary gathers what is new in one mail, at ${String(digestHour).padStart(2, '0')}:00 (${timeZone.replaceAll('_', ' ')}).`);
    $('#mails').replaceChildren(...topics.map((topic) => field(topic, chosen[topic[0]])),
      el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }));
  });
}

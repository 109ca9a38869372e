// The reminder that an e-mail address is not confirmed yet, with a button that sends the link again.
import { explain, post } from './api.js';
import { el } from './dom.js';
import { busy, holdBack } from './form.js';
import { notice } from './view.js';
import { t } from './words.js';

export function verifyNotice(user) {
  const line = el('p', { role: 'status' }, t`Please confirm your e-mail address: open the link we sent to ${user.email}.`);
  const button = el('button', { type: 'button', class: 'button quiet short', id: 'resend' }, t('Send it again'));
  button.addEventListener('click', () => {
    let held = null;
    busy(button, t('Sending…'), async () => {
      try {
        await post('/api/auth/verify/resend');
        line.textContent = t`We sent a new link to ${user.email}.`;
      } catch (error) {
        line.textContent = explain(error);
        held = error;
      }
    }).then(() => holdBack(button, held));
  });
  return notice('warn', el('div', { class: 'row' }, line, button));
}

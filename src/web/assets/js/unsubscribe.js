// The page behind "No more mails of this kind": asks once, so that a program that follows links ends nothing.
import { explain, post } from './api.js';
import { $, el, focusOn, text } from './dom.js';
import { busy } from './form.js';
import { header } from './session.js';
import { t } from './words.js';

const asked = new URLSearchParams(location.search);
const words = {
  plan: t('mails about your plans'),
  messages: t('mails about new messages'),
  payments: t('mails about payments'),
  project: t('mails about the progress of your projects'),
  digest: t('daily summaries'),
}[asked.get('topic')];
const link = (href, label, quiet) => el('a', { class: quiet ? 'button quiet' : 'button', href }, label);

function say(title, detail, ...nodes) {
  text($('#end-title'), title);
  text($('#end-detail'), detail);
  $('#end-actions').replaceChildren(...nodes);
}

async function end() {
  try {
    await post(`/api/notifications/unsubscribe?${asked}`, undefined, { login: false });
    say(t('Done'), t`You get no more ${words}. You can change that at any time in your account.`,
      link('/account#notifications', t('Choose your mails'), true));
  } catch (error) {
    if (error.status === 422) broken();
    else say(t('Not done yet'), explain(error), button(t('Try again')));
  }
  focusOn($('#end-title'));
}

function button(label) {
  const one = el('button', { type: 'button', class: 'button', id: 'end', onclick: () => busy(one, t('One moment…'), end) }, label);
  return one;
}

function broken() {
  say(t('This link is incomplete'), t('Please open the link in the mail once more, or copy all of it. You can also choose your mails in your account.'),
    link('/account#notifications', t('Choose your mails')));
}

header();
if (words && asked.get('signature')) say(t('Fewer mails?'), t`You will get no more ${words}.`, button(t('End these mails')), link('/account#notifications', t('Choose your mails instead'), true));
else broken();

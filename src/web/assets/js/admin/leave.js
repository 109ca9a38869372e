// Asks before a form is shut in which something was typed that is not saved: in the page's language, which confirm() would not be.
import { el } from '../dom.js';
import { t } from '../words.js';

/** Whether the form of `editor` may be shut: at once where nothing would be lost, else once somebody has said so. */
export async function mayClose(editor) {
  if (!editor?.changed()) return true;
  const answer = (words, value, kind) => el('button', { type: 'button', class: `button ${kind}`, onclick: () => dialog.close(value) }, words);
  const dialog = el('dialog', { class: 'ask', role: 'alertdialog', 'aria-labelledby': 'ask-words' }, el('p', { id: 'ask-words' }, t('What you typed is not saved. Close it all the same?')),
    el('div', { class: 'row' }, answer(t('Go on writing'), 'stay', 'short'), answer(t('Close without saving'), 'leave', 'quiet short')));
  const said = new Promise((settle) => { dialog.addEventListener('close', () => settle(dialog.returnValue === 'leave'), { once: true }); });
  document.body.append(dialog);
  dialog.showModal();
  const leaves = await said;
  dialog.remove();
  return leaves;
}

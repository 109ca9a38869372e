// Who follows a project on the client's side, and what they may do: shown to everybody on it, changed by its owner and the agency.
import { explain, get, patch, post, remove } from '../api.js';
import { $, el, focusOn, show, text } from '../dom.js';
import { date } from '../format.js';
import { busy, clearErrors, forgiveOnInput, holdBack, looksLikeEmail, showErrors, showFailure } from '../form.js';
import { attempt, notice, offerCsv } from '../view.js';
import { t } from '../words.js';

const MAY = { view: t('Look only'), work: t('Write, send files and pay') };
const WORDS = { view: t('may look'), work: t('may write, send files and pay') };

export class Contacts {
  #path;
  #list = $('#contacts');
  #form = $('#contact-form');

  constructor(project) {
    this.#path = `/api/projects/${project}/contacts`;
    forgiveOnInput(this.#form);
    this.#form.addEventListener('submit', (event) => { event.preventDefault(); this.#invite(); });
  }

  /** Draws what is there; answers what the caller is here: staff, owner, work or view. */
  async load() {
    let mine = null;
    await attempt($('#people-error'), async () => { mine = this.#draw(await get(this.#path)); });
    return mine;
  }

  #draw(seen) {
    const rows = [el('li', {}, this.#who(seen.owner?.name ?? t('The client'), seen.mine === 'owner' ? t('You, the owner of this project') : t('Owner of this project')))];
    for (const one of seen.contacts) rows.push(this.#contact(one, seen.manages));
    for (const one of seen.invitations) rows.push(this.#invitation(one, seen.manages));
    this.#list.replaceChildren(...rows);
    show(this.#form, seen.manages);
    offerCsv('contacts', this.#path, seen.mine === 'staff');
    return seen.mine;
  }

  #who(name, ...facts) { return el('div', {}, el('p', {}, el('strong', {}, name)), el('p', { class: 'soft small' }, facts.filter(Boolean).join(' · '))); }

  #act(button, doing, words, work) {
    return busy(button, doing, async () => {
      try {
        const after = await work();
        this.#draw(after ?? await get(this.#path));
        text($('#people-said'), words);
        focusOn($('#people-title'));
      } catch (error) {
        const box = notice('bad', el('p', {}, explain(error)));
        $('#people-error').replaceChildren(box);
        focusOn(box);
      }
    });
  }

  #contact(one, manages) {
    const path = `${this.#path}/${encodeURIComponent(one.id)}`;
    const row = el('li', { 'data-contact-id': one.id, 'data-role': one.role }, this.#who(one.me ? t`${one.name} (you)` : one.name, one.email, !manages && WORDS[one.role], one.disabled && t('disabled by the agency'), t`since ${date(one.since)}`));
    if (!manages) {
      if (one.me) row.append(this.#leaving());
      return row;
    }
    const role = el('select', { class: 'input', 'aria-label': t`${one.name} may` }, Object.entries(MAY).map(([value, label]) => el('option', { value }, label)));
    role.value = one.role;
    role.addEventListener('change', async () => {
      try {
        this.#draw(await patch(path, { role: role.value }));
        text($('#people-said'), t`${one.name} ${WORDS[role.value]} now.`);
        $(`[data-contact-id="${CSS.escape(one.id)}"] select`, this.#list)?.focus();
      } catch (error) {
        role.value = one.role;
        const box = notice('bad', el('p', {}, explain(error)));
        $('#people-error').replaceChildren(box);
        focusOn(box);
      }
    });
    const acts = el('div', { class: 'row' });
    const ask = el('button', { type: 'button', class: 'button quiet short', 'aria-label': t`Take ${one.name} off this project` }, t('Take off'));
    const yes = el('button', { type: 'button', class: 'button short' }, t('Take off'));
    const no = el('button', { type: 'button', class: 'button quiet short' }, t('No'));
    ask.addEventListener('click', () => { acts.replaceChildren(el('span', {}, t('They see nothing of it from then on.')), yes, no); yes.focus(); });
    no.addEventListener('click', () => { acts.replaceChildren(role, ask); ask.focus(); });
    yes.addEventListener('click', () => this.#act(yes, t('One moment…'), t`${one.name} is off this project.`, () => remove(path)));
    acts.append(role, ask);
    row.append(acts);
    return row;
  }

  /** For a contact: off this project by their own choice, asked once more. */
  #leaving() {
    const acts = el('div', { class: 'row' });
    const ask = el('button', { type: 'button', class: 'button quiet short', id: 'leave-project' }, t('Leave this project'));
    const yes = el('button', { type: 'button', class: 'button short', id: 'leave-project-yes' }, t('Leave'));
    const no = el('button', { type: 'button', class: 'button quiet short' }, t('Stay'));
    ask.addEventListener('click', () => { acts.replaceChildren(el('span', {}, t('You see nothing of it from then on. Only its owner or the agency can invite you again.')), yes, no); yes.focus(); });
    no.addEventListener('click', () => { acts.replaceChildren(ask); ask.focus(); });
    yes.addEventListener('click', () => busy(yes, t('One moment…'), async () => {
      try {
        await post(`${this.#path}/leave`, {});
        location.assign('/dashboard');
        await new Promise(() => {}); // the button stays busy until the other page is there
      } catch (error) {
        const box = notice('bad', el('p', {}, explain(error)));
        $('#people-error').replaceChildren(box);
        focusOn(box);
      }
    }));
    acts.append(ask);
    return acts;
  }

  #invitation(one, manages) {
    const path = `${this.#path}/invitations/${one.id}`;
    const row = el('li', { 'data-invitation-id': one.id }, this.#who(one.email, one.expired ? t`invitation ended ${date(one.expiresAt)}` : t`invited, open until ${date(one.expiresAt)}`, WORDS[one.role]));
    if (manages) {
      row.append(el('div', { class: 'row' },
        el('button', { type: 'button', class: 'button quiet short', 'aria-label': t`Send again to ${one.email}`, onclick: (event) => this.#act(event.currentTarget, t('Sending…'), t`Sent again to ${one.email}.`, () => post(`${path}/send`, {})) }, t('Send again')),
        el('button', { type: 'button', class: 'button quiet short', 'aria-label': t`Withdraw the invitation of ${one.email}`, onclick: (event) => this.#act(event.currentTarget, t('Withdrawing…'), t`The invitation of ${one.email} is withdrawn.`, () => remove(path)) }, t('Withdraw'))));
    }
    return row;
  }

  #invite() {
    const form = this.#form;
    clearErrors(form);
    const email = form.elements.email.value.trim();
    if (!looksLikeEmail(email)) { showErrors(form, { email: t('Please enter an e-mail address like name@example.com.') }); return; }
    const button = $('[type="submit"]', form);
    let held = null;
    busy(button, t('Sending…'), async () => {
      try {
        this.#draw(await post(this.#path, { email, role: form.elements.role.value }));
        text($('#people-said'), t`${email} is invited.`);
        form.elements.email.value = '';
        form.elements.email.focus();
      } catch (error) {
        held = error;
        showFailure(form, error);
      }
    }).then(() => holdBack(button, held));
  }
}

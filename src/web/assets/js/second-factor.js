// The second factor on the account page: setting it up with an app, its recovery codes, and taking it away.
import { get, post } from './api.js';
import { $, el, focusOn, svg } from './dom.js';
import { plural } from './format.js';
import { busy, clearErrors, forgiveOnInput, holdBack, showErrors, showFailure } from './form.js';
import { attempt, notice } from './view.js';
import { t, woven } from './words.js';

const says = (place, ...nodes) => place.replaceChildren(...nodes.flat().filter(Boolean));

/** A form of one code; `done(answer)` follows when it was right. */
function codeForm({ id, label, button, hint, path, done, cancel }) {
  const form = el('form', { id: `${id}-form`, novalidate: true, class: 'stack' },
    el('div', { class: 'field', 'data-field': 'code' }, el('label', { for: id }, label), hint && el('p', { class: 'hint', id: `${id}-hint` }, hint),
      el('input', { class: 'input', id, name: 'code', type: 'text', required: true, maxlength: 40, autocomplete: 'one-time-code', autocapitalize: 'none', spellcheck: 'false', 'aria-describedby': hint ? `${id}-hint` : null }),
      el('p', { class: 'error', id: `${id}-error`, hidden: true })),
    el('div', { class: 'notice bad', 'data-form-error': '', role: 'alert', hidden: true }),
    el('div', { class: 'row' }, el('button', { type: 'submit', class: 'button' }, button), cancel && el('button', { type: 'button', class: 'button quiet', onclick: cancel }, t('Cancel'))));
  forgiveOnInput(form);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    clearErrors(form);
    const code = form.elements.code.value.trim();
    if (!code) { showErrors(form, { code: t('Please type the code.') }); return; }
    let held = null;
    busy($('[type=submit]', form), t('One moment…'), async () => {
      try {
        done(await post(path, { code }));
      } catch (error) {
        showFailure(form, error);
        held = error;
      }
    }).then(() => holdBack($('[type=submit]', form), held));
  });
  return form;
}

function picture({ size, path }) {
  return svg('svg', { class: 'qr', viewBox: `0 0 ${size} ${size}`, role: 'img', 'aria-label': t('QR code for your authenticator app; the key below is the same'), 'shape-rendering': 'crispEdges' },
    svg('rect', { width: size, height: size, fill: '#fff' }), svg('path', { d: path, fill: '#000' }));
}

/** Fills `place`; a person whom the agency asks for a second factor goes on to where they wanted once it is there. */
export function drawSecondFactor(place, user) {
  const draw = (said) => attempt(place, async () => {
    const state = await get('/api/auth/second-factor');
    if (state.enabled) on(state, said); else off(state, said);
  });

  const codesSeen = (codes, words) => {
    const text = codes.join('\n');
    const title = el('h3', { tabindex: '-1' }, t('Your recovery codes'));
    says(place, notice('good', el('p', {}, words)), title,
      el('p', {}, t('Each works once, in place of a code of your app. Keep them where your phone is not: they are shown this once.')),
      el('ul', { class: 'recovery-codes', id: 'recovery-codes', role: 'list' }, codes.map((code) => el('li', {}, el('code', {}, code)))),
      el('div', { class: 'row' },
        el('a', { class: 'button quiet', download: 'recovery-codes.txt', href: `data:text/plain;charset=utf-8,${encodeURIComponent(`${text}\n`)}` }, t('Save as a file')),
        el('button', { type: 'button', class: 'button', id: 'codes-kept', onclick: () => (user.confined ? location.assign('/admin') : draw().then(() => focusOn($('#factor-title')))) }, t('I have kept them'))));
    focusOn(title);
  };

  const offer = async () => {
    const made = await post('/api/auth/second-factor/setup');
    const title = el('h3', { tabindex: '-1' }, t('Add it to your app'));
    says(place, title, el('p', {}, t('Scan this picture with an authenticator app, such as Aegis, FreeOTP or Google Authenticator. '),
      woven`Or type the key into the app. On this device, ${el('a', { href: made.uri }, t('open it in the app'))}.`),
      el('div', { class: 'factor-offer' }, picture(made.qr), el('dl', { class: 'facts' }, el('div', {}, el('dt', {}, t('Key')), el('dd', {}, el('code', { id: 'factor-secret', class: 'secret' }, made.secret.match(/.{1,4}/g).join(' ')))),
        el('div', {}, el('dt', {}, t('Kind')), el('dd', {}, t('Time-based, six digits'))))),
      codeForm({ id: 'factor-code', label: t('The code that the app shows now'), button: t('Switch it on'), path: '/api/auth/second-factor/confirm', cancel: () => draw(),
        done: ({ recoveryCodes }) => codesSeen(recoveryCodes, t('The second factor is on. Other devices were signed out.')) }));
    focusOn(title);
  };

  const off = (state, said) => {
    const begin = el('button', { type: 'button', class: 'button', id: 'factor-begin' }, t('Set up a second factor'));
    begin.addEventListener('click', () => busy(begin, t('One moment…'), () => attempt(place, offer)));
    says(place, said && notice('good', el('p', {}, said)),
      state.required && notice('warn', el('p', {}, t('The agency asks everybody who works there for a second factor. Until you have set one up, you see only this page.'))),
      el('p', { class: 'soft' }, state.available ? t('With a second factor, your password alone opens nothing: signing in also takes a code from an app on your phone.') : t('Second factors are switched off on this site.')),
      state.available && begin);
  };

  const on = (state, said) => {
    const more = el('div', {});
    const ask = (how) => { says(more, codeForm({ ...how, cancel: () => says(more) })); $('input', more).focus(); };
    says(place, said && notice('good', el('p', {}, said)),
      el('p', {}, el('span', { class: 'chip good' }, t('On')), t(' Signing in takes your password and a code.')),
      state.recoveryCodesLeft < 4 && notice('warn', el('p', {}, t`You have ${plural(state.recoveryCodesLeft, 'recovery code')} left. Make new ones before you run out.`)),
      el('p', { class: 'soft small' }, t`${plural(state.recoveryCodesLeft, 'recovery code')} not used yet.`),
      el('div', { class: 'row' },
        el('button', { type: 'button', class: 'button quiet', id: 'codes-new', onclick: () => ask({ id: 'codes-code', label: t('A code of your app'), button: t('Make new recovery codes'), hint: t('The ones that you have stop working.'), path: '/api/auth/second-factor/recovery-codes', done: ({ recoveryCodes }) => codesSeen(recoveryCodes, t('These are your new recovery codes. The earlier ones work no more.')) }) }, t('New recovery codes')),
        el('button', { type: 'button', class: 'button quiet', id: 'factor-remove', onclick: () => ask({ id: 'remove-code', label: t('A code of your app, or a recovery code'), button: t('Take the second factor away'), hint: t('Then your password alone opens your account.'), path: '/api/auth/second-factor/remove',
          done: () => draw(t('The second factor is off.')).then(() => focusOn($('#factor-title'))) }) }, t('Take it away'))),
      more);
  };

  return draw();
}

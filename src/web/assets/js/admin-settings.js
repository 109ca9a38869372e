// The agency's settings: what clients see, mail, the AI key, limits, and who changed what. For administrators.
import { showName } from './agency.js';
import { explain, get, patch, post, remove, sendBytes } from './api.js';
import { $, el, focusOn, show, svg, text } from './dom.js';
import { bytes, dateTime, plural } from './format.js';
import { busy, clearErrors, setError, showFailure } from './form.js';
import { FIELDS } from './admin/facts.js';
import { office } from './admin/shell.js';
import { attempt, notice } from './view.js';
import { said, t } from './words.js';

const GROUNDS = { light: { paper: '#f5f5f1', surface: '#ffffff', ink: '#171a26', night: '#10152a', line: '#dadad3' }, dark: { paper: '#0e1220', surface: '#161b2d', ink: '#ecebe3', night: '#141a33', line: '#2a314a' } };
let state = null;
let asked = 0;

/** A page in small, by day or by night. Attributes, as styles are not allowed to be written here. */
function picture(scheme, theme) {
  const shade = (name) => theme.shades[name][scheme];
  const { paper, surface, ink, night, line } = GROUNDS[scheme];
  const words = (x, y, fill, what, kind = '') => svg('text', { x, y, fill, class: kind }, what);
  const name = $('#name').value.trim() || state.shownName;
  return svg('svg', { viewBox: '0 0 320 150', role: 'img', 'aria-label': scheme === 'light' ? t('By day') : t('By night') },
    svg('rect', { width: 320, height: 150, fill: paper }), svg('rect', { width: 320, height: 34, fill: night }),
    svg('circle', { cx: 20, cy: 17, r: 8, fill: shade('--moon') }), words(36, 22, '#eeece2', name.length > 26 ? `${name.slice(0, 25)}…` : name),
    svg('rect', { x: 12, y: 46, width: 296, height: 92, rx: 8, fill: surface, stroke: line }),
    words(26, 68, ink, scheme === 'light' ? t('By day') : t('By night')), words(104, 68, shade('--link'), t('A link'), 'linked'),
    svg('rect', { x: 26, y: 82, width: 110, height: 40, rx: 5, fill: shade('--accent') }), words(47, 107, shade('--on-accent'), t('A button')),
    svg('rect', { x: 150, y: 82, width: 144, height: 40, rx: 5, fill: shade('--tint') }), svg('text', { x: 162, y: 107, fill: ink, class: 'plain' }, t('A note with '), svg('tspan', { fill: shade('--link'), class: 'linked' }, t('a link'))));
}

function drawTheme(theme) {
  $('#previews').replaceChildren(picture('light', theme), picture('dark', theme));
  const least = Math.min(...theme.readings.map((one) => one.ratio));
  const link = theme.shades['--link'];
  const moved = link.light !== theme.accent;
  text($('#guard'), [t`Every text has a contrast of at least ${least.toFixed(2)} : 1 (4.5 is needed).`,
    moved && t`As words on white your colour would have ${theme.asText.toFixed(2)} : 1 or be hard to read on a tint, so links are ${link.light} by day.`,
    link.dark !== theme.accent && t`By night they are ${link.dark}.`].filter(Boolean).join(' '));
  const rows = new Map();
  for (const one of theme.readings) rows.set(one.what, { ...rows.get(one.what), [one.scheme]: one.ratio.toFixed(2) });
  $('#readings tbody').replaceChildren(...[...rows].map(([what, { light, dark }]) => el('tr', {}, el('th', { scope: 'row' }, said(what)), el('td', {}, light), el('td', {}, dark))));
}

const isColour = (value) => /^#[0-9a-f]{6}$/i.test(value);

/** Asks what the colour would become; of several answers the last question's counts. */
async function previewColour(value) {
  if (!isColour(value)) return;
  const mine = ++asked;
  try {
    const { theme } = await get(`/api/admin/settings/theme?accent=${encodeURIComponent(value)}`);
    if (mine === asked) drawTheme(theme);
  } catch (error) {
    if (mine === asked) text($('#guard'), explain(error));
  }
}

const languageWords = { en: t('English'), fil: t('Filipino') };
const shown = {
  language: (value) => languageWords[value] ?? value,
  languages: (value) => value.map((one) => languageWords[one] ?? one).join(', '),
  logo: (value) => (value ? t('a picture') : t('none')),
  aiKey: (value) => (value ? `…${value.last4}` : t('none')),
  currencyDisplay: (value) => (value === 'code' ? 'PHP 15,000' : '₱15,000'),
  filesQuotaMb: (value) => (value ? `${value} MiB` : t('as installed')),
  generationsPerDay: (value) => value ?? t('as installed'),
};
const written = (field, value) => String(shown[field]?.(value) ?? value ?? t('as installed'));

const changeLine = ({ at, by, changes }) => el('li', {}, el('p', {}, el('strong', {}, by ?? t('The installation')), el('span', { class: 'soft small' }, ` · ${dateTime(at)}`)),
  el('ul', {}, Object.entries(changes).map(([field, { from, to }]) => el('li', {}, `${FIELDS[field] ?? field}: ${written(field, from)} → ${written(field, to)}`))));

async function loadChanges(cursor) {
  const { changes, next } = await get(`/api/admin/settings/changes${cursor ? `?cursor=${cursor}` : ''}`);
  const lines = changes.map(changeLine);
  if (cursor) $('#changes').append(...lines);
  else $('#changes').replaceChildren(...(lines.length ? lines : [el('li', { class: 'soft' }, t('Nothing has been changed yet.'))]));
  show($('#more'), Boolean(next));
  $('#more').dataset.next = next ?? '';
}

/** What is being typed in another form stays: a field takes the answer where nobody has touched it. */
function put(id, value) {
  const field = $(id);
  if (field.value === (field.dataset.drawn ?? field.value)) {
    field.value = value;
    field.dataset.drawn = field.value;
  }
}

/** This page's own colours and logo, too. */
function refreshStyle() {
  const sheet = $('link[href^="/brand/theme.css"]');
  sheet.href = `/brand/theme.css?${Date.now()}`;
}

/** What is in use, and how far the wish for a domain of one's own has come. */
function drawHost({ hosts, anyHost, hostRequest: asked }) {
  $('#hosts').replaceChildren(...(hosts.length ? hosts.map((host) => el('div', {}, host)) : [el('div', {}, anyHost ? t('Any address of this server') : t('None yet'))]));
  const here = hosts[0] ?? location.hostname; // a CNAME leads to a name
  text($('#host-record'), /^[\d.]+$|:/.test(here) ? t`With whoever keeps your domain, make a DNS record of that name: an A record to ${here}.`
    : t`With whoever keeps your domain, make a DNS record of that name: a CNAME to ${here}, or an A record to the same server.`);
  const waits = asked && !asked.declinedAt;
  $('#host-state').replaceChildren(...(waits ? [notice('warn', el('p', {}, el('strong', {}, asked.host)), el('p', {}, t`Asked for on ${dateTime(asked.askedAt)}, waiting for the owner of this installation.`))]
    : asked ? [notice('bad', el('p', {}, el('strong', {}, asked.host), ' ', t`was asked for on ${dateTime(asked.askedAt)}.`), el('p', {}, t`Declined: ${asked.reason}`))] : []));
  show($('#domain'), !waits);
  show($('#host-waits'), waits);
}

function draw(answer) {
  state = answer;
  const { settings, installation, aiKey, logo } = answer;
  put('#name', settings.name ?? '');
  $('#name').placeholder = answer.shownName;
  text($('#name-hint'), settings.name ? t('Empty: the name that the installation has for you.') : t`Empty: you are called ${answer.shownName}.`);
  put('#accent', settings.accent);
  put('#accent-picker', settings.accent);
  if (!('touched' in $('#look').dataset)) for (const radio of document.getElementsByName('currency')) radio.checked = radio.value === settings.currencyDisplay;
  if (!('touched' in $('#speech').dataset)) {
    for (const box of document.getElementsByName('offered')) box.checked = settings.languages.includes(box.value);
    $('#own-language').value = settings.language;
  }
  put('#mail-from', settings.mailFrom ?? '');
  text($('#mail-from-hint'), t`Empty: ${installation.mailFrom}. Your domain has to allow our server to send for it (SPF, DKIM).`);
  put('#reply-to', settings.replyTo ?? '');
  put('#generations', settings.generationsPerDay ?? '');
  text($('#generations-hint'), t`Empty, or at most ${installation.generationsPerDay}: what the installation allows.`);
  put('#quota', settings.filesQuotaMb ?? '');
  text($('#quota-hint'), t`Empty, or at most ${installation.filesQuotaMb}: what the installation allows. ${bytes(answer.filesUsed)} are in use.`);
  $('#accounts').replaceChildren(el('a', { href: '/admin/payments#accounts-title' }, answer.paymentAccounts ? plural(answer.paymentAccounts, 'account') : t('None yet: add one')));
  drawHost(answer);

  $('#logo-now').replaceChildren(logo ? el('img', { src: logo.address, alt: t('Your logo'), width: logo.width, height: logo.height }) : el('p', { class: 'soft' }, t('No logo: the moon stands in the header.')));
  show($('#logo-remove'), Boolean(logo));

  const { own } = aiKey;
  text($('#key-now'), own ? (own.setBy ? t`Set on ${dateTime(own.setAt)} by ${own.setBy}; it ends in ${own.last4}. Plans are written with it.` : t`Set on ${dateTime(own.setAt)}; it ends in ${own.last4}. Plans are written with it.`)
    : aiKey.installationHasOne ? t('You have none of your own: plans are written with the installation’s key.') : t('There is none: plans are drafts by the built-in planner.'));
  $('#key-note').replaceChildren(...(!aiKey.canBeKept ? [notice('warn', el('p', {}, t('A key of your own cannot be kept yet: whoever runs this installation has to set SECRET_KEY first, so that it is kept encrypted.')))]
    : !aiKey.readable ? [notice('bad', el('p', {}, t('This key can no longer be read, as SECRET_KEY of the installation has changed. Until you give it again, plans are drafts.')))] : []));
  show($('#key'), aiKey.canBeKept || Boolean(own));
  show($('#key-remove'), Boolean(own));
  if ($('#accent').value === settings.accent) drawTheme(answer.theme);
  showName(answer.shownName);
  show($('#settings'));
}

const number = (id) => {
  const value = $(id).value.trim();
  return value === '' ? null : /^\d+$/.test(value) ? Number(value) : value;
};

/** Sends, draws the answer, says it, and shows the change in the log. */
function act(form, button, send, words) {
  clearErrors(form);
  return busy(button, t('Saving…'), async () => {
    try {
      const answer = await send();
      for (const field of form.elements) delete field.dataset.drawn;
      delete form.dataset.touched;
      draw(answer);
      refreshStyle();
      text($('#settings-said'), words);
      await loadChanges();
      return true;
    } catch (error) {
      showFailure(form, error);
      return false;
    }
  });
}

function onSave(id, fields, words) {
  const form = $(id);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = $('button[type="submit"]', form);
    if (await act(form, button, () => patch('/api/admin/settings', { version: state.version, ...fields() }), words)) button.textContent = t('Saved');
    setTimeout(() => text(button, t('Save')), 2000);
  });
}

onSave('#look', () => ({ name: $('#name').value, accent: $('#accent').value, currencyDisplay: $('input[name="currency"]:checked')?.value }), t('Saved. Visitors see it within two seconds.'));
onSave('#speech', () => ({ language: $('#own-language').value, languages: [...document.getElementsByName('offered')].filter((box) => box.checked).map((box) => box.value) }), t('Saved. Visitors see it within two seconds.'));
onSave('#mail', () => ({ mailFrom: $('#mail-from').value, replyTo: $('#reply-to').value }), t('Saved.'));
onSave('#limits', () => ({ generationsPerDay: number('#generations'), filesQuotaMb: number('#quota') }), t('Saved.'));

for (const form of [$('#look'), $('#speech')]) form.addEventListener('change', () => { form.dataset.touched = ''; });
$('#accent-picker').addEventListener('input', (event) => {
  $('#accent').value = event.target.value;
  previewColour(event.target.value);
});
$('#accent').addEventListener('input', (event) => {
  if (isColour(event.target.value)) $('#accent-picker').value = event.target.value.toLowerCase();
  previewColour(event.target.value);
});
$('#name').addEventListener('input', () => previewColour($('#accent').value));

$('#logo').addEventListener('submit', (event) => {
  event.preventDefault();
  const file = $('#logo-file').files[0];
  const field = $('[data-field="logo"]');
  clearErrors(event.target);
  const wrong = !file ? t('Choose a picture first.') : file.size > 262144 ? t`This picture has ${bytes(file.size)}; at most 256 KB. Save it smaller.` : '';
  if (wrong) {
    setError(field, wrong);
    $('#logo-file').focus();
    return;
  }
  act(event.target, event.submitter ?? $('button[type="submit"]', event.target), async () => {
    const answer = await sendBytes('POST', '/api/admin/settings/logo', file);
    event.target.reset();
    return answer;
  }, t('The logo is in use.'));
});
$('#logo-remove').addEventListener('click', async (event) => {
  if (await act($('#logo'), event.currentTarget, () => remove('/api/admin/settings/logo'), t('The logo is removed.'))) focusOn($('#logo-title'));
});
$('#key').addEventListener('submit', (event) => {
  event.preventDefault();
  act(event.target, $('button[type="submit"]', event.target), async () => {
    const answer = await post('/api/admin/settings/ai-key', { key: $('#ai-key').value });
    event.target.reset();
    return answer;
  }, t('The key is kept.'));
});
$('#key-remove').addEventListener('click', async (event) => {
  if (await act($('#key'), event.currentTarget, () => remove('/api/admin/settings/ai-key'), t('The key is removed.'))) focusOn($('#key-title'));
});
$('#domain').addEventListener('submit', async (event) => {
  event.preventDefault();
  const form = event.target;
  if (await act(form, $('button[type="submit"]', form), async () => {
    const answer = await post('/api/admin/settings/host', { host: $('#own-host').value });
    form.reset();
    return answer;
  }, t('The domain is asked for.'))) focusOn($('#host-title'));
});
$('#host-withdraw').addEventListener('click', async (event) => {
  if (await act($('#host-waits'), event.currentTarget, () => remove('/api/admin/settings/host'), t('The request is taken back.'))) focusOn($('#host-title'));
});
$('#more').addEventListener('click', (event) => busy(event.currentTarget, t('Loading…'), () => attempt($('#changes-error'), () => loadChanges($('#more').dataset.next))));

office((user) => attempt($('#settings-error'), async () => {
  if (user.role !== 'admin') {
    $('#settings').replaceChildren(notice('warn', el('p', {}, t('Settings are for administrators of the agency. Ask one of them for what has to change.'))));
    show($('#settings'));
    return;
  }
  draw(await get('/api/admin/settings'));
  await loadChanges();
}));

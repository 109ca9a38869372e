// Speaks to the server: JSON in and out, a deadline on every call, and one kind of error.
import { waitText } from './format.js';
import { said, t } from './words.js';

export class ApiError extends Error {
  constructor({ status = 0, detail = '', fields = {}, retryAfter = 0, requestId = '', body = null }) {
    super(detail || `HTTP ${status}`);
    const told = Object.fromEntries(Object.entries(fields).map(([name, words]) => [name, said(words)]));
    Object.assign(this, { status, detail: said(detail), fields: told, retryAfter, requestId, body });
  }

  /** True when nothing is known about what the server did. */
  get network() { return this.status === 0; }

  /** True when the same call may well succeed later. */
  get passing() { return this.network || this.status === 408 || this.status === 429 || (this.status >= 500 && this.status !== 507); }
}

/** What to tell the person. */
export function explain(error) {
  if (!(error instanceof ApiError)) return t('Something went wrong on this page. Please reload it.');
  if (error.network) return error.detail;
  if (error.status === 429) return t`Too many tries in a short time. Please wait ${waitText(error.retryAfter)} and try again.`;
  if (error.status === 503) return t('We are away for a moment. Please try again shortly.');
  if (error.status >= 500 && error.status !== 507) {
    return [t('Something went wrong on our side. Please try again.'), error.requestId && t`(Reference ${error.requestId})`].filter(Boolean).join(' ');
  }
  return error.detail || t('The server did not accept this.');
}

/**
 * Sends bytes and tells how many are on their way; what fetch() cannot do. Ends where nothing moves for `silence` milliseconds.
 * Answers the parsed JSON or throws ApiError, as request() does.
 */
export function sendBytes(method, path, bytes, { headers = {}, onprogress, signal, silence = 30000 } = {}) {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    let timer = 0;
    const wait = () => { clearTimeout(timer); timer = setTimeout(() => call.abort(), silence); };
    const over = (settle, value) => { clearTimeout(timer); settle(value); };
    const lost = () => over(reject, new ApiError({ detail: t('We could not reach the server. Check your connection and try again.') }));
    call.open(method, path);
    for (const [name, value] of Object.entries({ Accept: 'application/json', 'Content-Type': 'application/octet-stream', ...headers })) call.setRequestHeader(name, value);
    call.upload.addEventListener('progress', (event) => { wait(); onprogress?.(event.loaded); });
    call.upload.addEventListener('load', wait);
    for (const failure of ['error', 'abort', 'timeout']) call.addEventListener(failure, lost);
    call.addEventListener('load', () => {
      let parsed = null;
      try { parsed = JSON.parse(call.responseText); } catch { /* said below */ }
      if (call.status >= 200 && call.status < 300 && parsed) over(resolve, parsed);
      else over(reject, new ApiError({ status: call.status, detail: parsed?.detail ?? '', fields: parsed?.fields ?? {}, retryAfter: Number(call.getResponseHeader('Retry-After')) || 0, requestId: parsed?.requestId ?? '', body: parsed }));
    });
    signal?.addEventListener('abort', () => call.abort(), { once: true });
    wait();
    call.send(bytes);
  });
}

async function send(method, path, body, { headers = {}, timeout = 15000, keepalive = false, signal } = {}) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort('timeout'), timeout);
  signal?.addEventListener('abort', () => stop.abort(signal.reason), { once: true });
  try {
    const response = await fetch(path, {
      method, keepalive, signal: stop.signal, credentials: 'same-origin', cache: method === 'GET' ? 'no-cache' : 'no-store',
      headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { response, content: await response.text() };
  } catch {
    throw new ApiError({
      detail: stop.signal.aborted
        ? t('The server takes too long to answer. Please try again.')
        : t('We could not reach the server. Check your connection and try again.'),
    });
  } finally {
    clearTimeout(timer);
  }
}

/** Seconds to wait, from a Retry-After in seconds or as a date. */
function retryAfter(response) {
  const value = response.headers.get('Retry-After');
  if (!value) return 0;
  const seconds = Number(value);
  return Math.max(0, Math.ceil(Number.isNaN(seconds) ? (Date.parse(value) - Date.now()) / 1000 : seconds)) || 0;
}

/**
 * Answers the parsed JSON (null for none) or throws ApiError.
 * A 401 leads to the sign-in page and back, unless `login: false`.
 */
export async function request(method, path, body, options = {}) {
  const { response, content } = await send(method, path, body, options);
  let parsed = null;
  try {
    parsed = content ? JSON.parse(content) : null;
  } catch {
    if (response.ok) throw new ApiError({ status: 502, detail: t('The answer could not be read.') });
  }
  if (response.ok) return parsed;
  if (response.status === 401 && options.login !== false) {
    const here = location.pathname + location.search;
    location.assign(`/login?next=${encodeURIComponent(here)}`);
    await new Promise(() => {}); // the page is leaving
  }
  throw new ApiError({
    status: response.status,
    detail: typeof parsed?.detail === 'string' ? parsed.detail : '',
    fields: parsed?.fields && typeof parsed.fields === 'object' ? parsed.fields : {},
    retryAfter: retryAfter(response),
    requestId: parsed?.requestId ?? response.headers.get('X-Request-Id') ?? '',
    body: parsed,
  });
}

export const get = (path, options) => request('GET', path, undefined, options);
export const post = (path, body, options) => request('POST', path, body, options);
export const patch = (path, body, options) => request('PATCH', path, body, options);
export const remove = (path, options) => request('DELETE', path, undefined, options);

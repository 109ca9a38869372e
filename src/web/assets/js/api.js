// Speaks to the server: JSON in and out, a deadline on every call, and one kind of error.
import { waitText } from './format.js';

export class ApiError extends Error {
  constructor({ status = 0, detail = '', fields = {}, retryAfter = 0, requestId = '', body = null }) {
    super(detail || `HTTP ${status}`);
    Object.assign(this, { status, detail, fields, retryAfter, requestId, body });
  }

  /** True when nothing is known about what the server did. */
  get network() { return this.status === 0; }

  /** True when the same call may well succeed later. */
  get passing() { return this.network || this.status === 408 || this.status === 429 || this.status >= 500; }
}

/** What to tell the person. */
export function explain(error) {
  if (!(error instanceof ApiError)) return 'Something went wrong on this page. Please reload it.';
  if (error.network) return error.detail;
  if (error.status === 429) return `Too many tries in a short time. Please wait ${waitText(error.retryAfter)} and try again.`;
  if (error.status === 503) return 'We are away for a moment. Please try again shortly.';
  if (error.status >= 500) {
    return 'Something went wrong on our side. Please try again.' + (error.requestId ? ` (Reference ${error.requestId})` : '');
  }
  return error.detail || 'The server did not accept this.';
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
        ? 'The server takes too long to answer. Please try again.'
        : 'We could not reach the server. Check your connection and try again.',
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
    if (response.ok) throw new ApiError({ status: 502, detail: 'The answer could not be read.' });
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

// Records that a public page was seen; a failure is nobody's business.
import { post } from './api.js';

export function recordVisit(token) {
  const referrer = document.referrer && new URL(document.referrer).origin !== location.origin ? document.referrer : undefined;
  post('/api/leads/views', { path: location.pathname, referrer, token: token || undefined }, { login: false, keepalive: true }).catch(() => {});
}

// Sends one small file with progress: a proof of payment.
import { ApiError } from '../api.js';

/** Answers the file's id, or throws ApiError. */
export function upload(path, file, purpose, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', `${path}?${new URLSearchParams({ name: file.name, purpose })}`);
    request.timeout = 120000;
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.addEventListener('progress', (event) => { if (event.lengthComputable) progress(event.loaded / event.total); });
    const failed = () => reject(new ApiError({ detail: 'The proof could not be sent. Check your connection and try again.' }));
    request.addEventListener('error', failed);
    request.addEventListener('timeout', failed);
    request.addEventListener('load', () => {
      let body = null;
      try { body = JSON.parse(request.responseText); } catch { /* told below */ }
      if (request.status === 201 && body?.id) { resolve(body.id); return; }
      reject(new ApiError({ status: request.status, detail: body?.detail ?? '', fields: body?.fields ?? {}, retryAfter: Number(request.getResponseHeader('Retry-After')) || 0, body }));
    });
    request.send(file);
  });
}

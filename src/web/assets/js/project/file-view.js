// How a file looks: its picture or kind, its name, who sent it and when; removed ones say so.
import { el } from '../dom.js';
import { ago, bytes, dateTime } from '../format.js';
import { t } from '../words.js';

const kind = (file) => {
  const extension = /\.([A-Za-z0-9]{1,4})$/.exec(file.name)?.[1];
  return (extension ?? file.contentType.split('/')[1] ?? 'file').slice(0, 4).toUpperCase();
};

export const fileAddress = (file) => `/api/files/${file.id}`;

const sender = (file) => (file.mine ? t('you') : [file.userName || t('somebody'), file.userRole !== 'client' && t('(agency)')].filter(Boolean).join(' '));

/** The picture or the kind; small ones beside a name. */
export function glyph(file) {
  if (!file.thumbnail) return el('span', { class: 'file-kind', 'aria-hidden': 'true' }, kind(file));
  return el('img', { class: 'file-kind', src: `${fileAddress(file)}/thumbnail`, alt: '', loading: 'lazy', width: 56, height: 56 });
}

export function removed(file) {
  return el('span', { class: 'soft' }, el('s', {}, file.name), ` ${file.removedByName ? t`removed by ${file.removedByName}` : t('removed')} `,
    el('time', { datetime: file.removedAt, title: dateTime(file.removedAt) }, ago(file.removedAt)));
}

export function fileFacts(file) {
  return el('span', { class: 'soft small' }, t`${bytes(file.size)}, from ${sender(file)}, `, el('time', { datetime: file.createdAt, title: dateTime(file.createdAt) }, ago(file.createdAt)));
}

export const fileLink = (file) => el('a', { class: 'file-name', href: fileAddress(file), download: file.name }, file.name);

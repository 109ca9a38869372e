// What is noted of an event, in words: actions, the names of fields and the values that are words of ours. src/domain/lists_fil.h has
// the same words for files; tests/http/lists_test.py holds both together. What nobody has a word for is shown as it is.
import { el } from '../dom.js';
import { added, centavos, dateTime } from '../format.js';
import { t } from '../words.js';

/** A new word of the server needs a line here; until then its own name is shown. */
export const ACTIONS = {
  'signed-in': t('Signed in'), 'sign-in-failed': t('A sign-in failed'), 'sign-in-refused': t('A sign-in was refused'), 'second-factor-failed': t('A second factor was wrong'),
  'password-reset': t('Chose a new password'), 'second-factor-set-up': t('Set up a second factor'), 'second-factor-removed': t('Took their second factor away'),
  'second-factor-reset': t('Reset a second factor'), 'recovery-codes-renewed': t('Made new recovery codes'), 'second-factor-rule': t('Changed whether staff need a second factor'),
  'role-changed': t('Changed a role'), 'person-disabled': t('Disabled a person'), 'person-enabled': t('Enabled a person'), 'sessions-ended': t('Signed somebody out'),
  invited: t('Invited somebody'), 'invitation-sent-again': t('Sent an invitation again'), 'invitation-withdrawn': t('Took an invitation back'), 'invitation-accepted': t('Accepted an invitation'),
  'contact-changed': t('Changed what a contact may do'), 'contact-removed': t('Took a contact off a project'), 'contact-left': t('Left a project as its contact'),
  'payment-reviewed': t('Looked at a payment'), 'payment-verified': t('Confirmed a payment'), 'payment-rejected': t('Refused a payment'), 'payment-refunded': t('Gave a payment back'),
  'payment-settled': t('Settled a payment'), 'payment-recorded': t('Recorded a payment'), 'payment-account-added': t('Added an account for payments'),
  'payment-account-changed': t('Changed an account for payments'), 'payment-account-removed': t('Removed an account for payments'), exported: t('Saved a list as a file'),
  'changed-over': t('Went over to another agency'), 'lead-written-to': t('Wrote to somebody with a draft'), 'lead-converted': t('Made a project of a draft'), 'balance-requested': t('Asked for the balance'),
  'plan-ordered': t('Had a plan written anew'), 'plan-applied': t('Chose from a new plan'), 'plan-dismissed': t('Dismissed a new plan'), 'plan-restored': t('Brought back a version of a plan'),
  'settings-changed': t('Changed the settings'), 'calendar-changed': t('Changed the working hours'), 'day-off-set': t('Set a day off'), 'day-off-removed': t('Removed a day off'),
  'content-created': t('Added content'), 'content-edited': t('Changed content'), 'content-ordered': t('Put content in another order'), 'content-restored': t('Brought back a version of content'),
  'project-changed': t('Changed a project'), 'task-added': t('Added a task'), 'task-changed': t('Changed a task'), 'task-moved': t('Moved a task'), 'task-retired': t('Retired a task'),
  'task-restored': t('Brought back a task'), 'client-asked': t('Asked the client for something'), 'agency-created': t('Made the agency'), 'agency-changed': t('Changed the agency’s name, hosts or status'),
  'host-asked-for': t('Asked for a domain of one’s own'), 'host-declined': t('Declined the domain that was asked for'), 'host-request-withdrawn': t('Took the request for a domain back'),
  'message-sent': t('Wrote a message'), 'message-edited': t('Changed a message'), 'message-removed': t('Removed a message'), 'file-sent': t('Sent a file'), 'file-removed': t('Removed a file'),
  'file-restored': t('Brought back a file'), 'ask-settled': t('Noted what the client gave'), 'ask-reopened': t('Asked the client again'), 'project-created': t('Made a project'),
  'payment-begun': t('Began a payment'), 'payment-proof-sent': t('Sent a proof of payment'),
  'agency-export-ordered': t('Ordered an export of the agency'), 'agency-deletion-ordered': t('Ordered the agency’s deletion'),
};
export const FIELDS = {
  accent: t('Colour'), account: t('Account'), accountId: t('Account'), accountName: t('In the name of'), accountNumber: t('Account number'), active: t('On the site'), agency: t('Agency'),
  aiKey: t('AI key'), amount: t('Amount'), answer: t('Answer'), ask: t('Request'), at: t('When'), attention: t('Attention'), author: t('Written by'), basePrice: t('Price'),
  channel: t('Way'), client: t('Client'), closed: t('Day off'), content: t('Content'), createdAt: t('Begun'), ctaLabel: t('Words of the button'), currencyDisplay: t('Amounts'),
  date: t('Date'), deadline: t('Deadline'), dependencies: t('Waits for'), description: t('Description'), document: t('Document'), draft: t('Draft'), due: t('Deadline'), email: t('E-mail'),
  estimatedHours: t('Hours estimated'), failure: t('Why it failed'), features: t('Features'), fields: t('Changed'), file: t('File'), fileId: t('File'), files: t('Files'),
  filesQuotaMb: t('Room for files'), from: t('From'), generationsPerDay: t('Plans in a day'), headline: t('Headline'), host: t('Host'), hosts: t('Hosts'), hoursPerDay: t('Hours of work a day'),
  how: t('Way'), id: t('Number'), ids: t('Order'), intro: t('Introduction'), item: t('Item'), items: t('Items'), job: t('Order number'), key: t('Section'), kind: t('Kind'),
  label: t('Label'), language: t('Own language'), languages: t('Languages offered'), last4: t('Last characters'), lead: t('Draft'), logo: t('Logo'), mailFrom: t('Mail sender'),
  may: t('May'), message: t('Message'), method: t('Way'), name: t('Name'), nextUrl: t('Page to pay on'), note: t('Note'), number: t('Number'), optionPrices: t('Prices of options'), options: t('Options'), order: t('Order'),
  owner: t('Owner'), paidAt: t('Paid on'), parallelTasks: t('Tasks at the same time'), part: t('Part'), path: t('Page'), payment: t('Payment'), paymentMethod: t('Way'),
  placeholder: t('Placeholder'), planTemplate: t('Plan template'), popular: t('Popular'), price: t('Price'), priority: t('Priority'), project: t('Project'), projectId: t('Project'),
  proof: t('Proof of payment'), proposal: t('New version'), provider: t('By'), qr: t('QR code'), question: t('Question'), questionKey: t('Key'), questionText: t('Question'),
  questionType: t('Type'), quote: t('Quote'), quotes: t('Quotes'), reason: t('Reason'), receipt: t('Receipt'), reference: t('Reference'), refunded: t('Given back'),
  replyTo: t('Answers go to'), required: t('Required'), retired: t('Retired'), role: t('Role'), scope: t('What is written'), section: t('Section'),
  sectionDeadlines: t('Deadlines of sections'), service: t('Service'), serviceId: t('Service'), setAt: t('Set on'), showIf: t('Condition'), size: t('Size in bytes'),
  spentHours: t('Hours spent'), stage: t('Stage'), start: t('Begins'), startDate: t('Work begins'), state: t('State'), status: t('Status'), steps: t('Steps'),
  subheadline: t('Text below it'), subject: t('Subject'), task: t('Task'), tasks: t('Tasks'), text: t('Text'), timeline: t('Timeline'), title: t('Title'), to: t('To'),
  value: t('Answer to compare with'), version: t('Version'), waited: t('Tasks that waited for it'), why: t('Reason'), workingDays: t('Working days'),
};
/** Fields whose values are words of ours; those of the others are somebody's own. */
const CODED = new Set(['channel', 'currencyDisplay', 'from', 'how', 'kind', 'language', 'languages', 'may', 'method', 'part', 'paymentMethod', 'planTemplate', 'priority', 'provider', 'questionType', 'role', 'scope', 'stage', 'state', 'status', 'to', 'why']);
export const CODES = {
  accepted: t('accepted'), active: t('open'), admin: t('administrator'), answer: t('an answer'), approval: t('an approval'), balance: t('balance'), bank: t('bank transfer'),
  both: t('document and tasks'), 'business-website': t('business website'), cancelled: t('not needed'), card: t('card'), cash: t('cash'), client: t('client'), code: t('PHP'),
  completed: t('completed'), deposit: t('deposit'), disabled: t('disabled'), 'e-commerce': t('e-commerce store'), en: t('English'), failed: t('failed'), fil: t('Filipino'),
  file: t('a file'), 'from another agency': t('from another agency'), gcash: t('GCash'), google: t('Google'), high: t('high'), 'how code': t('a code of an app'), 'how recovery-code': t('a recovery code'), 'in-progress': t('in progress'),
  invitation: t('an invitation'), 'landing-page': t('landing page'), low: t('low'), manual: t('by hand'), medium: t('medium'), member: t('member'), 'on-hold': t('on hold'), open: t('open'),
  owner: t('owner'), paid: t('paid'), password: t('password'), paymaya: t('Maya'), paymongo: t('PayMongo'), pending: t('pending'), prd: t('the document'), processing: t('in process'),
  rejected: t('refused'), reviewed: t('to be confirmed'), 'sign-up': t('a sign-up'), starting: t('being prepared'), submitted: t('proof to look at'), succeeded: t('paid'),
  suspended: t('suspended'), symbol: '₱', tasks: t('the tasks'), view: t('look'), viewer: t('viewer'), 'web-application': t('web application'), work: t('write, send files and pay'),
};
const MONEY = new Set(['amount', 'refunded']); // in centavos
const MOMENTS = new Set(['createdAt', 'paidAt', 'setAt', 'at']);

const FIRST = new Set(['question', 'title', 'name', 'headline']); // an object of the database has its keys by their length

const isChange = (value) => typeof value === 'object' && value !== null && 'from' in value && 'to' in value;

/** The value of a field. */
export function shown(value, field = '') {
  if (value === null || value === undefined || value === '') return t('nothing');
  if (value === true || value === false) return value ? t('yes') : t('no');
  if (Array.isArray(value)) return value.map((one) => shown(one, field)).join(value.every((one) => typeof one !== 'object') ? ' · ' : ' / ') || t('nothing');
  if (field === 'optionPrices') return Object.entries(value).map(([option, price]) => `${option} ${added(price)}`).join(' · ') || t('nothing');
  if (typeof value === 'object') return Object.entries(value).sort(([a], [b]) => FIRST.has(b) - FIRST.has(a)).map(([name, one]) => `${FIELDS[name] ?? name}: ${shown(one, name)}`).join('; ');
  if (field === 'fields') return FIELDS[value] ?? value;
  if (MONEY.has(field) && typeof value === 'number') return centavos(value);
  if (MOMENTS.has(field)) return dateTime(value);
  return CODED.has(field) ? CODES[`${field} ${value}`] ?? CODES[value] ?? String(value) : String(value);
}

/** What stands in a row's data: a name and a value each, or what it was and what it became. */
export function factList(data, most = 12) {
  const { from, to, ...rest } = data; // of a role, say
  const facts = Object.entries(isChange(data) ? { ...rest, fields: { from, to } } : data).filter(([, value]) => value !== null).slice(0, most);
  return facts.length > 0 && el('dl', { class: 'changes' }, facts.map(([name, value]) => el('div', {}, el('dt', {}, FIELDS[name] ?? name), isChange(value)
    ? el('dd', {}, el('del', {}, el('span', { class: 'unseen' }, t('was ')), shown(value.from, name === 'fields' ? 'from' : name)), ' ', el('ins', {}, el('span', { class: 'unseen' }, t('became ')), shown(value.to, name === 'fields' ? 'to' : name)))
    : el('dd', {}, shown(value, name)))));
}

export const SUBJECTS = {
  activity: t('activity'), 'AI usage': t('AI usage'), answers: t('answers'), asks: t('requests'), 'audit log': t('audit log'), 'changes of the settings': t('changes of the settings'),
  contacts: t('contacts'), 'content versions': t('content versions'), 'days off': t('days off'), 'drafts by service': t('drafts by service'), files: t('files'),
  invitations: t('invitations'), 'landing sections': t('landing sections'), leads: t('leads'), messages: t('messages'), 'money by month': t('money by month'),
  'page views': t('page views'), 'payment accounts': t('payment accounts'), payments: t('payments'), people: t('people'), 'plan versions': t('plan versions'), 'platform jobs': t('what was ordered for tenants'),
  projects: t('projects'), 'projects by status': t('projects by status'), services: t('services'), tasks: t('tasks'), tenants: t('tenants'), timeline: t('dates'), agency: t('agency'),
  calendar: t('calendar'), settings: t('settings'),
};
const NUMBERED = {
  account: (n) => t`account ${n}`, day: (n) => t`day ${n}`, draft: (n) => t`draft ${n}`, payment: (n) => t`payment ${n}`, project: (n) => t`project ${n}`, task: (n) => t`task ${n}`,
  service: (n) => t`service ${n}`, question: (n) => t`question ${n}`, section: (n) => t`section ${n}`, 'questions of service': (n) => t`questions of service ${n}`, 'sessions of': (n) => t`sessions of ${n}`,
  'agency of job': (n) => t`agency of order ${n}`,
};

/** What a row is about, where it is no person: "project 7", "files of project 7". */
export function subjectWords(subject) {
  const list = /^(.+) of project (\d+)$/.exec(subject);
  if (list) return t`${SUBJECTS[list[1]] ?? list[1]} of project ${list[2]}`;
  const [, kind, number] = /^(.+) (\S+)$/.exec(subject) ?? [];
  return SUBJECTS[subject] ?? NUMBERED[kind]?.(number) ?? subject;
}

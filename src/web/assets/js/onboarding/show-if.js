// Decides which questions are asked, from the answers to the others (showIf); pure, the twin of the server's domain/show_if.

const NESTING = 16; // of showIf, and of questions that hang on one another

export const isEmpty = (answer) => answer === undefined || answer === null || answer === '' || (Array.isArray(answer) && answer.length === 0);

/** Text is compared as text, a number as a number, also with text that is one. Empty text is no value. */
function same(a, b) {
  if (typeof a === 'string' && typeof b === 'string') return a !== '' && a === b;
  if (typeof a === 'number' && typeof b === 'number') return a === b;
  const [number, text] = typeof a === 'number' ? [a, b] : [b, a];
  return typeof number === 'number' && typeof text === 'string' && text.length <= 25 && /^-?\d+(\.\d+)?$/.test(text) && Number(text) === number;
}

const hasValue = (answer, wanted) => (Array.isArray(answer) ? answer : [answer]).some((one) => same(one, wanted));

function holds(rule, byKey, answers, depth) {
  if (depth > NESTING) return false;
  if (Array.isArray(rule?.all)) return rule.all.every((part) => holds(part, byKey, answers, depth + 1));
  if (Array.isArray(rule?.any)) return rule.any.some((part) => holds(part, byKey, answers, depth + 1));
  const other = typeof rule?.questionKey === 'string' ? byKey.get(rule.questionKey) : undefined;
  // An answer to a question that is itself not asked counts as none.
  if (!other || !asked(other, byKey, answers, depth)) return false;
  const answer = Object.hasOwn(answers, other.questionKey) ? answers[other.questionKey] : undefined;
  return Array.isArray(rule.in) ? rule.in.some((wanted) => hasValue(answer, wanted)) : hasValue(answer, rule.equals);
}

function asked(question, byKey, answers, depth) {
  return question.showIf === null || question.showIf === undefined || (depth < NESTING && holds(question.showIf, byKey, answers, depth + 1));
}

/** The keys of the questions that are asked. */
export function visibleKeys(questions, answers) {
  const byKey = new Map(questions.map((question) => [question.questionKey, question]));
  return new Set(questions.filter((question) => asked(question, byKey, answers, 0)).map((question) => question.questionKey));
}

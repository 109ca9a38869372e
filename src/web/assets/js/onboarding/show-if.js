// Decides which questions are asked, from the answers to the others (showIf); pure.

const EMPTY = (answer) => answer === undefined || answer === null || answer === '' || (Array.isArray(answer) && answer.length === 0);

function holds(condition, answerOf) {
  if (!condition || typeof condition !== 'object') return true;
  if (Array.isArray(condition.all)) return condition.all.every((part) => holds(part, answerOf));
  if (Array.isArray(condition.any)) return condition.any.some((part) => holds(part, answerOf));
  const answer = answerOf(condition.questionKey);
  if (EMPTY(answer)) return false;
  const given = (Array.isArray(answer) ? answer : [answer]).map(String);
  const wanted = (Array.isArray(condition.in) ? condition.in : [condition.equals]).map(String);
  return wanted.some((value) => given.includes(value));
}

/** The keys of the questions that are asked. A hidden question's answer counts as none. */
export function visibleKeys(questions, answers) {
  const byKey = new Map(questions.map((question) => [question.questionKey, question]));
  const known = new Map();
  const visible = (key) => {
    if (!byKey.has(key)) return false;
    if (!known.has(key)) {
      known.set(key, false); // a question that depends on itself stays hidden
      known.set(key, holds(byKey.get(key).showIf, (other) => (visible(other) ? answers[other] : undefined)));
    }
    return known.get(key);
  };
  return new Set(questions.map((question) => question.questionKey).filter(visible));
}

export const isEmpty = EMPTY;

// Decides which questions are asked, from the answers to the others (showIf); pure, and the same rules as the server's intake.

const NESTING = 16; // of showIf, and of questions that hang on one another

export const isEmpty = (answer) => answer === undefined || answer === null || answer === '' || (Array.isArray(answer) && answer.length === 0);

const hasValue = (answer, wanted) => !isEmpty(answer) && (Array.isArray(answer) ? answer : [answer]).map(String).includes(String(wanted));

function holds(rule, byKey, answers, depth) {
  if (depth > NESTING) return false;
  if (Array.isArray(rule?.all)) return rule.all.every((part) => holds(part, byKey, answers, depth + 1));
  if (Array.isArray(rule?.any)) return rule.any.some((part) => holds(part, byKey, answers, depth + 1));
  const other = byKey.get(rule?.questionKey);
  // An answer to a question that is itself not asked counts as none.
  if (!other || !asked(other, byKey, answers, depth)) return false;
  const answer = answers[other.questionKey];
  return Array.isArray(rule.in) ? rule.in.some((wanted) => hasValue(answer, wanted)) : hasValue(answer, rule.equals);
}

function asked(question, byKey, answers, depth) {
  return !question.showIf || (depth < NESTING && holds(question.showIf, byKey, answers, depth + 1));
}

/** The keys of the questions that are asked. */
export function visibleKeys(questions, answers) {
  const byKey = new Map(questions.map((question) => [question.questionKey, question]));
  return new Set(questions.filter((question) => asked(question, byKey, answers, 0)).map((question) => question.questionKey));
}

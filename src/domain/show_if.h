// Conditions of questions (showIf): whether one holds, and what is wrong with one that somebody wrote. Pure; any thread.
// {"questionKey":K,"equals":V} · {"questionKey":K,"in":[V…]} (a checkbox answer: contains) · {"all":[…]} · {"any":[…]}
// assets/js/onboarding/show-if.js is its twin for the page; tests/browser/show_if_test.py holds them against each other.
#pragma once
#include <string>
#include <vector>

#include "core/json.h"

namespace domain {

struct Question;

// Whether a question is asked, given the answers so far; an answer to a question that is itself not asked counts as none.
// Never throws, whatever is in the condition: what cannot be read does not hold.
bool is_asked(const Question& question, const std::vector<Question>& all, const core::Json& answers);

// What is wrong with the question's condition, as a sentence for who wrote it; empty where nothing is. `all`: the questions
// that the service asks, this one among them or not.
std::string condition_fault(const Question& question, const std::vector<Question>& all);

// The questions of `all` whose conditions name this key.
std::vector<const Question*> depending_on(std::string_view key, const std::vector<Question>& all);

}  // namespace domain

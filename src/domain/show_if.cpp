// Conditions: one reading that never fails, and one strict check for editors.
#include "domain/show_if.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "domain/intake.h"

namespace domain {
namespace {

using core::Json;
using Kind = Json::Kind;

constexpr int nesting_limit = 16;      // of a condition, and of questions that hang on one another
constexpr int editor_nesting = 3;      // what people can still read
constexpr std::size_t parts_limit = 10, values_limit = 50;
constexpr long long steps_limit = 2'000;  // of deciding one question, through all that it hangs on

// A decimal as people write it: both sides read its digits as the same double.
std::optional<double> decimal(std::string_view text) {
    const bool plain = !text.empty() && text.size() <= 25 && text.find_first_not_of("0123456789.-") == text.npos && text.back() != '.';
    double number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    const std::size_t first = text.starts_with('-') ? 1 : 0;
    if (!plain || first == text.size() || text[first] == '.' || code != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

bool is_number(const Json& value) { return value.is(Kind::integer) || value.is(Kind::real); }

// Text is compared as text, a number as a number, also with text that is one. Empty text is no value.
bool same(const Json& a, const Json& b) {
    if (a.is(Kind::string) && b.is(Kind::string)) return !a.text().empty() && a.text() == b.text();
    if (is_number(a) && is_number(b)) return a.number() == b.number();
    if (is_number(a) && b.is(Kind::string)) return decimal(b.text()) == std::optional{a.number()};
    return a.is(Kind::string) && is_number(b) && decimal(a.text()) == std::optional{b.number()};
}

bool has_value(const Json& answer, const Json& wanted) {
    if (!answer.is(Kind::array)) return same(answer, wanted);
    for (std::size_t i = 0; i < answer.size(); ++i)
        if (same(answer[i], wanted)) return true;
    return false;
}

const Question* find(std::string_view key, const std::vector<Question>& all) {
    const auto found = std::ranges::find(all, key, &Question::key);
    return found == all.end() ? nullptr : &*found;
}

bool conditional(const Question& question) { return question.show_if && !question.show_if.is(Kind::null); }

bool holds(const Json& rule, const std::vector<Question>& all, const Json& answers, int depth);

bool asked(const Question& question, const std::vector<Question>& all, const Json& answers, int depth) {
    return !conditional(question) || (depth < nesting_limit && holds(question.show_if, all, answers, depth + 1));
}

bool holds(const Json& rule, const std::vector<Question>& all, const Json& answers, int depth) {
    if (depth > nesting_limit) return false;
    if (const Json parts = rule["all"]; parts.is(Kind::array)) {
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (!holds(parts[i], all, answers, depth + 1)) return false;
        return true;
    }
    if (const Json parts = rule["any"]; parts.is(Kind::array)) {
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (holds(parts[i], all, answers, depth + 1)) return true;
        return false;
    }
    const Question* other = rule["questionKey"].is(Kind::string) ? find(rule["questionKey"].text(), all) : nullptr;
    if (!other || !asked(*other, all, answers, depth)) return false;
    const Json answer = answers[other->key];
    if (const Json wanted = rule["in"]; wanted.is(Kind::array)) {
        for (std::size_t i = 0; i < wanted.size(); ++i)
            if (has_value(answer, wanted[i])) return true;
        return false;
    }
    return has_value(answer, rule["equals"]);
}

std::string quoted(std::string_view text) { return "“" + std::string{text} + "”"; }

std::string value_fault(const Json& value, const Question& other) {
    if (other.type == "number") {
        if (is_number(value) || (value.is(Kind::string) && decimal(value.text()))) return "";
        return "Compare " + quoted(other.text) + " with a number, such as 12 or 12.5.";
    }
    if (!value.is(Kind::string) || value.text().empty()) return "Say with which answer to " + quoted(other.text) + " to compare.";
    const bool choice = other.type == "select" || other.type == "radio" || other.type == "checkbox";
    if (choice && std::ranges::find(other.options, value.text()) == other.options.end())
        return quoted(value.text()) + " is not among the options of " + quoted(other.text) + ".";
    return "";
}

std::string rule_fault(const Json& rule, const Question& owner, const std::vector<Question>& all, int depth) {
    if (!rule.is(Kind::object)) return "A condition is a JSON object.";
    for (const char* group : {"all", "any"}) {
        const Json parts = rule[group];
        if (!parts) continue;
        if (rule.size() != 1 || !parts.is(Kind::array)) return std::string{"“"} + group + "” stands alone and is a list of conditions.";
        if (parts.size() == 0 || parts.size() > parts_limit)
            return "A group has 1 to " + std::to_string(parts_limit) + " conditions. Remove the group where it has none.";
        if (depth >= editor_nesting) return "Groups may be " + std::to_string(editor_nesting) + " deep at most.";
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (std::string fault = rule_fault(parts[i], owner, all, depth + 1); !fault.empty()) return fault;
        return "";
    }
    const std::string_view key = rule["questionKey"].text();
    const bool one = static_cast<bool>(rule["equals"]), several = static_cast<bool>(rule["in"]);
    if (key.empty()) return "Choose the question that the condition is about.";
    if (rule.size() != 2 || one == several) return "A condition has a question and either “equals” or “in”.";
    if (key == owner.key) return "A question cannot depend on its own answer.";
    const Question* other = find(key, all);
    if (!other) return "There is no question " + quoted(key) + " in this service any more. Choose another one.";
    if (other->type == "file") return "A file cannot decide whether something is asked. Choose another question than " + quoted(other->text) + ".";
    if (one) return value_fault(rule["equals"], *other);
    const Json values = rule["in"];
    if (!values.is(Kind::array) || values.size() == 0 || values.size() > values_limit)
        return "Choose at least one answer to " + quoted(other->text) + ", and at most " + std::to_string(values_limit) + ".";
    for (std::size_t i = 0; i < values.size(); ++i)
        if (std::string fault = value_fault(values[i], *other); !fault.empty()) return fault;
    return "";
}

// Each key that a condition names, with how deep below the condition it stands.
template <class Visit>
void each_key(const Json& rule, int depth, const Visit& visit) {
    if (depth > nesting_limit) return;
    for (const char* group : {"all", "any"})
        for (std::size_t i = 0; i < rule[group].size(); ++i) each_key(rule[group][i], depth + 1, visit);
    if (rule["questionKey"].is(Kind::string)) visit(rule["questionKey"].text(), depth);
}

// Follows conditions to the questions that they hang on; gives up with a sentence.
struct Chain {
    const std::vector<Question>& all;
    std::vector<const Question*> path;
    long long steps = 0;
    std::string fault;

    void follow(const Question& question, int depth) {
        if (!fault.empty()) return;
        if (const auto twice = std::ranges::find(path, question.key, [](const Question* q) { return std::string_view{q->key}; }); twice != path.end()) {
            fault = "These questions would wait for one another: ";
            for (auto step = twice; step != path.end(); ++step) fault += quoted((*step)->text) + " → ";
            fault += quoted(question.text) + ".";
        } else if (depth >= nesting_limit || ++steps > steps_limit) {
            fault = "Too many questions hang on one another here. Use fewer conditions.";
        } else if (conditional(question)) {
            path.push_back(&question);
            each_key(question.show_if, 1, [&](std::string_view key, int below) {
                if (const Question* other = find(key, all)) follow(*other, depth + below);
            });
            path.pop_back();
        }
    }
};

}  // namespace

bool is_asked(const Question& question, const std::vector<Question>& all, const Json& answers) { return asked(question, all, answers, 0); }

std::string condition_fault(const Question& question, const std::vector<Question>& all) {
    if (!conditional(question)) return "";
    if (std::string fault = rule_fault(question.show_if, question, all, 0); !fault.empty()) return fault;
    std::vector<Question> as_saved = all;
    std::erase_if(as_saved, [&](const Question& other) { return other.key == question.key; });
    as_saved.insert(as_saved.begin(), question);
    // From each question: this one may be in the middle of a chain that others hang on.
    for (const Question& start : as_saved) {
        Chain chain{as_saved, {}, 0, {}};
        chain.follow(start, 0);
        if (!chain.fault.empty()) return chain.fault;
    }
    return "";
}

std::vector<const Question*> depending_on(std::string_view key, const std::vector<Question>& all) {
    std::vector<const Question*> found;
    for (const Question& question : all) {
        bool names_it = false;
        if (conditional(question)) each_key(question.show_if, 1, [&](std::string_view named, int) { names_it = names_it || named == key; });
        if (names_it) found.push_back(&question);
    }
    return found;
}

}  // namespace domain

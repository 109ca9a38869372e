// Intake: one check a type of question.
#include "domain/intake.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace domain {

using core::Json;

namespace {

struct Checked {
    std::string value;  // empty: no answer
    std::string fault;
    std::int64_t price = 0;  // what the answer adds
};

Checked text_answer(const Json& answer, std::size_t limit) {
    if (!answer.is(Json::Kind::string)) return {"", "This must be text."};
    Checked checked{core::trimmed(answer.text()), ""};
    const std::size_t size = core::characters(checked.value);
    if (size > limit)
        checked.fault = "This may have at most " + std::to_string(limit) + " characters; it has " + std::to_string(size) + ".";
    return checked;
}

Checked number_answer(const Json& answer) {
    std::string text = answer.is(Json::Kind::string) ? core::trimmed(answer.text()) : answer.dump();
    if (text.empty()) return {};
    double number = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || end != text.data() + text.size() || !std::isfinite(number) || std::abs(number) > 1e12 || text.size() > 30)
        return {"", "This must be a number, such as 12 or 12.5."};
    return {std::move(text), ""};
}

// Where among the options; as many as there are: nowhere.
std::size_t place_of(const Question& question, std::string_view option) {
    return static_cast<std::size_t>(std::ranges::find(question.options, option) - question.options.begin());
}
bool offered(const Question& question, std::string_view option) { return place_of(question, option) < question.options.size(); }

std::int64_t price_of(const Question& question, std::string_view option) {
    const std::size_t place = place_of(question, option);
    return place < question.prices.size() ? question.prices[place] : 0;
}

Checked choice_answer(const Question& question, const Json& answer) {
    if (!answer.is(Json::Kind::string)) return {"", "Choose one of the options."};
    const std::string_view choice = answer.text();
    if (choice.empty()) return {};
    if (!offered(question, choice)) return {"", "This is not one of the options. Choose one of them."};
    return {std::string{choice}, "", price_of(question, choice)};
}

Checked choices_answer(const Question& question, const Json& answer) {
    if (!answer.is(Json::Kind::array)) return {"", "Choose from the options."};
    core::Writer list;
    list.array();
    std::vector<std::string_view> seen;
    std::int64_t price = 0;
    for (std::size_t i = 0; i < answer.size(); ++i) {
        const std::string_view choice = answer[i].text();
        if (!answer[i].is(Json::Kind::string) || !offered(question, choice))
            return {"", "One of the choices is not among the options. Choose from them."};
        if (std::ranges::find(seen, choice) != seen.end()) continue;
        seen.push_back(choice);
        price += price_of(question, choice);
        list.value(choice);
    }
    return {seen.empty() ? "" : list.end_array().take(), "", price};
}

// Files that were sent to the draft, by their ids; whose they are is asked of the database (creation.cpp).
Checked files_answer(const Json& answer) {
    constexpr std::size_t most = 10;
    if (!answer.is(Json::Kind::array)) return {"", "Send the file first, then name it here: a list of files."};
    if (answer.size() > most) return {"", "This takes at most " + std::to_string(most) + " files."};
    core::Writer list;
    list.array();
    for (std::size_t i = 0; i < answer.size(); ++i) {
        const Json id = answer[i].is(Json::Kind::object) ? answer[i]["id"] : answer[i];
        if (!id.is(Json::Kind::integer) || id.integer() < 1) return {"", "This is a list of files, each with its id."};
        list.value(id.integer());
    }
    return {answer.size() == 0 ? "" : list.end_array().take(), ""};
}

Checked check(const Question& question, const Json& answer) {
    if (!answer || answer.is(Json::Kind::null)) return {};
    if (question.type == "textarea") return text_answer(answer, paragraph_limit);
    if (question.type == "number") return number_answer(answer);
    if (question.type == "select" || question.type == "radio") return choice_answer(question, answer);
    if (question.type == "checkbox") return choices_answer(question, answer);
    if (question.type == "file") return files_answer(answer);
    return text_answer(answer, line_limit);
}

}  // namespace

std::vector<Question> read_questions(std::string_view json) {
    const Json list = Json::parse(json);
    std::vector<Question> questions;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Json given = list[i];
        Question question{given["id"].integer(),      std::string{given["key"].text()}, std::string{given["text"].text()},
                          std::string{given["type"].text()}, given["required"].boolean(), given["showIf"], {}, {}};
        for (std::size_t o = 0; o < given["options"].size(); ++o)
            question.options.emplace_back(given["options"][o].text());
        for (std::size_t o = 0; o < given["prices"].size(); ++o) question.prices.push_back(given["prices"][o].integer());
        questions.push_back(std::move(question));
    }
    return questions;
}

std::string take_answers(const std::vector<Question>& questions, const Json& answers, core::Form& form) {
    core::Writer taken;
    taken.array();
    if (answers && !answers.is(Json::Kind::object) && !answers.is(Json::Kind::null))
        form.wrong("questionAnswers", "The answers are an object, from question key to answer.");
    for (const Question& question : questions) {
        if (!is_asked(question, questions, answers)) continue;
        Checked checked = check(question, answers[question.key]);
        const std::string field = "questionAnswers." + question.key;
        if (!checked.fault.empty()) {
            form.wrong(field, std::move(checked.fault));
        } else if (checked.value.empty()) {
            if (question.required) form.wrong(field, "Please answer this question: “" + question.text + "”.");
        } else {
            taken.object().member("question_id", question.id).member("question_key", question.key);
            taken.member("answer_value", checked.value);
            if (checked.price != 0) taken.member("price_modifier", checked.price);
            taken.end_object();
        }
    }
    return taken.end_array().take();
}

}  // namespace domain

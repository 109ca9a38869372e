// Intake: a client's answers held against the questions that a service asks. Pure; any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/form.h"
#include "core/json.h"
#include "core/sql.h"
#include "domain/show_if.h"

namespace domain {

struct Question {
    std::int64_t id = 0;
    std::string key, text, type;  // type: text textarea select radio checkbox number file
    bool required = false;
    core::Json show_if;           // none: always asked
    std::vector<std::string> options;
    std::vector<std::int64_t> prices;  // of each option: the pesos that it adds, or takes off; empty where none does
};

// $1: the service. One JSON text for read_questions().
inline constexpr core::Sql questions_for_intake = R"(
    select coalesce(json_agg(json_build_object(
        'id', q.id, 'key', q.question_key, 'text', q.question_text, 'type', q.question_type, 'required', q.required,
        'showIf', q.show_if, 'options', coalesce((select json_agg(o.option_value order by o.sort_order, o.id)
                                                  from question_options o where o.question_id = q.id and o.is_active), '[]'),
        'prices', (select json_agg(o.price_modifier order by o.sort_order, o.id) from question_options o
                    where o.question_id = q.id and o.is_active having bool_or(o.price_modifier <> 0)))
        order by q.sort_order, q.id), '[]')
    from questions q where q.service_id = $1 and q.is_active)";
std::vector<Question> read_questions(std::string_view json);

// Characters (code points) that an answer may have.
inline constexpr std::size_t line_limit = 500, paragraph_limit = 5'000;

// Writes what is stored in project_answers, as a JSON array of {question_id, question_key, answer_value}, with price_modifier where an
// answer has a price; what is wrong goes to the form as questionAnswers.KEY. Answers to questions that are not asked are left out, like unknown keys (seed §7).
std::string take_answers(const std::vector<Question>& questions, const core::Json& answers, core::Form& form);

}  // namespace domain

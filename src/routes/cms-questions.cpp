// cms-questions: what services ask, as staff edit it. Serves /api/admin/cms/questions.
#include <algorithm>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/content.h"
#include "domain/intake.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;

// Answers: those of projects, and of drafts that may become one.
constexpr Sql questions_of_service = R"(
    select json_build_object('service', json_build_object('id', s.id, 'name', s.name, 'active', s.is_active),
           'version', version_of('questions', s.id), 'questions', coalesce((
               select json_agg('{"optionPrices": {}}'::jsonb || content_of('question', q.id) || jsonb_build_object('id', q.id, 'version', version_of('question', q.id), 'sortOrder', q.sort_order,
                          'answered', exists (select from project_answers a where a.question_id = q.id)) order by q.sort_order, q.id)
               from (select * from questions where service_id = s.id order by sort_order, id limit 500) q), '[]'))
    from service_types s where s.id = $1)";
constexpr Sql as_cells = R"(
    select q.sort_order::text, q.id, q.id, q.question_key, q.question_text, q.question_type, case when q.required then 'yes' else 'no' end, q.placeholder,
           (select string_agg(o.option_value || case when o.price_modifier <> 0 then format(' (%s%s)', case when o.price_modifier > 0 then '+' end, o.price_modifier) else '' end, E'\n' order by o.sort_order, o.id) from question_options o where o.question_id = q.id and o.is_active),
           q.show_if, case when q.is_active then 'yes' else 'no' end
    from questions q where (q.sort_order, q.id) > ($1::bigint, $2::bigint) and q.service_id = $4 order by q.sort_order, q.id limit $3)";
constexpr Sql one_question = R"(
    select '{"optionPrices": {}}'::jsonb || content_of('question', q.id) || jsonb_build_object('id', q.id, 'serviceId', q.service_id, 'version', version_of('question', q.id),
               'sortOrder', q.sort_order, 'answered', exists (select from project_answers a where a.question_id = q.id))
    from questions q where q.id = $1)";
constexpr Sql place_of = R"(
    select q.service_id, q.question_type, q.question_key, exists (select from project_answers a where a.question_id = q.id)
             or exists (select from questionnaire_responses r join leads l on l.id = r.lead_id
                        where r.question_key = q.question_key and l.service_type_id = q.service_id and l.status = 'open')
    from questions q where q.id = $1)";
constexpr Sql hold_service = "select (select count(*) from questions where service_id = s.id) from service_types s where s.id = $1 for update";
constexpr Sql service_there = "select 1 from service_types where id = $1";
constexpr Sql key_taken = "select 1 from questions where service_id = $1 and question_key = $2";
constexpr Sql add_question = R"(
    insert into questions (service_id, question_key, question_text, question_type, required, placeholder, show_if, is_active, sort_order)
    values ($1, $2, $3, $4, $5, $6, $7, $8, (select coalesce(max(sort_order), 0) + 10 from questions where service_id = $1)) returning id)";
constexpr Sql change_question = R"(
    update questions set question_text = $2, question_type = $3, required = $4, placeholder = $5, show_if = $6, is_active = $7 where id = $1)";
constexpr Sql retire_options = "update question_options set is_active = false where question_id = $1 and is_active and not option_value = any($2::text[])";
constexpr Sql offer_options = R"(
    insert into question_options (question_id, option_value, sort_order, price_modifier)
    select $1, o.option_value, 10 * o.place, o.price from rows from (unnest($2::text[]), unnest($3::integer[])) with ordinality o (option_value, price, place)
    on conflict (question_id, option_value) do update set sort_order = excluded.sort_order, is_active = true, price_modifier = excluded.price_modifier)";
constexpr Sql order_questions = R"(
    update questions q set sort_order = 10 * o.place from unnest($2::integer[]) with ordinality o (id, place)
    where q.id = o.id and q.service_id = $1 and q.sort_order <> 10 * o.place)";
constexpr Sql order_now = "select content_of('questions', $1) -> 'ids', version_of('questions', $1)";

constexpr std::size_t questions_limit = 200, options_limit = 50;

struct Wanted {
    Question question;
    std::string placeholder, options, prices;  // options and what each adds: PostgreSQL arrays
    bool active = true;
    std::optional<std::string> show_if() const {
        if (!question.show_if || question.show_if.is(Json::Kind::null)) return std::nullopt;
        return question.show_if.dump();
    }
    std::optional<std::string> placeholder_or_none() const { return placeholder.empty() ? std::nullopt : std::optional{placeholder}; }
};

bool is_choice(std::string_view type) { return type == "select" || type == "radio" || type == "checkbox"; }

void read_options(Form& form, Wanted& wanted) {
    const Json list = form.value("options");
    if (list && (!list.is(Json::Kind::array) || list.size() > options_limit))
        return form.wrong("options", "The options are a list of at most " + std::to_string(options_limit) + ".");
    std::string array = "{";
    for (std::size_t i = 0; is_choice(wanted.question.type) && i < list.size(); ++i) {
        const std::string option = trimmed(list[i].text());
        if (!list[i].is(Json::Kind::string) || characters(option) > 200) return form.wrong("options", "An option is a line of at most 200 characters.");
        if (option.empty()) continue;
        if (std::ranges::find(wanted.question.options, option) != wanted.question.options.end())
            return form.wrong("options", "“" + option + "” is there twice.");
        wanted.question.options.push_back(option);
        array += array.size() > 1 ? ",\"" : "\"";
        for (const char c : option) array += c == '"' || c == '\\' ? std::string{'\\', c} : std::string{c};
        array += '"';
    }
    wanted.options = array + "}";
    if (is_choice(wanted.question.type) && wanted.active && wanted.question.options.empty()) form.wrong("options", "Give at least one option to choose from.");
}

// What an option adds to the price, by its name. Of an option that is gone the price goes with it; a price that the body itself gives
// to what is no option is a mistake.
void read_prices(Form& form, Wanted& wanted, bool given) {
    constexpr std::int64_t most = 20'000'000;
    const Json prices = form.value("optionPrices");
    const auto& options = wanted.question.options;
    if (prices && !prices.is(Json::Kind::object) && !prices.is(Json::Kind::null)) return form.wrong("optionPrices", "The prices are an object, from option to pesos.");
    std::string array;
    for (const std::string& option : options) {
        const Json price = prices[option];
        if (price && !price.is(Json::Kind::null) && (!price.is(Json::Kind::integer) || price.integer() < -most || price.integer() > most))
            return form.wrong("optionPrices", "What “" + option + "” adds is a whole number of pesos, at most ₱20,000,000; with a minus it takes off.");
        wanted.question.prices.push_back(price.is(Json::Kind::integer) ? price.integer() : 0);
        array += (array.empty() ? "" : ",") + std::to_string(wanted.question.prices.back());
    }
    wanted.prices = "{" + array + "}";
    for (const std::string& name : given && prices.is(Json::Kind::object) ? prices.keys() : std::vector<std::string>{})
        if (std::ranges::find(options, name) == options.end()) return form.wrong("optionPrices", "“" + name + "” is none of the options.");
}

Wanted read_question(Form& form, bool prices_given) {
    Wanted wanted;
    Question& q = wanted.question;
    q.key = form.text("questionKey", {1, 60}, "The key");
    if (form.right() && (!(q.key[0] >= 'a' && q.key[0] <= 'z') || q.key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != q.key.npos))
        form.wrong("questionKey", "The key is a word of a–z, 0–9 and _, and begins with a letter: page_count.");
    q.text = form.text("questionText", {3, 300}, "The question");
    q.type = form.text("questionType", {1, 20}, "The type");
    constexpr std::string_view types[] = {"text", "textarea", "select", "radio", "checkbox", "number", "file"};
    if (std::ranges::find(types, q.type) == std::end(types)) form.wrong("questionType", "The type is text, textarea, select, radio, checkbox, number or file.");
    q.required = flag(form, "required", "Required");
    wanted.active = flag(form, "active", "Active");
    wanted.placeholder = form.text("placeholder", {0, 200}, "The placeholder");
    q.show_if = form.value("showIf");
    read_options(form, wanted);
    read_prices(form, wanted, prices_given);
    return wanted;
}

// Every condition of the service must make sense with the question as it is going to be.
void check_conditions(Call& call, std::int64_t service, const Wanted& wanted, Form& form) {
    std::vector<Question> all = read_questions(call.db().one<questions_for_intake>(service).text(0));
    const Question& q = wanted.question;
    std::erase_if(all, [&](const Question& other) { return other.key == q.key; });
    if (wanted.active) all.push_back(q);
    if (std::string fault = wanted.active ? condition_fault(q, all) : ""; !fault.empty()) {
        form.wrong("showIf", std::move(fault));
        form.check();
    }
    for (const Question* other : depending_on(q.key, all)) {
        if (other->key == q.key) continue;
        if (!wanted.active) form.wrong("active", "“" + other->text + "” is asked depending on this answer. Change its condition first.");
        else if (const std::string fault = condition_fault(*other, all); !fault.empty())
            form.wrong(is_choice(q.type) ? "options" : "questionType", "The condition of “" + other->text + "” needs this: " + fault);
    }
    form.check();
}

Reply shown(Call& call, Id question, int status = 200) {
    Reply reply = ok(call.db().one<one_question>(question).str(0));
    reply.status = status;
    return reply;
}

Id service_in(const Request& request) {
    Id service{0};
    if (!core::detail::read_hole(request.query_value("serviceId"), service)) throw bad_request("serviceId must be a positive number.");
    return service;
}

Reply list(Call& call) {
    const auto row = call.db().last(ask<questions_of_service>(service_in(call.request)))[0].maybe();
    if (!row) throw not_found("service");
    return ok(row->text(0));
}

Reply add(Call& call) {
    Form form{call.body()};
    const auto service = form.id("serviceId", true);
    const Wanted wanted = read_question(form, true);
    form.check();
    const Question& q = wanted.question;
    const auto [held, twin] = call.db().all(ask<hold_service>(*service), ask<key_taken>(*service, q.key));
    const auto row = held.maybe();
    if (!row) throw unprocessable({{"serviceId", "There is no such service."}});
    if (row->integer(0) >= static_cast<std::int64_t>(questions_limit))
        throw conflict("This service has " + std::to_string(questions_limit) + " questions, which is as many as there may be. Bring back a retired one.");
    if (twin.size() > 0) form.wrong("questionKey", "A question of this service has this key, perhaps a retired one. Choose another key, or bring that one back.");
    check_conditions(call, *service, wanted, form);
    const Id id{call.db().one<add_question>(*service, q.key, q.text, q.type, q.required, wanted.placeholder_or_none(), wanted.show_if(), wanted.active).integer(0)};
    call.db().all(ask<offer_options>(id, wanted.options, wanted.prices), note_version("question", id.value, "created"), note_version("questions", *service, "ordered"), audit_edit(call, "question", id.value));
    check_prices(call, *service, "optionPrices");
    return shown(call, id, 201);
}

Reply change(Call& call, Id question) {
    const Json body = call.body();
    const Held held = hold_content(call, "question", question.value, body, "question");
    const Row now = call.db().one<place_of>(question);
    Form form{held.wanted};
    const Wanted wanted = read_question(form, !held.restore && body["optionPrices"]);
    const Question& q = wanted.question;
    if (form.right() && q.key != now.text(2)) form.wrong("questionKey", "The key stays: answers and conditions name it. Add another question instead.");
    if (form.right() && q.type != now.text(1) && now.truth(3))
        form.wrong("questionType", "This question has answers, so its type stays. Retire it and add another.");
    form.check();
    check_conditions(call, now.integer(0), wanted, form);
    call.db().all(ask<change_question>(question, q.text, q.type, q.required, wanted.placeholder_or_none(), wanted.show_if(), wanted.active),
                  ask<retire_options>(question, wanted.options), ask<offer_options>(question, wanted.options, wanted.prices),
                  note_edit("question", question.value, held), audit_edit(call, "question", question.value));
    check_prices(call, now.integer(0), "optionPrices");
    return shown(call, question);
}

Reply reorder(Call& call) {
    const Json body = call.body();
    Form form{body};
    const auto service = form.id("serviceId", true);
    form.check();
    const Held held = hold_content(call, "questions", *service, body, "service");
    const Json now = Json::parse(call.db().one<order_now>(*service).text(0));
    call.db().all(ask<order_questions>(*service, new_order(held.wanted["ids"], now, held.restore.has_value())), note_edit("questions", *service, held), audit_edit(call, "questions", *service));
    const Row after = call.db().one<order_now>(*service);
    return ok(Writer{}.object().member_raw("ids", after.text(0)).member("version", after.integer(1)).end_object().take());
}

Reply csv(Call& call) {
    const Id service = service_in(call.request);
    if (!call.db().maybe<service_there>(service)) throw not_found("service");
    note_at_once(call, "exported", "questions of service " + std::to_string(service.value));
    constexpr By form_order[] = {{"order", By::Key::number, "-2147483649", 0}};
    return list_file(call, "questions-" + std::to_string(service.value) + ".csv",
                     {{"Question"}, {"Key"}, {"Text"}, {"Type", Cell::code}, {"Required", Cell::code}, {"Placeholder"}, {"Options"}, {"Condition"},
                      {"On the site", Cell::code}},
                     read_page(call.request, form_order, 30), [service](const Page& page) { return ask<as_cells>(page.key, page.id, page.limit, service); });
}

constexpr Route routes[] = {
    get<list>("/api/admin/cms/questions", staff),
    get<csv>("/api/admin/cms/questions/csv", staff),
    post<add>("/api/admin/cms/questions", staff),
    post<reorder>("/api/admin/cms/questions/order", staff),
    patch<change>("/api/admin/cms/questions/{id}", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

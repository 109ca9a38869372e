// Creation: validation against the service's questions, then one statement that makes everything.
#include "domain/creation.h"

#include <algorithm>

#include "core/crypto.h"
#include "core/form.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/idempotency.h"
#include "domain/intake.h"
#include "domain/mails.h"
#include "domain/wording.h"

namespace domain {
namespace {

using namespace core;

constexpr Sql service_on_sale = "select id, name, base_price from service_types where id = $1::integer and is_active";
constexpr Sql made_before = "select project_id, request_hash from idempotency_keys where user_id = me() and key = $1";
// Held until COMMIT: a second request with the same draft waits here and then finds it claimed.
constexpr Sql draft = R"(
    select id, status, project_id, user_id is null or user_id = me() from leads
    where token_hash = $1 or (id = $2 and user_id = me()) order by id for update)";
// The price is the service's and what the answers add to it, as the database has both: the request names no price.
constexpr Sql create_all = R"(
    with priced as (
        select s.*, (s.base_price + coalesce((select sum(a.price_modifier) from json_to_recordset($6) as a(price_modifier bigint)), 0))::integer as price
        from service_types s where s.id = $1),
    project as (
        insert into projects (user_id, service_type_id, name, service, description, client_name, client_email, client_phone,
                              price, budget, deposit_amount, lead_id)
        select $10, s.id, left(replace(replace($11::json ->> a.language, '{1}', s.name), '{2}', $2), 300), s.name, $3, $2, $4, nullif($5, ''), s.price, s.price,
               s.price / 2.0, ($7::bigint[])[1]
        from settings a, priced s returning id),
    answers as (
        insert into project_answers (project_id, question_id, question_key, price_modifier, answer_value)
        select p.id, a.question_id, a.question_key, coalesce(a.price_modifier, 0),
               case when q.question_type <> 'file' then a.answer_value
                    else (select json_agg(json_build_object('id', f.id, 'name', f.name) order by f.id)::text from files f
                          where f.id in (select v::bigint from json_array_elements_text(a.answer_value::json) v)) end
        from project p, json_to_recordset($6) as a(question_id integer, question_key text, answer_value text, price_modifier integer)
        join questions q on q.id = a.question_id),
    files as (
        update files set project_id = p.id, user_id = $10, user_name = $2 from project p
        where files.lead_id = any($7::bigint[]) and files.project_id is null),
    lead as (
        update leads set status = 'claimed', claimed_at = now(), user_id = $10, project_id = p.id, updated_at = now()
        from project p where leads.id = any($7::bigint[])),
    key as (
        insert into idempotency_keys (user_id, key, request_hash, project_id)
        select $10, $8::text, $9, p.id from project p where $8::text is not null),
    generation as (
        insert into generations (project_id, requested_by) select id, me() from project returning id, project_id)
    select g.project_id, enqueue('generation', 'generation:' || g.id, jsonb_build_object('generation', g.id, 'project', g.project_id)),
           note_activity(g.project_id, 'project-created', jsonb_build_object('service', s.name)),
           tell_staff('project-created', g.project_id, jsonb_build_object('service', s.name, 'client', $2::text))
    from generation g, service_types s where s.id = $1)";

// A draft as the onboarding would send it, with what staff say instead ($2). Held until COMMIT.
constexpr Sql draft_to_convert = R"(
    select l.status, l.project_id, l.user_id, l.service_type_id, jsonb_build_object(
               'description', l.description, 'clientName', l.name, 'clientEmail', l.email, 'clientPhone', l.phone, 'questionAnswers', (
                   select coalesce(jsonb_object_agg(r.question_key, case when q.question_type in ('checkbox', 'file') and r.answer_value like '[%'
                                                                         then r.answer_value::jsonb else to_jsonb(r.answer_value) end), '{}')
                   from questionnaire_responses r
                   left join questions q on q.service_id = l.service_type_id and q.question_key = r.question_key where r.lead_id = l.id))
           || coalesce((select jsonb_object_agg(key, value) from jsonb_each($2::jsonb) where key in ('description', 'clientName', 'clientEmail', 'clientPhone')), '{}')
    from leads l where l.id = $1 for update of l)";
constexpr Sql find_client = "select user_id, outcome from client_account($1, $2, $3, interval '7 days')";
constexpr Sql note_conversion = R"(
    select note_activity($1, 'lead-converted', jsonb_build_object('client', $2::text, 'account', $3::text, 'lead', $4::bigint), true))";
constexpr Sql post_words = "select post_letter($1, $2, $3, $4, $5, nullif($6, ''), nullif($7, ''), nullif($8, ''), null)";

// The file questions whose files are none of these drafts'. What was answered to others is no JSON: the case keeps it from being read as such
// wherever the planner looks at it first.
constexpr Sql files_elsewhere = R"(
    select a.question_key from json_to_recordset($1) as a(question_id integer, question_key text, answer_value text)
    join questions q on q.id = a.question_id and q.question_type = 'file'
    where exists (select from json_array_elements_text(case q.question_type when 'file' then a.answer_value::json end) v where not exists (
        select from files f where f.id = v::bigint and f.lead_id = any($2::bigint[]) and f.removed_at is null)))";

constexpr Length long_enough{20, 10'000};

Reply made(std::int64_t project) {
    return created(Writer{}.object().member("success", true).member("projectId", project)
                       .member("redirectUrl", "/projects/" + std::to_string(project)).end_object().take());
}

void check_phone(Form& form, const std::string& phone) {
    const auto digits = std::ranges::count_if(phone, [](char c) { return c >= '0' && c <= '9'; });
    const bool plain = phone.find_first_not_of("0123456789+-() ./extEXT#") == std::string::npos;
    if (!phone.empty() && (digits < 7 || digits > 15 || !plain))
        form.wrong("clientPhone", "This is not a phone number. It looks like +63 912 345 6789.");
}

// The project that an earlier request with this key made.
std::optional<Reply> repeated(const std::optional<Row>& row, const std::string& hash) {
    if (!row) return std::nullopt;
    if (!equal(row->bytes(1), hash))
        throw Error{422, "This Idempotency-Key was used for another request. Use a new one."};
    return made(row->integer(0));
}

void check_files(Call& call, Form& form, const std::vector<Question>& asked, const std::string& answers, const std::string& drafts) {
    if (!form.right() || std::ranges::find(asked, "file", &Question::type) == asked.end()) return;
    const auto lost = call.db().list<files_elsewhere>(answers, "{" + drafts + "}");
    for (int i = 0; i < lost.size(); ++i)
        form.wrong("questionAnswers." + lost[i].str(0), "One of these files is not with this draft any more. Remove it here, and send it again.");
}

// What the client is told: where the project is, and where they have no password yet, how to get there.
void tell_of_conversion(Call& call, std::int64_t project, const std::string& email, const std::string& token) {
    const Agency agency = read_agency(call.db().run(agency_query(call.tenant(), call.request.host, email)).one(), call.config.base_url);
    const std::string name = one_line(agency.brand.name);
    const Brand& brand = agency.brand;
    LetterWriter letter{brand, brand.say("Your project at {1}", {name}), brand.say("Your project is set up, and its plan is being written.")};
    letter.heading(brand.say("Your project is set up"))
        .paragraph(brand.say("What you told us is now a project at {1}. On its page you see its plan as it is written, what it costs and what comes next.", {name}));
    if (token.empty()) {
        letter.button(brand.say("Open my project"), brand.site + "/projects/" + std::to_string(project));
    } else {
        const std::string link = brand.site + "/reset?token=" + token;
        letter.paragraph(brand.say("To get there, choose a password: the link works once, within seven days. Then sign in with this address."))
            .button(brand.say("Choose my password"), link).copy_of(link);
    }
    const Letter words = letter.end(brand.say("You get this mail because this address was given in a project form at {1}. If it was not you, please answer this mail.", {name}));
    call.db().one<post_words>(email, words.subject, words.text, words.html, random_token() + "@" + host_in(call.config.base_url), agency.sender, agency.mail_from, agency.reply_to);
}

// "Landing Page for Juana", by language: the statement takes the agency's.
std::string project_names() {
    Writer out;
    out.object();
    for (const std::string_view language : shipped_languages) out.member(language, say(language, "{1} for {2}", {"{1}", "{2}"}));
    return out.end_object().take();
}

Reply converted(std::int64_t project, std::string_view account) {
    return created(Writer{}.object().member("projectId", project).member("redirectUrl", "/projects/" + std::to_string(project)).member("account", account).end_object().take());
}

}  // namespace

Reply convert_lead(Call& call, Id lead) {
    const Json body = call.body();
    const auto draft = call.db().maybe<draft_to_convert>(lead, body.dump());
    if (!draft) throw not_found("draft");
    if (draft->text(0) == "claimed" && draft->null(1)) throw conflict("A project was made of this draft, and is gone.");
    if (draft->text(0) == "claimed") return converted(draft->integer(1), "already");  // the same click twice, or the client was quicker
    Form form{Json::parse(draft->text(4))};
    const std::string description = form.text("description", long_enough, "The description");
    const std::string name = form.text("clientName", {1, 200}, "The client's name"), email = form.email("clientEmail");
    const std::string phone = form.text("clientPhone", {0, 40}, "The phone number");
    check_phone(form, phone);
    const std::optional<std::int64_t> service = draft->null(3) ? std::nullopt : std::optional{draft->integer(3)};
    const auto [services, questions] = call.db().all(ask<service_on_sale>(service), ask<questions_for_intake>(service));
    if (services.size() == 0) form.wrong("serviceId", "This draft is of no service that is on offer.");
    auto asked = read_questions(questions.one().text(0));
    if (body["incomplete"].boolean())  // staff know that answers are missing, and will ask for them
        for (Question& question : asked) question.required = false;
    const std::string answers = take_answers(asked, form.value("questionAnswers"), form), drafts = std::to_string(lead.value);
    check_files(call, form, asked, answers, drafts);
    form.check();

    std::string client = draft->str(2), account = "theirs", token;  // a draft that is bound to an account is its
    if (client.empty()) {
        token = random_token();
        const Row found = call.db().one<find_client>(email, one_line(name, 100), Bytes{sha256(token)});
        account = found.str(1);
        if (account == "unverified")
            throw conflict("Somebody signed up with this address and has not confirmed it, so it may be another person. Ask them to open the link in the mail that they got.", {{"clientEmail", "This address is not confirmed yet."}});
        if (account == "disabled") throw conflict("The account of this address is disabled.", {{"clientEmail", "The account of this address is disabled."}});
        client = found.str(0);
        if (account != "invited") token.clear();
    }
    const std::int64_t project =
        call.db().one<create_all>(*service, name, description, email, phone, answers, "{" + drafts + "}", std::nullopt, Bytes{""}, client, project_names()).integer(0);
    call.db().one<note_conversion>(project, name, account, lead);
    tell_of_conversion(call, project, email, token);
    call.db().run(audit(call, "lead-converted", "draft " + drafts, Writer{}.object().member("project", project).member("account", account).end_object().take()));
    call.commit();
    return converted(project, account);
}

Reply create_project(Call& call) {
    const Json body = call.body();
    Form form{body};
    const auto key = idempotency_key(call.request);
    const std::string hash = sha256(body.canonical());
    const auto service = form.id("serviceId", true);
    const std::string description = form.text("description", long_enough, "The description");
    const std::string name = form.text("clientName", {1, 200}, "Your name");
    const std::string email = form.email("clientEmail");
    const std::string phone = form.text("clientPhone", {0, 40}, "The phone number");
    check_phone(form, phone);
    const auto token = form.token("leadToken");
    const auto lead_id = form.id("leadId", false);
    const std::string token_hash = token ? sha256(*token) : "";

    const auto [services, questions, before, drafts] =
        call.db().all(ask<service_on_sale>(service), ask<questions_for_intake>(service), ask<made_before>(key),
                      ask<draft>(Bytes{token_hash}, lead_id));
    if (auto reply = repeated(before.maybe(), hash)) return *std::move(reply);
    // A draft that another account has bound is theirs; this onboarding stands without it.
    std::string claimed;
    for (int i = 0; i < drafts.size(); ++i) {
        const Row lead = drafts[i];
        const bool ours = lead.truth(3);
        if (lead.text(1) == "claimed" && ours && !lead.null(2)) return made(lead.integer(2));
        if (lead.text(1) == "claimed") throw conflict("A project was made of this draft already.");
        if (ours) claimed += (claimed.empty() ? "" : ",") + lead.str(0);
    }

    if (service && services.size() == 0) form.wrong("serviceId", "This service is not on offer. Choose another one.");
    const auto asked = read_questions(questions.one().text(0));
    const std::string answers = take_answers(asked, form.value("questionAnswers"), form);
    check_files(call, form, asked, answers, claimed);
    form.check();

    try {
        const std::int64_t project =
            call.db().one<create_all>(*service, name, description, email, phone, answers, "{" + claimed + "}", key, Bytes{hash}, person(call).id, project_names()).integer(0);
        note_by_staff(call, "project-created", "project " + std::to_string(project), Writer{}.object().member("client", name).end_object().take());
        call.commit();
        return made(project);
    } catch (const SqlError& error) {
        if (error.constraint != "idempotency_keys_pkey") throw;
    }
    // The same key was used a moment ago: that request has committed, ours is undone.
    call.restart();
    if (auto reply = repeated(call.db().maybe<made_before>(key), hash)) return *std::move(reply);
    throw failed("an idempotency key was taken and is gone");
}

}  // namespace domain

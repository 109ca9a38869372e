// leads: onboarding drafts, kept as they are typed, for whoever holds the token. Serves /api/leads.
#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

constexpr Sql start_lead = R"(
    with lead as (
        insert into leads (token_hash, service_type_id, ip_hash)
        values ($1, (select id from service_types where id = $2::integer and is_active), $3) returning id)
    insert into lead_page_views (lead_id, path, referrer) select id, $4, $5 from lead returning lead_id)";
constexpr Sql see_page = R"(
    insert into lead_page_views (lead_id, path, referrer)
    values ((select id from leads where token_hash = $1), $2, $3))";
constexpr Sql lead_state = "select id, status from leads where token_hash = $1 for update";
constexpr Sql my_lead_state = "select id, status from leads where id = $1 and user_id = me() for update";
// A field that was not sent is null and stays as it was.
constexpr Sql save_lead = R"(
    update leads set service_type_id = coalesce((select id from service_types where id = $2::integer), service_type_id),
           step = coalesce($3::integer, step), description = coalesce($4, description), name = coalesce($5, name),
           email = coalesce($6, email), phone = coalesce($7, phone), updated_at = now()
    where id = $1 returning to_json(updated_at))";
// The whole set of answers replaces what was there, so that an answer taken back is gone. The page sends every question of the
// service; one that holds nothing is no answer, to whoever reads the draft.
constexpr Sql drop_answers = R"(
    delete from questionnaire_responses where lead_id = $1 and coalesce($2::jsonb -> question_key, '""') in ('""', '[]', 'null'))";
constexpr Sql save_answers = R"(
    insert into questionnaire_responses (lead_id, question_key, answer_value)
    select $1, key, case jsonb_typeof(value) when 'string' then value #>> '{}' else value::text end
    from jsonb_each($2::jsonb) where key <> '' and value not in ('""', '[]', 'null')
    on conflict (lead_id, question_key) do update set answer_value = excluded.answer_value, updated_at = now()
    where questionnaire_responses.answer_value <> excluded.answer_value)";
constexpr Sql one_lead = R"(
    select case when l.status = 'claimed' and l.user_id is distinct from me() then json_build_object('status', l.status)
           else json_build_object('status', l.status, 'serviceId', l.service_type_id, 'serviceName', s.name, 'step', l.step,
                'description', coalesce(l.description, ''), 'clientName', coalesce(l.name, ''),
                'clientEmail', coalesce(l.email, ''), 'clientPhone', coalesce(l.phone, ''), 'updatedAt', l.updated_at,
                'projectId', l.project_id, 'questionAnswers', (
                    select coalesce(json_object_agg(r.question_key, case when q.question_type in ('checkbox', 'file') and r.answer_value like '[%'
                                    then r.answer_value::json else to_json(r.answer_value) end), '{}')
                    from questionnaire_responses r
                    left join questions q on q.service_id = l.service_type_id and q.question_key = r.question_key
                    where r.lead_id = l.id)) end
    from leads l left join service_types s on s.id = l.service_type_id where l.token_hash = $1)";
constexpr Sql my_leads = R"(
    select json_build_object('leads', coalesce(json_agg(json_build_object(
        'id', l.id, 'serviceId', l.service_type_id, 'serviceName', l.service, 'step', l.step,
        'description', coalesce(l.description, ''), 'clientName', coalesce(l.name, ''), 'clientEmail', coalesce(l.email, ''),
        'clientPhone', coalesce(l.phone, ''), 'createdAt', l.created_at, 'updatedAt', l.updated_at, 'questionAnswers', (
            select coalesce(json_object_agg(r.question_key, case when q.question_type in ('checkbox', 'file') and r.answer_value like '[%'
                            then r.answer_value::json else to_json(r.answer_value) end), '{}')
            from questionnaire_responses r
            left join questions q on q.service_id = l.service_type_id and q.question_key = r.question_key
            where r.lead_id = l.id)) order by l.updated_at desc), '[]'))
    from (select l.*, s.name as service from leads l join service_types s on s.id = l.service_type_id
          where l.user_id = me() and l.status = 'open' order by l.updated_at desc limit 10) l)";

// What a draft may hold; the strict rules come when a project is made of it.
constexpr Length any_line{0, 300}, any_text{0, 10'000};
constexpr std::size_t answers_limit = 100;

std::optional<std::string> given(Form& form, const char* field, Length length, const char* what) {
    if (!form.has(field)) return std::nullopt;
    return form.text(field, length, what);
}

std::string page(Form& form, const char* field) {
    std::string path = form.text(field, {0, 2'000}, "The address");
    return path.empty() ? "/" : path;
}

Reply start(Call& call) {
    Form form{call.body()};
    const auto service = form.id("serviceId", false);
    const std::string path = page(form, "path"), referrer = form.text("referrer", {0, 2'000}, "The referrer");
    form.check();
    const std::string token = random_token(), hash = sha256(token), address = sha256(call.request.remote_address);
    call.db().one<start_lead>(Bytes{hash}, service, Bytes{address}, path, referrer);
    return created(Writer{}.object().member("token", token).end_object().take());
}

Reply view(Call& call) {
    Form form{call.body()};
    const std::string path = page(form, "path"), referrer = form.text("referrer", {0, 2'000}, "The referrer");
    const auto token = form.token("token");
    form.check();
    call.db().change<see_page>(Bytes{sha256(token.value_or(""))}, path, referrer);
    return no_content();
}

Reply save_as(Call& call, const Query& find) {
    Form form{call.body()};
    const auto service = form.id("serviceId", false);
    const auto step = form.id("step", false);
    if (step && *step > 3) form.wrong("step", "The step is 1, 2 or 3.");
    const auto description = given(form, "description", any_text, "The description");
    const auto name = given(form, "clientName", any_line, "The name");
    const auto email = given(form, "clientEmail", any_line, "The e-mail address");
    const auto phone = given(form, "clientPhone", any_line, "The phone number");
    const Json answers = form.value("questionAnswers");
    if (answers && (!answers.is(Json::Kind::object) || answers.size() > answers_limit))
        form.wrong("questionAnswers", "The answers are an object of at most " + std::to_string(answers_limit) + " members.");
    form.check();

    const auto lead = call.db().run(find).maybe();
    if (!lead) throw not_found("draft");
    if (lead->text(1) == "claimed") throw conflict("A project was made of this draft already.");
    const Id id{lead->integer(0)};
    const std::string text = answers ? answers.dump() : "";
    const Query update = ask<save_lead>(id, service, step, description, name, email, phone);
    Result updated;
    if (answers) updated = call.db().all(update, ask<drop_answers>(id, text), ask<save_answers>(id, text))[0];
    else updated = call.db().run(update);
    return ok(Writer{}.object().member("saved", true).member_raw("updatedAt", updated.one().text(0)).end_object().take());
}

Reply save(Call& call, Token token) { return save_as(call, ask<lead_state>(Bytes{sha256(token.value)})); }
Reply save_mine(Call& call, Id lead) { return save_as(call, ask<my_lead_state>(lead)); }

Reply one(Call& call, Token token) {
    const auto row = call.db().maybe<one_lead>(Bytes{sha256(token.value)});
    if (!row) throw not_found("draft");
    return ok(row->text(0));
}

Reply mine(Call& call) { return ok(call.db().one<my_leads>().text(0)); }

constexpr Route routes[] = {
    post<start>("/api/leads", anyone),
    get<mine>("/api/leads", user),
    post<view>("/api/leads/views", anyone),
    patch<save>("/api/leads/{token}", anyone),
    patch<save_mine>("/api/leads/mine/{id}", user),
    get<one>("/api/leads/{token}", visitor),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// projects: made from an onboarding, looked at, planned anew, and moved on by staff. Serves /api/projects.
#include <algorithm>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/creation.h"
#include "domain/documents.h"
#include "domain/list_file.h"
#include "domain/markdown.h"
#include "domain/wording.h"
#include "domain/work_calendar.h"

using namespace core;
using namespace domain;

// A client's own projects and those they are a contact of, all of them for who works here: only what is the caller's is read.
constexpr Sql project_page = R"(
    with page as (
        select * from (
            (select * from projects where my_role() in ('admin', 'staff') and $1 = '' and id < $2::bigint order by id desc limit $3)
            union all
            (select * from projects where user_id = me() and coalesce(my_role(), '') not in ('admin', 'staff') and id < $2::bigint order by id desc limit $3)
            union all
            (select p.* from project_contacts c join projects p on p.id = c.project_id
             where c.user_id = me() and p.user_id <> me() and coalesce(my_role(), '') not in ('admin', 'staff') and c.project_id < $2::bigint order by c.project_id desc limit $3)) mine
        order by id desc limit $3)
    select '', p.id, json_build_object(
               'id', p.id, 'name', p.name, 'service', p.service, 'status', p.status, 'paymentStatus', p.payment_status,
               'price', p.price, 'createdAt', p.created_at,
               'unread', unread_messages(p.id), 'contact', case when my_role() = 'client' and p.user_id <> me() then contact_role(p.id) end, 'clientName', case when my_role() in ('admin', 'staff') then p.client_name end,
               'generation', (select json_build_object('state', g.state, 'progress', g.progress, 'draft', g.draft)
                              from generations g where g.project_id = p.id and not g.proposal order by g.id desc limit 1),
               'tasks', (select json_build_object('total', count(*), 'completed', count(*) filter (where t.status = 'completed'))
                         from tasks t where t.project_id = p.id and t.retired_at is null))
    from page p order by p.id desc)";

// Small statements cost PostgreSQL less than fewer large ones, and all go out in one round trip. The first is the access rule as
// well: who may not see the project gets no row, and without one enter() is asked, as it is when the time of the session's last
// use has to be noted (first column).
constexpr Sql project_row = R"(
    select o.last_seen_at > now() - interval '60 seconds',
           p.name, p.description, p.prd, p.price, p.status, p.payment_status, p.deposit_amount, p.price - p.deposit_amount,
           p.client_name, p.client_email, p.client_phone, to_json(p.created_at), p.service, s.timeline, s.id, s.description,
           s.base_price, s.features, to_json(p.balance_requested_at)
    from open_sessions o, projects p join service_types s on s.id = p.service_type_id
    where o.token_hash = $2 and p.id = $1 and (p.user_id = o.user_id or o.works_here or contact_role(p.id, o.user_id) is not null))";
constexpr Sql project_answers = R"(
    select a.question_key, q.question_text, a.answer_value, q.question_type, a.price_modifier
    from project_answers a join questions q on q.id = a.question_id where a.project_id = $1 order by q.sort_order, q.id)";
constexpr Sql described = "select description from projects where id = $1";
constexpr Sql answer_cells = R"(
    select '', n, one->>0, one->>1, one->>2 from jsonb_array_elements($4::jsonb) with ordinality a (one, n) where $1 = '' and n > $2 order by n limit $3)";
constexpr Sql project_tasks = R"(
    select id, title, description, section, priority, status, estimated_hours, dependencies, "order"
    from tasks where project_id = $1 and retired_at is null order by "order")";
constexpr Sql project_payments = R"(
    select id, amount, status, payment_method, to_json(created_at) from payments where project_id = $1 order by id limit 200)";
constexpr Sql newest_generation = R"(
    select state, stage, progress, attempts, error, draft, case when state in ('queued', 'running') then prd end
    from generations where project_id = $1 and not proposal order by id desc limit 1)";

// A plan is written anew where the last one failed, or is the built-in planner's draft that nobody has begun to work on.
constexpr Sql regeneration = R"(
    select coalesce(g.state in ('queued', 'running'), false),
           coalesce(g.state = 'failed' or g.draft and not exists (
               select from tasks t where t.project_id = $1 and (t.status <> 'pending' or t.version > 1 or t.added_by is not null)), true),
           (select count(*) from generations d where d.project_id = $1 and d.created_at > now() - interval '1 day'),
           coalesce((select extract(epoch from min(d.created_at) + interval '1 day' - now())::integer
                     from generations d where d.project_id = $1 and d.created_at > now() - interval '1 day'), 0),
           least((select s.generations_per_day from settings s), $2::integer)
    from (select 1) one left join lateral (
        select * from generations where project_id = $1 and not proposal order by id desc limit 1) g on true)";
constexpr Sql queue_generation = R"(
    with made as (insert into generations (project_id, requested_by) values ($1, me()) returning id, project_id)
    select enqueue('generation', 'generation:' || id, jsonb_build_object('generation', id, 'project', project_id)),
           note_activity(project_id, 'plan-requested') from made)";

// What staff say of a project. A day is its beginning where the agency is. A word that changes is logged and told.
constexpr Sql change_project = R"(
    with before as (select * from projects where id = $1 for update),
    changed as (
        update projects p set
            status = coalesce($2, p.status),
            start_date = case when $3 then $4::date::timestamp at time zone s.time_zone else p.start_date end,
            end_date = case when $5 then $6::date::timestamp at time zone s.time_zone else p.end_date end,
            updated_at = now()
        from settings s, before b where p.id = b.id
        returning p.id, p.status, (p.start_date at time zone s.time_zone)::date as start, (p.end_date at time zone s.time_zone)::date as due)
    select c.status, c.start, c.due,
        case when c.status <> b.status then note_activity(c.id, 'project-status', jsonb_build_object('from', b.status, 'to', c.status)) end,
        case when c.status <> b.status then
            case when c.status = 'completed' then tell_client('project-completed', c.id, jsonb_build_object('remaining', greatest(
                     b.price * 100::bigint - coalesce((select sum(amount) from ledger l where l.project_id = b.id), 0), 0)))
                 else tell_client('project-status', c.id, jsonb_build_object('status', c.status)) end end,
        case when $3 or $5 then note_activity(c.id, 'dates-set', jsonb_build_object('start', c.start, 'deadline', c.due)) end
    from changed c join before b on b.id = c.id)";
// As the audit log has it, before and after.
constexpr Sql project_facts = R"(
    select json_build_object('status', p.status, 'startDate', (p.start_date at time zone s.time_zone)::date, 'deadline', (p.end_date at time zone s.time_zone)::date,
           'sectionDeadlines', (select json_object_agg(d.section, d.due order by d.section) from section_deadlines d where d.project_id = p.id))
    from projects p, settings s where p.id = $1)";
constexpr Sql hold_project = "select 1 from projects where id = $1 for update";
constexpr Sql has_section = "select 1 where exists (select from tasks where project_id = $1 and section = $2 and retired_at is null)";
constexpr Sql set_deadline = R"(
    insert into section_deadlines (project_id, section, due) values ($1, $2, $3)
    on conflict (project_id, section) do update set due = excluded.due)";
constexpr Sql drop_deadline = "delete from section_deadlines where project_id = $1 and section = $2";

// Pesos as they are spoken of: 7500 where the column says 7500.00, and 7500.50 as it is.
std::string_view pesos(std::string_view amount) { return amount.ends_with(".00") ? amount.substr(0, amount.size() - 3) : amount; }

void write_generation(Writer& out, const std::optional<Row>& row, bool with_text) {
    if (!row) {
        out.null();
        return;
    }
    out.object().member("state", row->text(0)).member("stage", row->text(1)).member("progress", row->integer(2));
    out.member("attempts", row->integer(3)).key("error");
    row->null(4) ? out.null() : out.value(row->text(4));
    out.member("draft", row->truth(5));
    if (with_text) out.member("prdHtml", render_markdown(row->text(6)));
    out.end_object();
}

Reply create(Call& call) { return create_project(call); }

Reply list(Call& call) {
    const Page page = read_page(call.request, {&newest, 1}, 20), asked = page.plus_one();
    Writer out;
    write_page(out.object(), "projects", page, page_rows(call, page, ask<project_page>(asked.key, asked.id, asked.limit)));
    return ok(out.end_object().take());
}

Reply details(Call& call, Id id) {
    const auto [answers, tasks, payments, generations] =
        call.db().last(ask<project_answers>(id), ask<project_tasks>(id), ask<project_payments>(id), ask<newest_generation>(id));
    const auto project = call.checked();
    if (!project) throw call.entered() ? not_found("project") : unauthorized();
    const Row& p = *project;
    const auto generation = generations.maybe();
    Writer out{16 * 1024};
    out.object().key("project").object().member("id", id.value).member("name", p.text(1)).member("description", p.text(2));
    out.key("prd");
    p.null(3) ? out.null() : out.value(p.text(3));
    thread_local Documents documents;  // rendering took as long as all else that the program does for this answer
    out.member("prdHtml", documents.html(p.text(3)));
    out.member_raw("price", p.text(4)).member("status", p.text(5)).member("paymentStatus", p.text(6));
    out.member_raw("depositAmount", pesos(p.text(7))).member_raw("balanceAmount", pesos(p.text(8)));
    out.member_raw("balanceRequestedAt", p.null(19) ? "null" : p.text(19));
    out.member("clientName", p.text(9)).member("clientEmail", p.text(10)).key("clientPhone");
    p.null(11) ? out.null() : out.value(p.text(11));
    out.member_raw("createdAt", p.text(12)).member("service", p.text(13)).member("timeline", p.text(14));
    out.member("draft", generation && generation->truth(5)).end_object();
    out.key("service").object().member("id", p.integer(15)).member("name", p.text(13)).member("description", p.text(16));
    out.member_raw("basePrice", p.text(17)).member_raw("features", p.text(18)).member("timeline", p.text(14)).end_object();

    out.key("answers").array();
    for (int i = 0; i < answers.size(); ++i) {
        const Row a = answers[i];
        out.object().member("questionKey", a.text(0)).member("questionText", a.text(1)).key("answerValue");
        // Choices are stored as a JSON array (seed, project_answers) and go out as one; a legacy row may hold anything.
        const bool choices = (a.text(3) == "checkbox" || a.text(3) == "file") && Json::try_parse(a.text(2)).value_or(Json{}).is(Json::Kind::array);
        choices ? out.raw(a.text(2)) : out.value(a.text(2));
        if (a.text(4) != "0") out.member_raw("priceModifier", a.text(4));
        out.end_object();
    }
    out.end_array().key("tasks").array();
    for (int i = 0; i < tasks.size(); ++i) {
        const Row t = tasks[i];
        out.object().member_raw("id", t.text(0)).member("title", t.text(1)).member("description", t.text(2)).member("section", t.text(3));
        out.member("priority", t.text(4)).member("status", t.text(5));
        out.member_raw("estimatedHours", t.text(6)).member_raw("dependencies", t.text(7)).member_raw("order", t.text(8)).end_object();
    }
    out.end_array().key("payments").array();
    for (int i = 0; i < payments.size(); ++i) {
        const Row m = payments[i];
        out.object().member_raw("id", m.text(0)).member_raw("amount", m.text(1)).member("status", m.text(2)).member("paymentMethod", m.text(3)).member_raw("createdAt", m.text(4)).end_object();
    }
    out.end_array().key("generation");
    write_generation(out, generation, false);
    return ok(out.end_object().take());
}

Reply generation(Call& call, Id id) {
    const auto row = call.db().last(ask<newest_generation>(id))[0].maybe();
    if (!row) throw not_found("generation");
    Writer out;
    write_generation(out, row, true);
    return ok(out.take());
}

Reply plan_anew(Call& call, Id id) {
    const Row state = call.db().one<regeneration>(id, call.config.generations_per_day);
    if (state.truth(0)) throw conflict("The plan is being written already.");
    if (!state.truth(1)) throw conflict("This plan is ready, and work on it may have begun: it is not replaced.");
    if (state.integer(2) >= state.integer(4))
        throw too_many("The plan of a project is written at most " + std::to_string(state.integer(4)) +
                           " times a day. Please try again later.",
                       std::chrono::seconds{std::max<std::int64_t>(state.integer(3), 1)});
    try {
        call.db().one<queue_generation>(id);
        note_by_staff(call, "plan-ordered", "project " + std::to_string(id.value));
        call.commit();
    } catch (const SqlError& error) {
        if (error.constraint != "generations_live") throw;
        throw conflict("The plan is being written already.");
    }
    return accepted(Writer{}.object().member("state", "queued").end_object().take());
}

// A day, or null to take one back; nothing where the field is not there.
std::optional<std::optional<std::string>> day_field(Form& form, const std::string& field, const Json& given) {
    if (!given) return std::nullopt;
    if (given.is(Json::Kind::null)) return std::optional<std::string>{};
    if (given.is(Json::Kind::string) && read_day(given.text())) return std::optional{std::string{given.text()}};
    form.wrong(field, "Write the day as YYYY-MM-DD, for example 2027-01-15, or null for none.");
    return std::nullopt;
}

Reply change(Call& call, Id id) {
    Form form{call.body()};
    constexpr std::string_view words[] = {"pending", "in-progress", "completed", "on-hold"};
    std::optional<std::string> status;
    if (form.has("status")) {
        status = form.text("status", {1, 20}, "The status");
        if (!status->empty() && std::ranges::find(words, *status) == std::end(words))
            form.wrong("status", "The status is one of pending, in-progress, completed and on-hold.");
    }
    const auto start = day_field(form, "startDate", form.value("startDate"));
    const auto deadline = day_field(form, "deadline", form.value("deadline"));
    std::vector<std::pair<std::string, std::optional<std::string>>> sections;
    const Json given = form.value("sectionDeadlines");
    if (given && !given.is(Json::Kind::object)) form.wrong("sectionDeadlines", "Send an object of sections, each with its day.");
    if (given.size() > 50) form.wrong("sectionDeadlines", "That are more sections than a project has.");
    for (const std::string& section : given.keys())
        if (const auto day = day_field(form, "sectionDeadlines." + section, given[section])) sections.emplace_back(section, *day);
    if (form.right() && !status && !start && !deadline && sections.empty())
        form.wrong("status", "Say what changes: status, startDate, deadline or sectionDeadlines.");
    form.check();

    const auto [held, before] = call.db().all(ask<hold_project>(id), ask<project_facts>(id));
    const auto row = call.db().maybe<change_project>(id, status, start.has_value(), start.value_or(std::nullopt), deadline.has_value(), deadline.value_or(std::nullopt));
    if (!row) throw not_found("project");
    for (const auto& [section, day] : sections) {
        if (!day) {
            call.db().change<drop_deadline>(id, section);
            continue;
        }
        if (!call.db().maybe<has_section>(id, section)) throw unprocessable({{"sectionDeadlines." + section, "The project has no tasks in such a section."}});
        call.db().change<set_deadline>(id, section, *day);
    }
    const Row after = call.db().one<project_facts>(id);
    call.db().run(audit_change(call, "project-changed", "project " + std::to_string(id.value), before.one().text(0), after.text(0)));
    Writer out;
    out.object().member("id", id.value).member("status", row->text(0)).key("startDate");
    row->null(1) ? out.null() : out.value(row->text(1));
    out.key("deadline");
    row->null(2) ? out.null() : out.value(row->text(2));
    return ok(out.end_object().take());
}

// As the page shows them: first what the project is, and each of several choices or files in a line of its cell.
Reply answers_csv(Call& call, Id id) {
    constexpr By orders[] = {oldest};
    const Page page = read_page(call.request, orders, 50);
    note_export(call, "answers", id);
    const auto [about, answers] = call.db().all(ask<described>(id), ask<project_answers>(id));
    Writer cells;
    cells.array().array().value("description").value(word_in(reading_language(call), Words::heads, "Description")).value(about.one().text(0)).end_array();
    for (int i = 0; i < answers.size(); ++i) {
        const Row a = answers[i];
        const Json parts = a.text(3) == "checkbox" || a.text(3) == "file" ? Json::try_parse(a.text(2)).value_or(Json{}) : Json{};
        std::string said = parts.is(Json::Kind::array) ? "" : a.str(2);
        for (std::size_t k = 0; parts.is(Json::Kind::array) && k < parts.size(); ++k)
            said.append(k > 0 ? "\n" : "").append(parts[k].is(Json::Kind::object) ? parts[k]["name"].text() : parts[k].is(Json::Kind::string) ? parts[k].text() : parts[k].dump());
        cells.array().value(a.text(0)).value(a.text(1)).value(said).end_array();
    }
    return list_file(call, "answers-" + std::to_string(id.value) + ".csv", {{"Key"}, {"Question"}, {"Answer"}}, page,
                    [all = cells.end_array().take()](const Page& now) { return ask<answer_cells>(now.key, now.id, now.limit, all); });
}

std::optional<Query> read_project(const Call& call) {
    const std::string hash = session_hash(call);
    return hash.empty() ? std::nullopt : std::optional{ask<project_row>(call.hole(0), Bytes{hash})};
}
constexpr Access reading_member{"member", find_tenant, find_session, read_project, read_project};

constexpr Route routes[] = {
    post<create>("/api/projects/create-from-onboarding", user),
    get<list>("/api/projects", user),
    patch<change>("/api/projects/{id}", staff),
    get<details>("/api/projects/{id}/details", reading_member),
    get<answers_csv>("/api/projects/{id}/answers/csv", staff),
    get<generation>("/api/projects/{id}/generation", member),
    post<plan_anew>("/api/projects/{id}/generation", member),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

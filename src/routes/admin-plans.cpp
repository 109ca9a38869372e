// admin-plans: a project's plan written anew for staff to choose from, its versions, and what writing costs. Serves /api/admin/plans.
#include "core/app.h"
#include "core/crypto.h"
#include "core/form.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/chosen_plan.h"
#include "domain/generation.h"
#include "domain/held_plan.h"
#include "domain/list_file.h"
#include "domain/new_plan.h"
#include "domain/plan_choice.h"
#include "domain/prompts.h"

using namespace core;
using namespace domain;

constexpr Sql overview = R"(
    select json_build_object('project', json_build_object('id', p.id, 'name', p.name), 'plan', plan_of(p.id),
        'progress', coalesce((select json_object_agg(t.id, json_build_object('status', t.status, 'version', t.version, 'spentHours', t.spent_hours))
            from tasks t where t.project_id = p.id and t.retired_at is null), '{}'),
        'generation', (select json_build_object('id', g.id, 'state', g.state, 'progress', g.progress, 'error', g.error, 'scope', g.scope, 'proposal', g.proposal,
                'draft', g.draft, 'wishes', g.wishes, 'outcome', g.outcome, 'at', g.created_at, 'by', (select name from people(array[g.requested_by])))
            from generations g where g.project_id = p.id order by g.id desc limit 1))
    from projects p where p.id = $1)";
constexpr Sql own_key = "select 1 from settings where ai_key is not null";
constexpr std::string_view version_json = R"(
    select '', v.version, json_build_object('version', v.version, 'action', v.action, 'at', v.created_at, 'restoredFrom', v.restored_from,
           'by', (select name from people(array[v.actor_id])), 'tasks', jsonb_array_length(v.content -> 'tasks')))",
    version_cells = R"(
    select '', v.version, v.version, v.action, v.restored_from, (select name from people(array[v.actor_id])), to_char(v.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
           jsonb_array_length(v.content -> 'tasks'), (select sum((t ->> 'hours')::integer) from jsonb_array_elements(v.content -> 'tasks') t),
           (select string_agg(t ->> 'title', E'\n' order by n) from jsonb_array_elements(v.content -> 'tasks') with ordinality x (t, n)), left(v.content ->> 'prd', 30000))",
    after_newest = " from plan_versions v where $1 = '' and v.version < $2::bigint and v.project_id = $4 order by v.version desc limit $3",
    after_oldest = " from plan_versions v where $1 = '' and v.version > $2::bigint and v.project_id = $4 order by v.version limit $3";
constexpr Sql one_version = "select content from plan_versions where project_id = $1 and version = $2";
constexpr Sql may_write = R"(
    select exists (select from generations where project_id = $1 and state in ('queued', 'running')),
           (select count(*) from generations where project_id = $1 and created_at > now() - interval '1 day'),
           coalesce((select proposal and state = 'ready' and outcome is null from generations where project_id = $1 order by id desc limit 1), false),
           exists (select from tasks where project_id = $1 and retired_at is null))";
constexpr Sql queue_proposal = R"(
    with made as (
        insert into generations (project_id, requested_by, proposal, scope, wishes, mark, stage, prd)
        select id, me(), true, $2, $3, $4, case $2 when 'tasks' then 'tasks' else 'queued' end, case $2 when 'tasks' then prd end from projects where id = $1
        returning id, project_id)
    select id, enqueue('generation', 'generation:' || id, jsonb_build_object('generation', id, 'project', project_id)),
           note_activity(project_id, 'proposal-requested', jsonb_build_object('scope', $2::text), internal => true) from made)";
constexpr Sql proposal = R"(
    select prd, coalesce(proposed, '[]'), scope, draft, outcome, notes from generations
    where id = $2 and project_id = $1 and proposal and state = 'ready')";
constexpr Sql settle_proposal = "update generations set outcome = $2, updated_at = now() where id = $1 and outcome is null";
constexpr Sql find_project = "select id from projects where id = $1";
constexpr Sql hold_project = "select id from projects where id = $1 for no key update";
constexpr Sql note_change = "select note_activity($1::integer, $2, $3::jsonb)";
constexpr std::string_view months_of = R"(
    (select to_char(g.created_at at time zone s.time_zone, 'YYYY-MM') as month, coalesce(g.model, 'built-in planner') as model, count(*) as plans,
               count(*) filter (where g.proposal) as proposals, count(*) filter (where g.state = 'failed') as failed, sum(g.attempts) as asked,
               sum(g.prompt_tokens) as "promptTokens", sum(g.output_tokens) as "outputTokens", sum(g.thought_tokens) as "thoughtTokens", sum(g.cost_micros) as "costMicros"
     from generations g, settings s )",
    as_json = "select json_build_object('months', coalesce(json_agg(m order by m.month desc, m.model), '[]')) from ",
    lately = "where g.created_at > now() - interval '24 months' group by 1, 2 order by 1 desc, 2 limit 200) m", as_cells = R"(
    select m.month || '|' || m.model, 1, m.month, m.model, m.plans, m.proposals, m.failed, m.asked, m."promptTokens", m."outputTokens", m."thoughtTokens",
           round(m."costMicros" / 1000000.0, 6) from )",
    ever = "group by 1, 2) m where $2 > 0 and (m.month || '|' || m.model) collate \"C\" > $1 order by (m.month || '|' || m.model) collate \"C\" limit $3";
constexpr Sql usage = Joined<as_json, months_of, lately>::sql;

Reply show(Call& call, Id project) {
    const auto row = call.db().last(ask<overview>(project))[0].maybe();
    if (!row) throw not_found("project");
    return ok(row->text(0));
}

Reply show_usage(Call& call) { return ok(call.db().last(ask<usage>())[0].one().text(0)); }

// Of all months that there ever were.
Reply usage_csv(Call& call) {
    note_at_once(call, "exported", "AI usage");
    constexpr By by_month[] = {{"oldest", By::Key::text, "", 1}};
    return list_file(call, "ai-usage.csv",
                     {{"Month"}, {"Model"}, {"Plans"}, {"To choose from"}, {"Failed"}, {"Times asked"}, {"Prompt tokens"}, {"Answer tokens"},
                      {"Thought tokens"}, {"Cost (USD)"}},
                     read_page(call.request, by_month, 30), [](const Page& page) { return ask<Joined<as_cells, months_of, ever>::sql>(page.key, page.id, page.limit); });
}

struct Wanted {
    std::string scope, wishes, mark;
};

Wanted read_wanted(Call& call) {
    Form form{call.body()};
    Wanted wanted{form.text("scope", {1, 10}, "What to write"), form.text("wishes", {0, 4'000}, "What you wish"), form.token("mark").value_or("")};
    if (form.right() && wanted.scope != "both" && wanted.scope != "prd" && wanted.scope != "tasks") form.wrong("scope", "It is one of both, prd and tasks.");
    if (!wanted.mark.empty() && wanted.mark.size() < 20) form.wrong("mark", "Take the mark of the prompt that you looked at.");
    form.check();
    return wanted;
}

void write_wording(Writer& out, const char* name, const Wording& wording) {
    out.key(name).object().member("instruction", wording.instruction).member("request", wording.request).end_object();
}

// The very words that will be sent: the mark comes back with the order to write, and the worker puts them together by the same code.
Reply prompt(Call& call, Id project) {
    const Wanted wanted = read_wanted(call);
    const auto brief = brief_of(call.db(), project.value);
    if (!brief) throw not_found("project");
    const bool sends = !call.config.gemini_api_key.empty() || call.db().maybe<own_key>();
    const std::string mark = random_token();
    Writer out;
    out.object().member("mark", mark).member("model", sends ? call.config.gemini_model : "");
    if (wanted.scope != "tasks") write_wording(out, "prd", prd_wording(brief->first, wanted.wishes, mark));
    if (wanted.scope != "prd")
        write_wording(out, "tasks", tasks_wording(brief->first, wanted.scope == "tasks" ? brief->second : "[the requirements document, as it will have been written by then]", wanted.wishes, mark));
    return ok(out.end_object().take());
}

Reply propose(Call& call, Id project) {
    const Wanted wanted = read_wanted(call);
    const auto brief = brief_of(call.db(), project.value);
    if (!brief) throw not_found("project");
    if (wanted.scope == "tasks" && brief->second.empty()) throw unprocessable({{"scope", "There is no document yet that tasks could be planned from. Write both."}});
    const Row state = call.db().one<may_write>(project);
    if (state.truth(0)) throw conflict("The plan is being written already.");
    if (state.truth(2)) throw conflict("A plan waits to be chosen from. Apply or dismiss it first.");
    if (!state.truth(3)) throw conflict("This project has no plan yet. Have its first one written on the project's page.");
    if (state.integer(1) >= call.config.generations_per_day)
        throw too_many("The plan of a project is written at most " + std::to_string(call.config.generations_per_day) + " times a day.", std::chrono::hours{1});
    try {
        const std::int64_t made = call.db().one<queue_proposal>(project, wanted.scope, wanted.wishes, wanted.mark.empty() ? std::nullopt : std::optional{wanted.mark}).integer(0);
        call.db().run(audit(call, "plan-ordered", "project " + std::to_string(project.value), Writer{}.object().member("proposal", made).member("scope", wanted.scope).end_object().take()));
        call.commit();
        return accepted(Writer{}.object().member("id", made).member("state", "queued").end_object().take());
    } catch (const SqlError& error) {
        if (error.constraint != "generations_live") throw;
        throw conflict("The plan is being written already.");
    }
}

Row proposal_row(Call& call, Id project, Id id) {
    const auto row = call.db().maybe<proposal>(project, id);
    if (!row) throw not_found("proposal");
    if (!row->null(4)) throw conflict(row->text(4) == "applied" ? "This proposal is applied already." : "This proposal was dismissed.");
    return *row;
}

Reply compare(Call& call, Id project, Id id) {
    const HeldPlan plan = read_plan(call, call.db().maybe<find_project>(project), 0);
    const Row row = proposal_row(call, project, id);
    const Json tasks = Json::parse(row.text(1));
    std::vector<Titled> now, proposed;
    std::vector<std::int64_t> ids;
    for (int i = 0; i < plan.rows.size(); ++i) {
        if (plan.rows[i].truth(6)) continue;
        now.push_back({plan.rows[i].str(1), plan.rows[i].str(2)});
        ids.push_back(plan.rows[i].integer(0));
    }
    for (std::size_t i = 0; i < tasks.size(); ++i) proposed.push_back({std::string{tasks[i]["title"].text()}, std::string{tasks[i]["section"].text()}});
    const auto matched = match_tasks(now, proposed);
    Writer out;
    out.object().member("id", id.value).member("scope", row.text(2)).member("draft", row.truth(3)).key("prd");
    row.text(2) == "tasks" || row.null(0) ? out.null() : out.value(row.text(0));
    out.member_raw("tasks", row.text(1)).key("matches").array();
    for (const auto& match : matched) match ? out.value(ids[*match]) : out.null();
    return ok(out.end_array().member_raw("notes", row.text(5)).end_object().take());
}

Reply apply(Call& call, Id project, Id id) {
    Form form{call.body()};
    const HeldPlan plan = read_plan(call, call.db().maybe<hold_project>(project), 0);
    const Row row = proposal_row(call, project, id);
    NewPlan next = chosen_plan(form, plan, Json::parse(row.text(1)));
    const bool document = form.value("prd").boolean() && row.text(2) != "tasks" && !row.null(0);
    if (document) next.document = row.str(0);
    next.proposal = id.value;
    write_plan(call, project, next);
    const std::string what = Writer{}.object().member("tasks", next.count).member("retired", static_cast<std::int64_t>(next.retired.size())).member("document", document).end_object().take();
    call.db().all(ask<settle_proposal>(id, "applied"), ask<note_change>(project, "plan-changed", what), audit(call, "plan-applied", "project " + std::to_string(project.value), what));
    return ok(call.db().one<overview>(project).str(0));
}

Reply dismiss(Call& call, Id project, Id id) {
    proposal_row(call, project, id);
    call.db().all(ask<settle_proposal>(id, "dismissed"),
                  audit(call, "plan-dismissed", "project " + std::to_string(project.value), Writer{}.object().member("proposal", id.value).end_object().take()));
    return ok(call.db().one<overview>(project).str(0));
}

template <const Sql& S>
Query versions_of(Id project, const Page& p) { return ask<S>(p.key, p.id, p.limit, project); }
using Ask = Query (*)(Id, const Page&);
constexpr By orders[] = {newest, oldest};
constexpr Ask rows[] = {versions_of<Joined<version_json, after_newest>::sql>, versions_of<Joined<version_json, after_oldest>::sql>};
constexpr Ask cells[] = {versions_of<Joined<version_cells, after_newest>::sql>, versions_of<Joined<version_cells, after_oldest>::sql>};

Reply versions(Call& call, Id project) {
    const Page page = read_page(call.request, orders, 25);
    const auto [found, there] = page_rows(call, page, rows[page.by](project, page.plus_one()), ask<find_project>(project));
    if (there.size() == 0) throw not_found("project");
    Writer out;
    write_page(out.object(), "versions", page, found);
    return ok(out.end_object().take());
}

Reply versions_csv(Call& call, Id project) {
    const Page page = read_page(call.request, orders, 25);
    note_export(call, "plan versions", project);
    return list_file(call, "plan-versions-" + std::to_string(project.value) + ".csv",
                     {{"Version"}, {"What", Cell::code}, {"From version"}, {"Who"}, {"When (UTC)"}, {"Tasks"}, {"Hours"}, {"Titles"}, {"Document"}}, page,
                    [project](const Page& now) { return cells[now.by](project, now); });
}

Reply version(Call& call, Id project, Id number) {
    const auto row = call.db().last(ask<one_version>(project, number))[0].maybe();
    if (!row) throw not_found("version");
    return ok(row->text(0));
}

// Its words and tasks come back; how far each is, stays. Tasks that it does not have are retired.
Reply restore(Call& call, Id project, Id number) {
    const HeldPlan plan = read_plan(call, call.db().maybe<hold_project>(project), 0);
    const auto row = call.db().maybe<one_version>(project, number);
    if (!row) throw not_found("version");
    NewPlan next = former_plan(plan, Json::parse(row->text(0)));
    next.restored = number.value;
    write_plan(call, project, next);
    const std::string what = Writer{}.object().member("tasks", next.count).member("version", number.value).end_object().take();
    call.db().all(ask<note_change>(project, "plan-changed", what), audit(call, "plan-restored", "project " + std::to_string(project.value), what));
    return ok(call.db().one<overview>(project).str(0));
}

constexpr Route routes[] = {
    get<show_usage>("/api/admin/plans/usage", staff),
    get<usage_csv>("/api/admin/plans/usage/csv", staff),
    get<show>("/api/admin/plans/{project}", staff),
    post<prompt>("/api/admin/plans/{project}/prompt", staff),
    post<propose>("/api/admin/plans/{project}/proposals", staff),
    get<compare>("/api/admin/plans/{project}/proposals/{id}", staff),
    post<apply>("/api/admin/plans/{project}/proposals/{id}/apply", staff),
    post<dismiss>("/api/admin/plans/{project}/proposals/{id}/dismiss", staff),
    get<versions>("/api/admin/plans/{project}/versions", staff),
    get<versions_csv>("/api/admin/plans/{project}/versions/csv", staff),
    get<version>("/api/admin/plans/{project}/versions/{version}", staff),
    post<restore>("/api/admin/plans/{project}/versions/{version}/restore", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

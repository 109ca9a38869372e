// admin-plans: a project's plan written anew for staff to choose from, its versions, and what writing costs. Serves /api/admin/plans.
#include <algorithm>
#include <map>

#include "core/app.h"
#include "core/crypto.h"
#include "core/form.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/generation.h"
#include "domain/held_plan.h"
#include "domain/new_plan.h"
#include "domain/plan.h"
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
            from generations g where g.project_id = p.id order by g.id desc limit 1),
        'versions', coalesce((select json_agg(json_build_object('version', v.version, 'action', v.action, 'at', v.created_at, 'restoredFrom', v.restored_from,
                'by', (select name from people(array[v.actor_id])), 'tasks', jsonb_array_length(v.content -> 'tasks')) order by v.version desc)
            from (select * from plan_versions where project_id = p.id order by version desc limit 50) v), '[]'))
    from projects p where p.id = $1)";
constexpr Sql own_key = "select 1 from settings where ai_key is not null";
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
    return csv_file(call, "ai-usage.csv", {"Month", "Model", "Plans", "To choose from", "Failed", "Times asked", "Prompt tokens", "Answer tokens", "Thought tokens", "Cost (USD)"},
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

// Everything of the plan that is there is either kept or retired, at the version that was seen.
Reply apply(Call& call, Id project, Id id) {
    Form form{call.body()};
    const HeldPlan plan = read_plan(call, call.db().maybe<hold_project>(project), 0);
    const Row row = proposal_row(call, project, id);
    const Json tasks = Json::parse(row.text(1)), keep = form.value("keep"), retire = form.value("retire"), add = form.value("add");
    std::vector<Chosen> chosen;
    std::vector<std::int64_t> retired;
    std::vector<char> seen(plan.graph.size()), taken(tasks.size());
    const auto there = [&](const Json& one, const char* field) -> std::optional<std::size_t> {
        const std::int64_t task = one["task"].integer();
        if (!plan.has(task) || one["version"].integer() != plan.row(task).integer(5)) throw conflict("The plan was changed meanwhile. Look at what is there now, then choose again.");
        if (std::exchange(seen[plan.by_id.at(task)], char{1})) form.wrong(field, "A task is there twice.");
        return plan.by_id.at(task);
    };
    const auto place_of = [&](const Json& place, const char* field) -> std::optional<std::size_t> {
        const std::int64_t number = place.integer();
        if (number < 1 || number > static_cast<std::int64_t>(tasks.size()) || std::exchange(taken[static_cast<std::size_t>(number - 1)], char{1})) {
            form.wrong(field, "Each is a place in the proposal, from 1, once.");
            return std::nullopt;
        }
        return static_cast<std::size_t>(number - 1);
    };
    for (std::size_t i = 0; i < keep.size(); ++i) {
        const Json place = keep[i]["proposed"];
        chosen.push_back({there(keep[i], "keep"), place && !place.is(Json::Kind::null) ? place_of(place, "keep") : std::nullopt});
    }
    for (std::size_t i = 0; i < retire.size(); ++i) retired.push_back(plan.rows[static_cast<int>(*there(retire[i], "retire"))].integer(0));
    for (std::size_t i = 0; i < add.size(); ++i)
        if (const auto place = place_of(add[i], "add")) chosen.push_back({std::nullopt, place});
    const bool whole = std::ranges::all_of(plan.by_id, [&](const auto& one) { return seen[one.second] || !plan.has(one.first); });
    form.check();
    if (!whole) throw conflict("The plan has tasks that were not chosen about. Look at what is there now, then choose again.");
    if (chosen.size() < fewest_tasks || chosen.size() > most_tasks)
        throw unprocessable({{"keep", "A plan has 15 to 25 tasks; these are " + std::to_string(chosen.size()) + "."}});
    // As they stand now, and what is new where the proposal has it.
    std::ranges::stable_sort(chosen, {}, [](const Chosen& one) { return one.proposed ? static_cast<std::int64_t>(*one.proposed) : std::int64_t{-1}; });
    WaitsFor proposed(tasks.size());
    for (std::size_t t = 0; t < tasks.size(); ++t)
        for (std::size_t d = 0; d < tasks[t]["dependencies"].size(); ++d)
            if (const std::int64_t place = tasks[t]["dependencies"][d].integer(); place >= 1 && place <= static_cast<std::int64_t>(tasks.size())) proposed[t].push_back(static_cast<std::size_t>(place - 1));
    const Arranged arranged = arrange_chosen(chosen, plan.graph, proposed);
    std::vector<std::size_t> place(chosen.size());
    for (std::size_t i = 0; i < arranged.order.size(); ++i) place[arranged.order[i]] = i + 1;
    Writer list;
    list.array();
    for (const std::size_t c : arranged.order) {
        list.object();
        if (chosen[c].now) list.member("id", plan.rows[static_cast<int>(*chosen[c].now)].integer(0));
        if (chosen[c].proposed) {
            const Json task = tasks[*chosen[c].proposed];
            for (const char* text : {"title", "description", "section", "priority"}) list.member(text, task[text].text());
            list.member("hours", task["hours"].integer());
        }
        list.key("dependencies").array();
        for (const std::size_t wait : arranged.waits[c]) list.value(static_cast<std::int64_t>(place[wait]));
        list.end_array().end_object();
    }
    list.end_array();
    const bool document = form.value("prd").boolean() && row.text(2) != "tasks" && !row.null(0);
    NewPlan next{"applied", list.take(), std::move(retired)};
    if (document) next.document = row.str(0);
    next.proposal = id.value;
    write_plan(call, project, next);
    const std::string what = Writer{}.object().member("tasks", static_cast<std::int64_t>(chosen.size())).member("retired", static_cast<std::int64_t>(next.retired.size())).member("document", document).end_object().take();
    call.db().all(ask<settle_proposal>(id, "applied"), ask<note_change>(project, "plan-changed", what), audit(call, "plan-applied", "project " + std::to_string(project.value), what));
    return ok(call.db().one<overview>(project).str(0));
}

Reply dismiss(Call& call, Id project, Id id) {
    proposal_row(call, project, id);
    call.db().all(ask<settle_proposal>(id, "dismissed"),
                  audit(call, "plan-dismissed", "project " + std::to_string(project.value), Writer{}.object().member("proposal", id.value).end_object().take()));
    return ok(call.db().one<overview>(project).str(0));
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
    const Json content = Json::parse(row->text(0)), tasks = content["tasks"];
    std::map<std::int64_t, std::int64_t> place;
    for (std::size_t i = 0; i < tasks.size(); ++i) place[tasks[i]["id"].integer()] = static_cast<std::int64_t>(i + 1);
    Writer list;
    list.array();
    for (std::size_t i = 0; i < tasks.size(); ++i) {
        list.object().member("id", tasks[i]["id"].integer());
        for (const char* text : {"title", "description", "section", "priority"}) list.member(text, tasks[i][text].text());
        list.member("hours", tasks[i]["hours"].integer()).key("dependencies").array();
        for (std::size_t d = 0; d < tasks[i]["dependencies"].size(); ++d)
            if (const auto found = place.find(tasks[i]["dependencies"][d].integer()); found != place.end()) list.value(found->second);
        list.end_array().end_object();
    }
    list.end_array();
    std::vector<std::int64_t> retired;
    for (const auto& [task, at] : plan.by_id)
        if (plan.has(task) && !place.contains(task)) retired.push_back(task);
    NewPlan next{"restored", list.take(), std::move(retired)};
    next.document = content["prd"].is(Json::Kind::string) ? std::optional{std::string{content["prd"].text()}} : std::nullopt;
    next.restored = number.value;
    write_plan(call, project, next);
    const std::string what = Writer{}.object().member("tasks", static_cast<std::int64_t>(tasks.size())).member("version", number.value).end_object().take();
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
    get<version>("/api/admin/plans/{project}/versions/{version}", staff),
    post<restore>("/api/admin/plans/{project}/versions/{version}/restore", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// tasks: the work that a plan consists of, as staff add, edit, move and retire it. Serves /api/tasks and /api/projects/{id}/tasks.
#include <algorithm>
#include <cmath>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/held_plan.h"
#include "domain/list_file.h"
#include "domain/plan.h"
#include "domain/task_words.h"

using namespace core;
using namespace domain;

constexpr std::string_view task_json = R"(json_build_object('id', t.id, 'title', t.title, 'description', coalesce(t.description, ''), 'section', t.section,
    'priority', t.priority, 'status', t.status, 'estimatedHours', t.estimated_hours, 'spentHours', t.spent_hours, 'dependencies', t.dependencies,
    'order', t."order", 'version', t.version, 'startedAt', t.started_at, 'completedAt', t.completed_at, 'retiredAt', t.retired_at,
    'addedBy', (select p.name from people(array[t.added_by]) p), 'retiredBy', (select p.name from people(array[t.retired_by]) p)))";
constexpr std::string_view just = "select ", of_one = " from tasks t where t.id = $1",
    board_head = R"(
    select json_build_object('project', json_build_object('id', p.id, 'name', p.name, 'status', p.status, 'paymentStatus', p.payment_status, 'service', p.service,
               'clientName', p.client_name, 'generation', (select g.state from generations g where g.project_id = p.id and not g.proposal order by g.id desc limit 1)),
           'tasks', coalesce((select json_agg()", board_middle = R"( order by t."order") from (select * from tasks where project_id = p.id and retired_at is null
                     order by "order" limit 500) t), '[]'),
           'retired', coalesce((select json_agg()", board_tail = R"( order by t.retired_at desc) from (select * from tasks where project_id = p.id and retired_at is not null
                     order by retired_at desc limit 200) t), '[]')) from projects p where p.id = $1)";
constexpr Sql one_task = Joined<just, task_json, of_one>::sql;
constexpr Sql board_of = Joined<board_head, task_json, board_middle, task_json, board_tail>::sql;

constexpr Sql as_cells = R"(
    select t."order"::text, t.id, t.id, t.section, t.title, t.description, t.priority, t.status, t.estimated_hours, t.spent_hours,
           (select string_agg(w.title, E'\n' order by w."order") from jsonb_array_elements(t.dependencies) d join tasks w on w.id = d::integer and w.retired_at is null),
           to_char(t.started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), to_char(t.completed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
           to_char(t.retired_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    from tasks t where (t."order", t.id) > ($1::bigint, $2::bigint) and t.project_id = $4 order by t."order", t.id limit $3)";
constexpr Sql set_status = R"(
    with before as (select id, project_id, title, status from tasks where id = $1 and retired_at is null for update),
    changed as (update tasks t set status = $2, updated_at = now() from before b where t.id = b.id)
    select case when status <> $2 then note_activity(project_id, 'task-status',
               jsonb_build_object('task', id, 'title', left(title, 300), 'from', status, 'to', $2::text)) end, json_build_object('status', status)
    from before)";
// As the audit log has it, before and after.
constexpr Sql task_facts = R"(
    select to_json(f) from (select project_id as project, title, description, section, priority, status, estimated_hours as "estimatedHours", spent_hours as "spentHours",
           dependencies, "order", retired_at is not null as retired from tasks where id = $1) f)";
// Whoever changes a plan takes the project first: circles are looked for among what nobody else changes meanwhile.
constexpr Sql hold_plan = "select id from projects where id = $1 for no key update";
constexpr Sql hold_plan_of = "select id from projects where id = (select project_id from tasks where id = $1) for no key update";
constexpr Sql edit_task = R"(
    with before as (select * from tasks where id = $1),
    changed as (
        update tasks t set title = coalesce($2, t.title), description = coalesce($3, t.description), section = coalesce($4, t.section),
            priority = coalesce($5, t.priority), status = coalesce($6, t.status), estimated_hours = coalesce($7::integer, t.estimated_hours),
            spent_hours = coalesce($8::numeric, t.spent_hours), dependencies = coalesce($9::jsonb, t.dependencies), updated_at = now()
        where t.id = $1 returning t.*),
    named as (
        select c.*, b.status as was, array_remove(array[case when c.title <> b.title then 'title' end,
            case when c.description is distinct from b.description then 'description' end, case when c.section <> b.section then 'section' end,
            case when c.priority <> b.priority then 'priority' end, case when c.estimated_hours <> b.estimated_hours then 'estimatedHours' end,
            case when c.spent_hours <> b.spent_hours then 'spentHours' end, case when c.dependencies <> b.dependencies then 'dependencies' end], null) as fields
        from changed c join before b on b.id = c.id)
    select case when status <> was then note_activity(project_id, 'task-status', jsonb_build_object('task', id, 'title', left(title, 300), 'from', was, 'to', status)) end,
           case when cardinality(fields) > 0 then note_activity(project_id, 'task-edited', jsonb_build_object('task', id, 'title', left(title, 300), 'fields', to_jsonb(fields)),
                    internal => fields <@ array['spentHours']) end
    from named)";
constexpr Sql add_task = R"(
    with made as (
        insert into tasks (project_id, title, description, section, priority, status, estimated_hours, spent_hours, dependencies, "order", added_by)
        select $1, $2, $3, $4, $5, coalesce($6, 'pending'), $7, coalesce($8::numeric, 0), coalesce($9::jsonb, '[]'),
               1 + greatest(0, (select max("order") from tasks where project_id = $1)), me()
        returning id, project_id, title)
    select id, note_activity(project_id, 'task-added', jsonb_build_object('task', id, 'title', left(title, 300))) from made)";
constexpr Sql put_in_order = R"(
    update tasks t set "order" = x.place from jsonb_array_elements_text($2::jsonb) with ordinality x (id, place)
    where t.project_id = $1 and t.id = x.id::bigint and t."order" <> x.place)";
// Those that waited for it wait for what it waited for.
constexpr Sql retire_task = R"(
    with gone as (update tasks set retired_at = now(), retired_by = me(), "order" = -id, updated_at = now() where id = $1 returning *),
    others as (
        update tasks t set updated_at = now(), dependencies = (
            select coalesce(jsonb_agg(distinct d.value), '[]') from (
                select value from jsonb_array_elements(t.dependencies) value where value <> to_jsonb($1::integer)
                union select value from gone g, jsonb_array_elements(g.dependencies) value where value <> to_jsonb(t.id)) d)
        where t.project_id = (select project_id from gone) and t.id <> $1 and t.retired_at is null and t.dependencies @> to_jsonb($1::integer)
        returning t.id)
    select note_activity(project_id, 'task-retired', jsonb_build_object('task', id, 'title', left(title, 300), 'waited', (select count(*) from others))) from gone)";
constexpr Sql restore_task = R"(
    with back as (
        update tasks t set retired_at = null, retired_by = null, updated_at = now(), "order" = 1 + greatest(0, (select max(o."order") from tasks o where o.project_id = t.project_id)),
            dependencies = $2::jsonb
        where t.id = $1 returning *)
    select note_activity(project_id, 'task-restored', jsonb_build_object('task', id, 'title', left(title, 300))) from back)";

struct Edit {
    std::optional<std::string> title, description, section, priority, status, dependencies;
    std::optional<std::int64_t> estimated;
    std::optional<double> spent;
};

Edit read_edit(Form& form, const HeldPlan& plan, std::optional<std::int64_t> task) {
    Edit edit;
    const auto text = [&](const char* field, Length length, const char* what) {
        return form.has(field) || !task ? std::optional{form.text(field, length, what)} : std::nullopt;
    };
    const auto word = [&](const char* field, const auto& words, const char* said) {
        if (!form.has(field)) return std::optional<std::string>{};
        std::string given{form.value(field).text()};
        if (std::ranges::find(words, given) == std::end(words)) form.wrong(field, said);
        return std::optional{given};
    };
    edit.title = text("title", {3, 160}, "The title");
    if (edit.title && edit.title->find_first_of("\r\n\t") != std::string::npos) form.wrong("title", "The title is one line.");
    edit.description = text("description", {10, 2'000}, "The description");
    std::vector<std::string> known{sections.begin(), sections.end()};
    for (int i = 0; i < plan.rows.size(); ++i) known.push_back(plan.rows[i].str(2));
    edit.section = word("section", known, "The section is one of Design, Database, Backend, Frontend, Testing and Deployment.");
    edit.priority = word("priority", priorities, "The priority is low, medium or high.");
    constexpr std::string_view states[] = {"pending", "in-progress", "completed"};
    edit.status = word("status", states, "The status is one of pending, in-progress and completed.");
    if (const Json hours = form.value("estimatedHours"); hours || !task) {
        if (!hours.is(Json::Kind::integer) || hours.integer() < 1 || hours.integer() > most_hours) form.wrong("estimatedHours", "Whole hours, from 1 to 200.");
        edit.estimated = hours.integer();
    }
    if (const Json hours = form.value("spentHours"); hours) {
        const bool number = hours.is(Json::Kind::integer) || hours.is(Json::Kind::real);
        if (!number || !(hours.number() >= 0 && hours.number() <= 10'000)) form.wrong("spentHours", "Hours from 0 to 10,000, for example 2.5.");
        edit.spent = std::round(hours.number() * 100) / 100;
    }
    if (const auto ids = waited_for(form, plan, task)) edit.dependencies = list_of(*ids);
    if (!task && !edit.section) form.wrong("section", "This is needed.");
    if (!task && !edit.priority) form.wrong("priority", "This is needed.");
    return edit;
}

Query task_audited(Call& call, const char* action, Id task, const Result& before, const Result& after) {
    return audit_change(call, action, "task " + std::to_string(task.value), before.one().text(0), after.one().text(0));
}

Reply task_now(Call& call, std::int64_t task) { return ok(call.db().one<one_task>(task).str(0)); }

Reply board(Call& call, Id project) {
    const auto row = call.db().last(ask<board_of>(project))[0].maybe();
    if (!row) throw not_found("project");
    return ok(row->text(0));
}

Reply csv(Call& call, Id project) {
    constexpr By plan_order[] = {{"order", By::Key::number, "-9223372036854775808", 0}};
    const Page page = read_page(call.request, plan_order, 30);
    note_export(call, "tasks", project);
    return list_file(call, "tasks-" + std::to_string(project.value) + ".csv",
                     {{"Task"}, {"Section"}, {"Title"}, {"Description"}, {"Priority", Cell::code}, {"Status", Cell::code}, {"Estimated hours"},
                      {"Spent hours"}, {"Waits for"}, {"Started (UTC)"}, {"Done (UTC)"}, {"Retired (UTC)"}}, page,
                    [project](const Page& now) { return ask<as_cells>(now.key, now.id, now.limit, project); });
}

Reply show(Call& call, Id task) {
    const auto row = call.db().last(ask<one_task>(task))[0].maybe();
    if (!row) throw not_found("task");
    return ok(row->text(0));
}

// A status alone needs no version: the last one set counts, as on the project's page.
Reply change(Call& call, Id task) {
    Form form{call.body()};
    constexpr const char* fields[] = {"title", "description", "section", "priority", "estimatedHours", "spentHours", "dependencies", "version"};
    if (std::ranges::none_of(fields, [&](const char* field) { return form.has(field); })) {
        const std::string status = form.text("status", {1, 20}, "The status");
        constexpr std::string_view words[] = {"pending", "in-progress", "completed"};
        if (form.right() && std::ranges::find(words, status) == std::end(words)) form.wrong("status", "The status is one of pending, in-progress and completed.");
        form.check();
        const auto before = call.db().maybe<set_status>(task, status);
        if (!before) throw not_found("task");
        call.db().run(audit_change(call, "task-changed", "task " + std::to_string(task.value), before->text(1), Writer{}.object().member("status", status).end_object().take()));
        return ok(Writer{}.object().member("id", task.value).member("status", status).end_object().take());
    }
    const HeldPlan plan = read_plan(call, call.db().maybe<hold_plan_of>(task), task.value);
    if (!plan.has(task.value)) throw conflict("This task is retired. Bring it back before you change it.");
    hold_version(form, plan, task.value, true);
    const Edit e = read_edit(form, plan, task.value);
    form.check();
    const auto [before, edited, after] = call.db().all(ask<task_facts>(task), ask<edit_task>(task, e.title, e.description, e.section, e.priority, e.status, e.estimated, e.spent, e.dependencies), ask<task_facts>(task));
    call.db().run(task_audited(call, "task-changed", task, before, after));
    return task_now(call, task.value);
}

Reply add(Call& call, Id project) {
    Form form{call.body()};
    const HeldPlan plan = read_plan(call, call.db().maybe<hold_plan>(project), 0);
    const Edit e = read_edit(form, plan, std::nullopt);
    form.check();
    if (plan.size() >= (plan.measured() ? most_tasks : 500)) throw conflict("A plan has at most " + std::to_string(plan.measured() ? most_tasks : 500) + " tasks. Retire one of them first.");
    const std::int64_t made = call.db().one<add_task>(project, e.title, e.description, e.section, e.priority, e.status, e.estimated, e.spent, e.dependencies).integer(0);
    call.db().run(audit_change(call, "task-added", "task " + std::to_string(made), "{}", call.db().one<task_facts>(made).text(0)));
    Reply reply = task_now(call, made);
    reply.status = 201;
    return reply;
}

// To another status, before another task or to the end: both in one step.
Reply move(Call& call, Id task) {
    Form form{call.body()};
    const HeldPlan plan = read_plan(call, call.db().maybe<hold_plan_of>(task), task.value);
    if (!plan.has(task.value)) throw conflict("This task is retired. Bring it back before you move it.");
    const auto before = form.id("before", false);
    Edit e;
    if (form.has("status")) {
        e = read_edit(form, plan, task.value);
        hold_version(form, plan, task.value, true);
    }
    if (before && (!plan.has(*before) || *before == task.value)) form.wrong("before", "The task to stand before is not one of this plan.");
    form.check();
    std::vector<std::int64_t> ids;
    for (int i = 0; i < plan.rows.size(); ++i) {
        const std::int64_t id = plan.rows[i].integer(0);
        if (id == before) ids.push_back(task.value);
        if (id != task.value && plan.has(id)) ids.push_back(id);
    }
    if (!before) ids.push_back(task.value);
    const auto [was, placed] = call.db().all(ask<task_facts>(task), ask<put_in_order>(plan.project, list_of(ids)));
    if (e.status) call.db().one<set_status>(task, *e.status);
    call.db().run(audit_change(call, "task-moved", "task " + std::to_string(task.value), was.one().text(0), call.db().one<task_facts>(task).text(0)));
    return board(call, Id{plan.project});
}

Reply retire(Call& call, Id task) {
    Form form{call.body()};
    const HeldPlan plan = read_plan(call, call.db().maybe<hold_plan_of>(task), task.value);
    if (!plan.has(task.value)) throw conflict("This task is retired already.");
    hold_version(form, plan, task.value, true);
    if (plan.measured() && plan.size() <= fewest_tasks) throw conflict("A plan has at least 15 tasks. Add another one first.");
    const auto [before, retired, after] = call.db().all(ask<task_facts>(task), ask<retire_task>(task), ask<task_facts>(task));
    call.db().run(task_audited(call, "task-retired", task, before, after));
    return board(call, Id{plan.project});
}

Reply bring_back(Call& call, Id task) {
    Form form{call.body()};
    const HeldPlan plan = read_plan(call, call.db().maybe<hold_plan_of>(task), task.value);
    if (plan.has(task.value)) throw conflict("This task is part of the plan already.");
    hold_version(form, plan, task.value, true);
    if (plan.measured() && plan.size() >= most_tasks) throw conflict("A plan has at most 25 tasks. Retire another one first.");
    std::vector<std::int64_t> ids;  // of what it waited for, those that are still there; nothing waits for it, so no circle comes of it
    for (const std::int64_t id : ids_in(plan.row(task.value).text(4)))
        if (plan.has(id)) ids.push_back(id);
    const auto [before, back, after] = call.db().all(ask<task_facts>(task), ask<restore_task>(task, list_of(ids)), ask<task_facts>(task));
    call.db().run(task_audited(call, "task-restored", task, before, after));
    return board(call, Id{plan.project});
}

constexpr Route routes[] = {
    get<board>("/api/projects/{id}/tasks", staff),
    get<csv>("/api/projects/{id}/tasks/csv", staff),
    post<add>("/api/projects/{id}/tasks", staff),
    get<show>("/api/tasks/{id}", staff),
    patch<change>("/api/tasks/{id}", staff),
    post<move>("/api/tasks/{id}/move", staff),
    post<retire>("/api/tasks/{id}/retire", staff),
    post<bring_back>("/api/tasks/{id}/restore", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

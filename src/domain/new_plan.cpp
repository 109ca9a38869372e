// NewPlan: its statements.
#include "domain/new_plan.h"

#include "domain/held_plan.h"

namespace domain {
namespace {

using core::ask;
using core::Sql;

constexpr Sql note_now = "select note_plan($1::integer, $2, $3::bigint, $4::integer)";
constexpr Sql places_later = "set constraints tasks_project_id_order_key deferred";
constexpr Sql retire_tasks = R"(
    update tasks set retired_at = now(), retired_by = me(), "order" = -id, updated_at = now()
    where project_id = $1 and retired_at is null and id in (select i::integer from jsonb_array_elements_text($2::jsonb) i))";
// Places from 1 become ids. What is not said of a task that is there stays, and its progress always does.
constexpr Sql take_tasks = R"(
    with given as materialized (
        select t.place::integer as place, coalesce(o.id, nextval(pg_get_serial_sequence('tasks', 'id'))::integer) as id, o.id is null as fresh, t.task
        from jsonb_array_elements($2::jsonb) with ordinality as t (task, place) left join tasks o on o.id = (t.task ->> 'id')::integer and o.project_id = $1),
    linked as (
        select g.*, coalesce((select jsonb_agg(d.id order by d.place) from given d
                              where d.place in (select p::integer from jsonb_array_elements_text(g.task -> 'dependencies') p)), '[]') as waits from given g),
    changed as (
        update tasks t set title = coalesce(l.task ->> 'title', t.title), description = coalesce(l.task ->> 'description', t.description),
            section = coalesce(l.task ->> 'section', t.section), priority = coalesce(l.task ->> 'priority', t.priority),
            estimated_hours = coalesce((l.task ->> 'hours')::integer, t.estimated_hours), dependencies = l.waits, "order" = l.place,
            retired_at = null, retired_by = null, updated_at = now()
        from linked l where not l.fresh and t.id = l.id)
    insert into tasks (id, project_id, title, description, section, priority, status, estimated_hours, dependencies, "order")
    select l.id, $1, l.task ->> 'title', l.task ->> 'description', l.task ->> 'section', l.task ->> 'priority', 'pending', (l.task ->> 'hours')::integer, l.waits, l.place
    from linked l where l.fresh)";
constexpr Sql take_document = "update projects set prd = $2, updated_at = now() where id = $1";

}  // namespace

void write_plan(core::Call& call, core::Id project, const NewPlan& plan) {
    const std::optional<std::int64_t> none;
    call.db().all(ask<note_now>(project, "found", none, none), ask<places_later>(), ask<retire_tasks>(project, list_of(plan.retired)), ask<take_tasks>(project, plan.tasks));
    if (plan.document) call.db().change<take_document>(project, *plan.document);
    call.db().one<note_now>(project, plan.action, plan.proposal, plan.restored);
}

}  // namespace domain

// admin-stats: what waits for staff, and how many drafts become projects. Serves /api/admin/stats.
#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

// Each is found by a partial index, a small table or among the newest 2,000 messages, and counted up to a hundred: more is
// "100+" on the page.
constexpr Sql waiting = R"(
    with recent as (
        select m.id, m.project_id from (select * from messages order by id desc limit 2000) m
        where m.user_role = 'client' and m.removed_at is null
          and m.id > coalesce((select r.last_read from message_reads r where r.project_id = m.project_id and r.user_id = me()), 0))
    select json_build_object(
        'payments', (select count(*) from (select from payments where stage in ('submitted', 'reviewed') or attention is not null limit 100) p),
        'messages', (select count(*) from (select from recent limit 100) m),
        'unread', (select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name, 'messages', m.many) order by m.newest desc), '[]') from (
            select project_id, count(*) as many, max(id) as newest from recent group by project_id order by newest desc limit 5) m
            join projects p on p.id = m.project_id),
        'generations', (select count(*) from (
            select from generations g where g.state = 'failed'
               and not exists (select from generations later where later.project_id = g.project_id and later.id > g.id) limit 100) g),
        'failed', (select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name) order by p.id desc), '[]') from (
            select p.id, p.name from generations g join projects p on p.id = g.project_id where g.state = 'failed'
               and not exists (select from generations later where later.project_id = g.project_id and later.id > g.id) order by p.id desc limit 5) p),
        'overdue', (select count(*) from (
            select from section_deadlines d where d.due < (now() at time zone (select time_zone from settings))::date
               and exists (select from tasks t where t.project_id = d.project_id and t.section = d.section and t.status <> 'completed' and t.retired_at is null) limit 100) d),
        'late', (select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name, 'section', d.section, 'due', d.due) order by d.due), '[]') from (
            select d.* from section_deadlines d where d.due < (now() at time zone (select time_zone from settings))::date
               and exists (select from tasks t where t.project_id = d.project_id and t.section = d.section and t.status <> 'completed' and t.retired_at is null)
            order by d.due limit 5) d join projects p on p.id = d.project_id)))";
// Of the newest ten thousand drafts of the last ninety days: how many came at least to each step, and how many became projects.
constexpr Sql conversion = R"(
    select json_build_object('days', 90, 'services', coalesce(json_agg(json_build_object('id', c.service_type_id, 'name', coalesce(s.name, 'No service chosen'),
               'started', c.started, 'described', c.described, 'answered', c.answered, 'projects', c.projects) order by c.started desc, c.service_type_id), '[]'))
    from (select l.service_type_id, count(*) as started, count(*) filter (where l.step >= 2 or l.status = 'claimed') as described,
                 count(*) filter (where l.step >= 3 or l.status = 'claimed') as answered, count(*) filter (where l.status = 'claimed') as projects
          from (select service_type_id, step, status, created_at from leads order by id desc limit 10000) l
          where l.created_at > now() - interval '90 days' group by l.service_type_id order by started desc limit 50) c
    left join service_types s on s.id = c.service_type_id)";

Reply show(Call& call) {
    const auto [needs, leads] = call.db().last(ask<waiting>(), ask<conversion>());
    return ok(Writer{}.object().member_raw("waiting", needs.one().text(0)).member_raw("conversion", leads.one().text(0)).end_object().take());
}

constexpr Route routes[] = {
    get<show>("/api/admin/stats", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

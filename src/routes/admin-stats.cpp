// admin-stats: what waits for staff, the projects by status, the money by month, and how many drafts become projects. Serves /api/admin/stats.
#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

// Each is found by a partial index, a small table or among the newest 2,000 messages, and counted up to a hundred: more is
// "100+" on the page. A task is overdue once its section's promised day or its project's has passed.
constexpr Sql waiting = R"(
    with recent as (
        select m.id, m.project_id from (select * from messages order by id desc limit 2000) m
        where m.user_role = 'client' and m.removed_at is null
          and m.id > coalesce((select r.last_read from message_reads r where r.project_id = m.project_id and r.user_id = me()), 0)),
    today as (select (now() at time zone time_zone)::date as day, time_zone from settings),
    promised as (
        select d.project_id, d.section, d.due from section_deadlines d, today where d.due < today.day
        union all
        select p.id, null, (p.end_date at time zone today.time_zone)::date from projects p, today
        where p.status in ('pending', 'in-progress') and p.end_date < today.day::timestamp at time zone today.time_zone),
    late_tasks as (
        select distinct on (t.id) t.id, t.project_id, d.section, d.due
        from (select t.id, t.project_id, d.section, d.due from promised d
              join tasks t on t.project_id = d.project_id and t.status <> 'completed' and t.retired_at is null and (d.section is null or t.section = d.section) limit 300) d
        join tasks t on t.id = d.id order by t.id, d.due)
    select json_build_object(
        'payments', (select count(*) from (select from payments where stage in ('submitted', 'reviewed') or attention is not null limit 100) p),
        'messages', (select count(*) from (select from recent limit 100) m),
        'unread', (select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name, 'messages', m.many) order by m.newest desc), '[]') from (
            select project_id, count(*) as many, max(id) as newest from recent group by project_id order by newest desc limit 5) m
            join projects p on p.id = m.project_id),
        'generations', (select count(*) from (
            select from generations g where g.state = 'failed' and not g.proposal
               and not exists (select from generations later where later.project_id = g.project_id and later.id > g.id and not later.proposal) limit 100) g),
        'failed', (select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name) order by p.id desc), '[]') from (
            select p.id, p.name from generations g join projects p on p.id = g.project_id where g.state = 'failed' and not g.proposal
               and not exists (select from generations later where later.project_id = g.project_id and later.id > g.id and not later.proposal) order by p.id desc limit 5) p),
        'overdue', (select count(*) from (select from late_tasks limit 100) t),
        'late', (select coalesce(json_agg(json_build_object('id', p.id, 'name', p.name, 'section', l.section, 'due', l.due, 'tasks', l.tasks) order by l.due, p.id), '[]') from (
            select project_id, section, due, count(*) as tasks from (select * from late_tasks limit 100) t group by project_id, section, due order by due, project_id limit 5) l
            join projects p on p.id = l.project_id)))";
// Every status has its row, also where no project is in it.
constexpr Sql pipeline = R"(
    select coalesce(json_agg(json_build_object('status', w.status, 'projects', coalesce(p.many, 0), 'price', coalesce(p.price, 0)) order by w.place), '[]')
    from unnest('{pending,in-progress,on-hold,completed}'::text[]) with ordinality w (status, place)
    left join (select status, count(*) as many, sum(price::bigint) as price from projects group by status) p on p.status = w.status)";
// The ledger of this month and the eleven before it, in centavos, by the agency's own days. An opening entry is what was paid before
// there was a ledger, so it is nobody's month.
constexpr Sql revenue = R"(
    with this as (select date_trunc('month', now() at time zone time_zone) as month, time_zone from settings)
    select coalesce(json_agg(json_build_object('month', to_char(m, 'YYYY-MM'), 'received', coalesce(l.received, 0), 'refunded', coalesce(l.refunded, 0)) order by m), '[]')
    from this, generate_series(this.month - interval '11 months', this.month, interval '1 month') m
    left join (select date_trunc('month', l.created_at at time zone this.time_zone) as month,
                      sum(l.amount) filter (where l.kind = 'payment') as received, -sum(l.amount) filter (where l.kind = 'refund') as refunded
               from this, ledger l where l.created_at >= (this.month - interval '11 months') at time zone this.time_zone group by 1) l on l.month = m)";
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
    const auto [needs, leads, work, money] = call.db().last(ask<waiting>(), ask<conversion>(), ask<pipeline>(), ask<revenue>());
    Writer out;
    out.object().member_raw("waiting", needs.one().text(0)).member_raw("conversion", leads.one().text(0));
    return ok(out.member_raw("pipeline", work.one().text(0)).member_raw("revenue", money.one().text(0)).end_object().take());
}

constexpr Route routes[] = {
    get<show>("/api/admin/stats", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// admin-stats: what waits for staff, projects by status, money by month, how many drafts become projects, and pages seen. Serves /api/admin/stats.
#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"

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
// The figures behind each chart are a file, too: the same rows as cells. Every status has its row, also where no project is in it.
constexpr std::string_view statuses_as_json = R"(
    select coalesce(json_agg(json_build_object('status', w.status, 'projects', coalesce(p.many, 0), 'price', coalesce(p.price, 0)) order by w.place), '[]'))",
    statuses_as_cells = "select '', w.place, w.status, coalesce(p.many, 0), coalesce(p.price, 0)", by_status = R"(
    from unnest('{pending,in-progress,on-hold,completed}'::text[]) with ordinality w (status, place)
    left join (select status, count(*) as many, sum(price::bigint) as price from projects group by status) p on p.status = w.status )",
    statuses_page = "where $1 = '' and w.place > $2 order by w.place limit $3";
constexpr Sql pipeline = Joined<statuses_as_json, by_status>::sql, pipeline_cells = Joined<statuses_as_cells, by_status, statuses_page>::sql;

// The ledger by the agency's own months, in centavos: of this one and the eleven before it, in the file of all there were. An opening
// entry is what was paid before there was a ledger, so it is nobody's month.
constexpr std::string_view this_month = R"(
    with this as (select m.month, m.time_zone, least(m.month - interval '11 months', )", a_year = "null", ever = R"(
                      (select date_trunc('month', min(l.created_at) at time zone m.time_zone) from ledger l where l.kind <> 'opening'))", from_settings = R"() as first
                  from (select date_trunc('month', now() at time zone time_zone) as month, time_zone from settings) m))";
constexpr std::string_view months_as_json = R"(
    select coalesce(json_agg(json_build_object('month', to_char(m, 'YYYY-MM'), 'received', coalesce(l.received, 0), 'refunded', coalesce(l.refunded, 0)) order by m), '[]'))",
    months_as_cells = R"(
    select to_char(m, 'YYYY-MM'), 1, to_char(m, 'YYYY-MM'), round(coalesce(l.received, 0) / 100.0, 2), round(coalesce(l.refunded, 0) / 100.0, 2),
           round((coalesce(l.received, 0) - coalesce(l.refunded, 0)) / 100.0, 2))", by_month = R"(
    from this, generate_series(this.first, this.month, interval '1 month') m
    left join (select date_trunc('month', l.created_at at time zone this.time_zone) as month,
                      sum(l.amount) filter (where l.kind = 'payment') as received, -sum(l.amount) filter (where l.kind = 'refund') as refunded
               from this, ledger l where l.created_at >= this.first at time zone this.time_zone group by 1) l on l.month = m )",
    months_page = "where $2 > 0 and to_char(m, 'YYYY-MM') > $1 order by m limit $3";
constexpr Sql revenue = Joined<this_month, a_year, from_settings, months_as_json, by_month>::sql,
              revenue_cells = Joined<this_month, ever, from_settings, months_as_cells, by_month, months_page>::sql;

// Of the newest ten thousand drafts of the last ninety days: how many came at least to each step, and how many became projects.
constexpr std::string_view services_as_json = R"(
    select json_build_object('days', 90, 'services', coalesce(json_agg(json_build_object('id', c.service_type_id, 'name', coalesce(s.name, 'No service chosen'),
               'started', c.started, 'described', c.described, 'answered', c.answered, 'projects', c.projects) order by c.started desc, c.service_type_id), '[]')))",
    services_as_cells = R"(
    select '', coalesce(c.service_type_id, 0), c.service_type_id, coalesce(s.name, 'No service chosen'), c.started, c.described, c.answered, c.projects, round(100.0 * c.projects / c.started, 1))",
    by_service = R"(
    from (select l.service_type_id, count(*) as started, count(*) filter (where l.step >= 2 or l.status = 'claimed') as described,
                 count(*) filter (where l.step >= 3 or l.status = 'claimed') as answered, count(*) filter (where l.status = 'claimed') as projects
          from (select service_type_id, step, status, created_at from leads order by id desc limit 10000) l
          where l.created_at > now() - interval '90 days' group by l.service_type_id )", most_drafts = "order by started desc limit 50",
    named = ") c left join service_types s on s.id = c.service_type_id ",
    services_page = "where $1 = '' and coalesce(c.service_type_id, 0) > $2 order by coalesce(c.service_type_id, 0) limit $3";
constexpr Sql conversion = Joined<services_as_json, by_service, most_drafts, named>::sql,
              conversion_cells = Joined<services_as_cells, by_service, named, services_page>::sql;

// Public pages that were seen in the agency's last thirty days, of the newest hundred thousand: by day, by page, and by the site that
// somebody came from. Nobody is counted twice or once: it is pages, not people. The row with which a draft begins is of its own moment, and
// repeats the visit that was noted when its page was opened.
constexpr std::string_view seen = R"(
    with first as (select (now() at time zone s.time_zone)::date - 29 as day, s.time_zone from settings s),
    seen as (
        select (v.created_at at time zone f.time_zone)::date as day, v.path, coalesce(substring(v.referrer from '^https?://([^/:?#]+)'), '') as source
        from first f, (select created_at, path, referrer, lead_id from lead_page_views order by id desc limit 100000) v left join leads l on l.id = v.lead_id
        where l.created_at is distinct from v.created_at and v.created_at >= f.day::timestamp at time zone f.time_zone) )", views_as_json = R"(
    select json_build_object('total', (select count(*) from seen),
        'days', (select json_agg(json_build_object('day', f.day + n, 'views', (select count(*) from seen v where v.day = f.day + n)) order by n) from first f, generate_series(0, 29) n),
        'pages', (select coalesce(json_agg(json_build_object('path', path, 'views', many) order by many desc, path), '[]')
                  from (select path, count(*) as many from seen group by path order by many desc, path limit 10) p),
        'sources', (select coalesce(json_agg(json_build_object('source', source, 'views', many) order by many desc, source), '[]')
                    from (select source, count(*) as many from seen group by source order by many desc, source limit 10) s)))",
    views_as_cells = R"(
    select * from (select concat_ws(' ', day, path, source) as key, 1, day::text, path, source, count(*) from seen group by day, path, source) v
    where $2 > 0 and v.key > $1 order by v.key limit $3)";
constexpr Sql page_views = Joined<seen, views_as_json>::sql, view_cells = Joined<seen, views_as_cells>::sql;

Reply show(Call& call) {
    const auto [needs, leads, work, money] = call.db().last(ask<waiting>(), ask<conversion>(), ask<pipeline>(), ask<revenue>());
    Writer out;
    out.object().member_raw("waiting", needs.one().text(0)).member_raw("conversion", leads.one().text(0));
    return ok(out.member_raw("pipeline", work.one().text(0)).member_raw("revenue", money.one().text(0)).end_object().take());
}

template <const Sql& S>
Query cells(const Page& page) { return ask<S>(page.key, page.id, page.limit); }

Reply views(Call& call) { return ok(call.db().one<page_views>().text(0)); }

Reply pipeline_csv(Call& call) {
    constexpr By order[] = {{"status", By::Key::none, "", 0}};
    const Page page = read_page(call.request, order, 30);
    note_at_once(call, "exported", "projects by status");
    return list_file(call, "projects-by-status.csv", {{"Status", Cell::code}, {"Projects"}, {"Price (PHP)"}}, page, cells<pipeline_cells>);
}

Reply revenue_csv(Call& call) {
    constexpr By order[] = {{"oldest", By::Key::text, "", 1}};
    const Page page = read_page(call.request, order, 30);
    note_at_once(call, "exported", "money by month");
    return list_file(call, "money-by-month.csv", {{"Month"}, {"Received (PHP)"}, {"Given back (PHP)"}, {"Left (PHP)"}}, page, cells<revenue_cells>);
}

Reply conversion_csv(Call& call) {
    constexpr By order[] = {{"service", By::Key::none, "", -1}};
    const Page page = read_page(call.request, order, 30);
    note_at_once(call, "exported", "drafts by service");
    return list_file(call, "drafts-by-service.csv",
                     {{"Service"}, {"Name", Cell::code}, {"Started"}, {"Described it"}, {"Answered the questions"}, {"Became a project"}, {"Share (%)"}}, page, cells<conversion_cells>);
}

Reply views_csv(Call& call) {
    constexpr By order[] = {{"oldest", By::Key::text, "", 1}};
    const Page page = read_page(call.request, order, 30);
    note_at_once(call, "exported", "page views");
    return list_file(call, "page-views.csv", {{"Day"}, {"Page"}, {"From"}, {"Views"}}, page, cells<view_cells>);
}

constexpr Route routes[] = {
    get<show>("/api/admin/stats", staff),
    get<pipeline_csv>("/api/admin/stats/pipeline/csv", staff),
    get<revenue_csv>("/api/admin/stats/revenue/csv", staff),
    get<conversion_csv>("/api/admin/stats/conversion/csv", staff),
    get<views>("/api/admin/stats/views", staff),
    get<views_csv>("/api/admin/stats/views/csv", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// activity: who did what on a project. Serves /api/projects/{id}/activity.
#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;

constexpr std::string_view page_of = R"(
    with page as (select * from activity where $1 = '' and project_id = $4 and (not internal or my_role() in ('admin', 'staff')) and id )",
    known = R"( limit $3),
    known as (select * from people(array(select distinct actor_id from page where actor_id is not null))))",
    after_newest = "< $2 order by id desc", after_oldest = "> $2 order by id", by_newest = " order by a.id desc", by_oldest = " order by a.id";
constexpr std::string_view as_json = R"(
    select '', a.id, json_build_object(
            'id', a.id, 'kind', a.kind, 'data', a.data, 'internal', a.internal, 'at', a.created_at,
            'actor', case when a.actor_id is not null then
                json_build_object('name', k.name, 'role', coalesce(k.role, 'client'), 'me', a.actor_id = me()) end)
    from page a left join known k on k.id = a.actor_id)";
constexpr std::string_view as_cells = R"(
    select '', a.id, a.id, to_char(a.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), coalesce(k.name, a.actor_id), coalesce(k.role, case when a.actor_id is not null then 'client' end),
           a.kind, a.data, case when a.internal then 'yes' else 'no' end
    from page a left join known k on k.id = a.actor_id)";

template <const Sql& S>
Query entries(Id project, const Page& p) { return ask<S>(p.key, p.id, p.limit, project); }
using Ask = Query (*)(Id, const Page&);
constexpr By orders[] = {newest, oldest};
constexpr Ask rows[] = {entries<Joined<page_of, after_newest, known, as_json, by_newest>::sql>, entries<Joined<page_of, after_oldest, known, as_json, by_oldest>::sql>};
constexpr Ask cells[] = {entries<Joined<page_of, after_newest, known, as_cells, by_newest>::sql>, entries<Joined<page_of, after_oldest, known, as_cells, by_oldest>::sql>};

Reply list(Call& call, Id project) {
    const Page page = read_page(call.request, orders, 30);
    Writer out;
    write_page(out.object(), "activity", page, page_rows(call, page, rows[page.by](project, page.plus_one())));
    return ok(out.end_object().take());
}

Reply csv(Call& call, Id project) {
    const Page page = read_page(call.request, orders, 30);
    note_export(call, "activity", project);
    return list_file(call, "activity-" + std::to_string(project.value) + ".csv",
                     {{"Entry"}, {"When (UTC)"}, {"Who"}, {"Role", Cell::code}, {"What", Cell::code}, {"Details", Cell::facts}, {"Internal", Cell::code}}, page,
                    [project](const Page& now) { return cells[now.by](project, now); });
}

constexpr Route routes[] = {
    get<list>("/api/projects/{id}/activity", member),
    get<csv>("/api/projects/{id}/activity/csv", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

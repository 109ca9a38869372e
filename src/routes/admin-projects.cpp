// admin-projects: all projects as staff look for them, and the views that a person saves. Serves /api/admin/projects.
#include <algorithm>

#include "core/app.h"
#include "core/form.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"
#include "domain/searching.h"

using namespace core;
using namespace domain;

// Both the list and the file: projects of $4 status, $5 payment, $6 service, $7 overdue, $8 words, in one of four orders. The day is
// the agency's. Overdue is what is not completed and has passed its promised end, or a section's promise with tasks of it still open.
// What is searched for is found first, by its index: PostgreSQL cannot tell a rare word from a common one.
constexpr std::string_view matching = "with matching as materialized (select p.id from projects p where ", some = R"( @@ search_for($8)),
    today as (select (now() at time zone time_zone)::date as day, time_zone from settings),
    late as (select distinct d.project_id from section_deadlines d, today
             where d.due < today.day and exists (select from tasks t where t.project_id = d.project_id and t.section = d.section and t.status <> 'completed' and t.retired_at is null)),
    page as (
        select p.*, (p.end_date at time zone today.time_zone)::date as due,
               p.status <> 'completed' and (coalesce((p.end_date at time zone today.time_zone)::date < today.day, false)
                   or exists (select from section_deadlines d where d.project_id = p.id and d.due < today.day
                              and exists (select from tasks t where t.project_id = d.project_id and t.section = d.section and t.status <> 'completed' and t.retired_at is null))) as overdue, )",
    chosen = R"( as key from projects p, today
        where ($4 = '' or p.status = $4) and ($5 = '' or p.payment_status = $5) and ($6::integer is null or p.service_type_id = $6)
          and (not $7::boolean or p.status <> 'completed' and ((p.end_date at time zone today.time_zone)::date < today.day or p.id in (select project_id from late)))
          and ($8 = '' or p.id in (select id from matching)) and )";
constexpr std::string_view no_key = "''", after_newest = "$1 = '' and p.id < $2::bigint ", by_newest = "order by p.id desc ",
                           changed_key = "p.updated_at", after_changed = "(p.updated_at, p.id) < ($1::timestamptz, $2::bigint) ", by_changed = "order by p.updated_at desc, p.id desc ",
                           due_key = "p.end_date", after_due = "p.end_date is not null and (p.end_date, p.id) > ($1::timestamptz, $2::bigint) ", by_due = "order by p.end_date, p.id ",
                           name_key = "lower(p.name)", after_name = "(lower(p.name) collate \"C\", p.id) > ($1::text, $2::bigint) ", by_name = "order by lower(p.name) collate \"C\", p.id ";
constexpr std::string_view as_json = R"(limit $3)
    select p.key, p.id, json_build_object('id', p.id, 'name', p.name, 'service', p.service, 'serviceId', p.service_type_id, 'status', p.status,
               'paymentStatus', p.payment_status, 'price', p.price, 'clientName', p.client_name, 'clientEmail', p.client_email, 'createdAt', p.created_at,
               'updatedAt', p.updated_at, 'deadline', p.due, 'overdue', p.overdue, 'unread', unread_messages(p.id),
               'generation', (select g.state from generations g where g.project_id = p.id and not g.proposal order by g.id desc limit 1),
               'tasks', (select json_build_object('total', count(*), 'completed', count(*) filter (where t.status = 'completed'),
                                                  'inProgress', count(*) filter (where t.status = 'in-progress'))
                         from tasks t where t.project_id = p.id and t.retired_at is null)) from page p )";
constexpr std::string_view as_cells = R"(limit $3)
    select p.key, p.id, p.id, p.name, p.service, p.status, p.payment_status, p.price, p.client_name, p.client_email, p.client_phone, p.due,
           case when p.overdue then 'yes' else 'no' end, (select count(*) from tasks t where t.project_id = p.id and t.retired_at is null),
           (select count(*) from tasks t where t.project_id = p.id and t.status = 'completed' and t.retired_at is null), to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    from page p )";

struct Filter {
    std::string status, payment, words;
    std::optional<std::int64_t> service;
    bool overdue;
};

template <const Sql& S>
Query projects(const Filter& f, const Page& p) { return ask<S>(p.key, p.id, p.limit, f.status, f.payment, f.service, f.overdue, f.words); }

// What has no promised end is not in the order of those.
constexpr By orders[] = {newest, {"changed", By::Key::moment, "infinity", highest_id}, {"due", By::Key::moment, "-infinity", 0}, {"name", By::Key::text, "", 0}};
using Ask = Query (*)(const Filter&, const Page&);
constexpr Ask rows[] = {projects<Joined<matching, project_words, some, no_key, chosen, after_newest, by_newest, as_json, by_newest>::sql>,
                        projects<Joined<matching, project_words, some, changed_key, chosen, after_changed, by_changed, as_json, by_changed>::sql>,
                        projects<Joined<matching, project_words, some, due_key, chosen, after_due, by_due, as_json, by_due>::sql>,
                        projects<Joined<matching, project_words, some, name_key, chosen, after_name, by_name, as_json, by_name>::sql>};
constexpr Ask cells[] = {projects<Joined<matching, project_words, some, no_key, chosen, after_newest, by_newest, as_cells, by_newest>::sql>,
                         projects<Joined<matching, project_words, some, changed_key, chosen, after_changed, by_changed, as_cells, by_changed>::sql>,
                         projects<Joined<matching, project_words, some, due_key, chosen, after_due, by_due, as_cells, by_due>::sql>,
                         projects<Joined<matching, project_words, some, name_key, chosen, after_name, by_name, as_cells, by_name>::sql>};

constexpr Sql views = R"(
    select json_build_object('views', coalesce(json_agg(json_build_object('id', id, 'name', name, 'query', query) order by lower(name)), '[]'))
    from saved_views where user_id = me() and page = 'projects')";
constexpr Sql count_views = "select count(*) from saved_views where user_id = me() and page = 'projects' and lower(name) <> lower($1)";
constexpr Sql save_view = R"(
    insert into saved_views (user_id, page, name, query) values (me(), 'projects', $1, $2)
    on conflict (user_id, page, lower(name)) do update set name = excluded.name, query = excluded.query
    returning json_build_object('id', id, 'name', name, 'query', query))";
constexpr Sql drop_view = "delete from saved_views where id = $1 and user_id = me() returning id";

Filter filter_of(const Request& request) {
    Fields wrong;
    const auto word = [&](const char* name, std::initializer_list<std::string_view> words, const char* said) {
        std::string text = request.query_value(name);
        if (!text.empty() && std::ranges::find(words, text) == words.end()) wrong[name] = said;
        return text;
    };
    Filter filter{word("status", {"pending", "in-progress", "completed", "on-hold"}, "The status is pending, in-progress, completed or on-hold."),
                  word("payment", {"pending", "partially-paid", "paid"}, "The payment is pending, partially-paid or paid."), read_words(request), std::nullopt,
                  word("overdue", {"0", "1"}, "This is 1 or 0.") == "1"};
    if (const std::string service = request.query_value("serviceId"); !service.empty()) {
        Id id{};
        if (!detail::read_hole(service, id) || id.value > 2'147'483'647) wrong["serviceId"] = "This is the number of a service.";
        filter.service = id.value;
    }
    if (!wrong.empty()) throw unprocessable(std::move(wrong));
    return filter;
}

Reply list(Call& call) {
    const Filter filter = filter_of(call.request);
    const Page page = read_page(call.request, orders, 30);
    Writer out;
    write_page(out.object(), "projects", page, page_rows(call, page, rows[page.by](filter, page.plus_one())));
    return ok(out.end_object().take());
}

Reply csv(Call& call) {
    note_at_once(call, "exported", "projects");
    return list_file(call, "projects.csv",
                     {{"Project"}, {"Name"}, {"Service"}, {"Status", Cell::code}, {"Payment", Cell::code}, {"Price (PHP)"}, {"Client"}, {"E-mail"},
                      {"Phone"}, {"Promised for"}, {"Overdue", Cell::code}, {"Tasks"}, {"Tasks done"}, {"Started (UTC)"}},
                     read_page(call.request, orders, 30), [filter = filter_of(call.request)](const Page& page) { return cells[page.by](filter, page); });
}

Reply show_views(Call& call) { return ok(call.db().last(ask<views>())[0].one().text(0)); }

// A name that is there already takes the new query.
Reply keep_view(Call& call) {
    Form form{call.body()};
    const std::string name = form.text("name", {1, 60}, "The name"), query = form.text("query", {0, 1000}, "The query");
    if (query.find_first_of("\r\n\t") != query.npos) form.wrong("query", "The query is what stands after ? in the address.");
    form.check();
    if (call.db().one<count_views>(name).integer(0) >= 30) throw conflict("You have 30 views. Remove one of them first.");
    return created(call.db().one<save_view>(name, query).str(0));
}

Reply forget_view(Call& call, Id view) {
    if (!call.db().maybe<drop_view>(view)) throw not_found("view");
    return no_content();
}

constexpr Route routes[] = {
    get<list>("/api/admin/projects", staff),
    get<csv>("/api/admin/projects/csv", staff),
    get<show_views>("/api/admin/projects/views", staff),
    post<keep_view>("/api/admin/projects/views", staff),
    remove<forget_view>("/api/admin/projects/views/{id}", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

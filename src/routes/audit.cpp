// audit: the log of what was done to accounts, rights, money and settings. Serves /api/admin/audit.
#include <algorithm>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;

// The words are looked for in the names and addresses of who did it and to whom, and a subject is named where it is a person.
constexpr std::string_view page_of = R"(
    with here as (select id from tenants where schema_name = $4),
    who as (
        select u.id from here h join user_tenant m on m.tenant_id = h.id join users u on u.id = m.user_id
        where $6 <> '' and strpos(lower(u.name || ' ' || u.email), lower($6)) > 0),
    page as (
        select l.* from here h join audit_log l on l.tenant_id = h.id
        where $1 = '' and ($5 = '' or l.action = $5)
          and ($6 = '' or l.actor_id in (select id from who) or l.subject in (select id from who))
          and ($7::text is null or l.at >= $7::date) and ($8::text is null or l.at < $8::date + 1) and l.number )",
    after_newest = "< $2 order by l.number desc limit $3)", after_oldest = "> $2 order by l.number limit $3)";
constexpr std::string_view as_json = R"(
    select '', f.number, json_build_object(
               'number', f.number, 'at', f.at, 'action', f.action, 'actorId', f.actor_id, 'actorName', a.name,
               'subject', f.subject, 'subjectName', s.name, 'ip', host(f.ip), 'data', f.data, 'hash', encode(f.hash, 'hex')) )";
constexpr std::string_view as_cells = R"(
    select '', f.number, f.number, to_char(f.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), f.action, coalesce(a.name, f.actor_id), a.email,
           coalesce(s.name, f.subject), host(f.ip), f.data, encode(f.hash, 'hex') )";
constexpr std::string_view named = "from page f left join users a on a.id = f.actor_id left join users s on s.id = f.subject ",
                           by_newest = "order by f.number desc", by_oldest = "order by f.number";

struct Filter {
    std::string tenant, action, words;
    std::optional<std::string> from, to;
};

template <const Sql& S>
Query entries(const Filter& f, const Page& p) { return ask<S>(p.key, p.id, p.limit, f.tenant, f.action, f.words, f.from, f.to); }
using Ask = Query (*)(const Filter&, const Page&);
constexpr By orders[] = {newest, oldest};
constexpr Ask rows[] = {entries<Joined<page_of, after_newest, as_json, named, by_newest>::sql>, entries<Joined<page_of, after_oldest, as_json, named, by_oldest>::sql>};
constexpr Ask cells[] = {entries<Joined<page_of, after_newest, as_cells, named, by_newest>::sql>, entries<Joined<page_of, after_oldest, as_cells, named, by_oldest>::sql>};

bool is_day(std::string_view text) {
    const auto digits = [&](std::size_t from, std::size_t count) { return std::ranges::all_of(text.substr(from, count), [](char c) { return c >= '0' && c <= '9'; }); };
    return text.size() == 10 && text[4] == '-' && text[7] == '-' && digits(0, 4) && digits(5, 2) && digits(8, 2);
}

Filter filter_of(Call& call) {
    Fields wrong;
    const Request& request = call.request;
    const auto day = [&](const char* name) -> std::optional<std::string> {
        std::string text = request.query_value(name);
        if (text.empty()) return std::nullopt;
        if (!is_day(text)) wrong[name] = "This is a day such as 2026-11-24.";
        return text;
    };
    Filter filter{call.tenant(), request.query_value("action"), read_words(request), day("from"), day("to")};
    Token plain;
    if (!filter.action.empty() && !core::detail::read_hole(filter.action, plain)) wrong["action"] = "This is a word such as role-changed.";
    if (!wrong.empty()) throw unprocessable(std::move(wrong));
    return filter;
}

Reply list(Call& call) {
    const Filter filter = filter_of(call);
    const Page page = read_page(call.request, orders, 50);
    Writer out;
    write_page(out.object(), "rows", page, page_rows(call, page, rows[page.by](filter, page.plus_one())));
    return ok(out.end_object().take());
}

Reply csv(Call& call) {
    const Page page = read_page(call.request, orders, 50);
    const Filter filter = filter_of(call);
    note_at_once(call, "exported", "audit log");
    return list_file(call, "audit-log.csv",
                     {{"Row"}, {"When (UTC)"}, {"What", Cell::code}, {"Who"}, {"E-mail"}, {"Whom or what", Cell::said}, {"Address"},
                      {"Details", Cell::facts}, {"Hash"}}, page,
                    [filter](const Page& now) { return cells[now.by](filter, now); });
}

constexpr Route routes[] = {
    get<list>("/api/admin/audit", admin).platform(),
    get<csv>("/api/admin/audit/csv", admin).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

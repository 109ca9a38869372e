// audit: the log of what was done to accounts, rights, money and settings. Serves /api/admin/audit.
#include <algorithm>
#include <charconv>

#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

// Newest first; `next` is what `before` has to be for the page that follows. The words are looked for in the names and
// addresses of who did it and to whom, and a subject is named where it is a person.
constexpr Sql audit_page = R"(
    with here as (select id from tenants where schema_name = $1),
    who as (
        select u.id from here h join user_tenant m on m.tenant_id = h.id join users u on u.id = m.user_id
        where $4 <> '' and strpos(lower(u.name || ' ' || u.email), lower($4)) > 0),
    found as (
        select l.* from here h join audit_log l on l.tenant_id = h.id
        where ($2::bigint is null or l.number < $2::bigint) and ($3 = '' or l.action = $3)
          and ($4 = '' or l.actor_id in (select id from who) or l.subject in (select id from who))
          and ($5::text is null or l.at >= $5::date) and ($6::text is null or l.at < $6::date + 1)
        order by l.number desc limit $7::integer + 1),
    page as (select *, row_number() over (order by number desc) as place from found)
    select json_build_object('rows', coalesce(json_agg(json_build_object(
               'number', f.number, 'at', f.at, 'action', f.action, 'actorId', f.actor_id, 'actorName', a.name,
               'subject', f.subject, 'subjectName', s.name, 'ip', host(f.ip), 'data', f.data, 'hash', encode(f.hash, 'hex')) order by f.number desc)
                   filter (where f.place <= $7::integer), '[]'),
           'next', min(f.number) filter (where f.place = $7::integer and (select count(*) from found) > $7::integer))
    from page f left join users a on a.id = f.actor_id left join users s on s.id = f.subject)";

constexpr int page_size = 50;

bool is_day(std::string_view text) {
    const auto digits = [&](std::size_t from, std::size_t count) { return std::ranges::all_of(text.substr(from, count), [](char c) { return c >= '0' && c <= '9'; }); };
    return text.size() == 10 && text[4] == '-' && text[7] == '-' && digits(0, 4) && digits(5, 2) && digits(8, 2);
}

Reply list(Call& call) {
    Fields wrong;
    const Request& request = call.request;
    const std::string action = request.query_value("action"), words = trimmed(request.query_value("q")), before = request.query_value("before");
    const auto day = [&](const char* name) -> std::optional<std::string> {
        std::string text = request.query_value(name);
        if (text.empty()) return std::nullopt;
        if (!is_day(text)) wrong[name] = "This is a day such as 2026-11-24.";
        return text;
    };
    const auto from = day("from"), to = day("to");
    std::optional<std::int64_t> number;
    if (!before.empty()) {
        std::int64_t value = 0;
        const auto [end, code] = std::from_chars(before.data(), before.data() + before.size(), value);
        if (code != std::errc{} || end != before.data() + before.size() || value < 1) wrong["before"] = "This is what `next` of the page before was.";
        number = value;
    }
    Token plain;
    if (!action.empty() && !detail::read_hole(action, plain)) wrong["action"] = "This is a word such as role-changed.";
    if (characters(words) > 200) wrong["q"] = "At most 200 characters are searched for.";
    if (!wrong.empty()) throw unprocessable(std::move(wrong));
    return ok(call.db().last(ask<audit_page>(call.tenant(), number, action, words, from, to, page_size))[0].one().text(0));
}

constexpr Route routes[] = {
    get<list>("/api/admin/audit", admin).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

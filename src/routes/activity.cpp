// activity: who did what on a project. Serves /api/projects/{id}/activity.
#include <algorithm>
#include <charconv>

#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

// `next` is what `before` has to be for the page that follows.
constexpr Sql activity_page = R"(
    with found as (
        select * from activity
        where project_id = $1 and ($2::bigint is null or id < $2::bigint) and (not internal or my_role() in ('admin', 'staff'))
        order by id desc limit $3::integer + 1),
    page as (select * from found order by id desc limit $3::integer),
    known as (select * from people(array(select distinct actor_id from page where actor_id is not null)))
    select json_build_object(
        'activity', coalesce((select json_agg(json_build_object(
            'id', a.id, 'kind', a.kind, 'data', a.data, 'internal', a.internal, 'at', a.created_at,
            'actor', case when a.actor_id is not null then
                json_build_object('name', k.name, 'role', coalesce(k.role, 'client'), 'me', a.actor_id = me()) end) order by a.id desc)
            from page a left join known k on k.id = a.actor_id), '[]'),
        'next', case when (select count(*) from found) > $3::integer then (select min(id) from page) end))";

std::optional<std::int64_t> number(const Request& request, const char* name, std::int64_t most) {
    const std::string text = request.query_value(name);
    if (text.empty()) return std::nullopt;
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc{} || end != text.data() + text.size() || value < 1 || value > most)
        throw unprocessable({{name, "This is a whole number from 1 to " + std::to_string(most) + "."}});
    return value;
}

Reply list(Call& call, Id project) {
    const auto before = number(call.request, "before", 9'007'199'254'740'991);
    const std::int64_t limit = number(call.request, "limit", 100).value_or(30);
    return ok(call.db().last(ask<activity_page>(project, before, limit))[0].one().text(0));
}

constexpr Route routes[] = {
    get<list>("/api/projects/{id}/activity", member),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// cms-versions: who changed what of the agency's content, and when. Serves /api/admin/cms/versions.
#include <algorithm>

#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

// Newest first; of one item, or of all. `next` is what `before` has to be for the page that follows.
constexpr Sql version_page = R"(
    with found as (
        select * from content_versions
        where ($1::text is null or (kind = $1::text and item_id = $2)) and ($3::bigint is null or id < $3::bigint)
        order by id desc limit 31),
    page as (select * from found order by id desc limit 30),
    known as (select * from people(array(select distinct actor_id from page where actor_id is not null)))
    select json_build_object('versions', coalesce((select json_agg(json_build_object(
            'id', v.id, 'kind', v.kind, 'item', v.item_id, 'version', v.version, 'action', v.action, 'restoredFrom', v.restored_from,
            'content', v.content, 'at', v.created_at, 'by', k.name,
            'before', (select b.content from content_versions b where b.kind = v.kind and b.item_id = v.item_id and b.version = v.version - 1))
            order by v.id desc) from page v left join known k on k.id = v.actor_id), '[]'),
        'next', case when (select count(*) from found) > 30 then (select min(id) from page) end))";

Reply list(Call& call) {
    const auto number = [&](const char* name) -> std::optional<std::int64_t> {
        const std::string text = call.request.query_value(name);
        Id id{0};
        if (text.empty() || text == "0") return std::nullopt;
        if (!core::detail::read_hole(text, id)) throw bad_request(std::string{name} + " must be a positive number.");
        return id.value;
    };
    const std::string kind = call.request.query_value("kind");
    constexpr std::string_view kinds[] = {"service", "question", "section", "services", "questions", "sections"};
    if (!kind.empty() && std::ranges::find(kinds, kind) == std::end(kinds))
        throw bad_request("kind is service, question, section, services, questions or sections.");
    return ok(call.db().last(ask<version_page>(kind.empty() ? std::nullopt : std::optional{kind}, number("item").value_or(0), number("before")))[0].one().text(0));
}

constexpr Route routes[] = {
    get<list>("/api/admin/cms/versions", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// cms-versions: who changed what of the agency's content, and when. Serves /api/admin/cms/versions.
#include <algorithm>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;

// Of one item ($4 kind, $5 item), or of all.
constexpr std::string_view page_of = R"(
    with page as (select * from content_versions where $1 = '' and ($4::text is null or (kind = $4::text and item_id = $5)) and id )",
    known = R"( limit $3),
    known as (select * from people(array(select distinct actor_id from page where actor_id is not null))))",
    after_newest = "< $2 order by id desc", after_oldest = "> $2 order by id", by_newest = " order by v.id desc", by_oldest = " order by v.id";
constexpr std::string_view as_json = R"(
    select '', v.id, json_build_object(
            'id', v.id, 'kind', v.kind, 'item', v.item_id, 'version', v.version, 'action', v.action, 'restoredFrom', v.restored_from,
            'content', v.content, 'at', v.created_at, 'by', k.name,
            'before', (select b.content from content_versions b where b.kind = v.kind and b.item_id = v.item_id and b.version = v.version - 1))
    from page v left join known k on k.id = v.actor_id)";
constexpr std::string_view as_cells = R"(
    select '', v.id, v.kind, v.item_id, v.version, v.action, v.restored_from, k.name, to_char(v.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), v.content
    from page v left join known k on k.id = v.actor_id)";

struct Item {
    std::optional<std::string> kind;
    std::int64_t number = 0;
};

template <const Sql& S>
Query versions(const Item& i, const Page& p) { return ask<S>(p.key, p.id, p.limit, i.kind, i.number); }
using Ask = Query (*)(const Item&, const Page&);
constexpr By orders[] = {newest, oldest};
constexpr Ask rows[] = {versions<Joined<page_of, after_newest, known, as_json, by_newest>::sql>, versions<Joined<page_of, after_oldest, known, as_json, by_oldest>::sql>};
constexpr Ask cells[] = {versions<Joined<page_of, after_newest, known, as_cells, by_newest>::sql>, versions<Joined<page_of, after_oldest, known, as_cells, by_oldest>::sql>};

Item item_of(const Request& request) {
    const std::string kind = request.query_value("kind"), item = request.query_value("item");
    constexpr std::string_view kinds[] = {"service", "question", "section", "services", "questions", "sections"};
    if (!kind.empty() && std::ranges::find(kinds, kind) == std::end(kinds))
        throw bad_request("kind is service, question, section, services, questions or sections.");
    Id id{0};
    if (!item.empty() && item != "0" && !core::detail::read_hole(item, id)) throw bad_request("item must be a positive number.");
    return {kind.empty() ? std::nullopt : std::optional{kind}, id.value};
}

Reply list(Call& call) {
    const Page page = read_page(call.request, orders, 30);
    Writer out;
    write_page(out.object(), "versions", page, page_rows(call, page, rows[page.by](item_of(call.request), page.plus_one())));
    return ok(out.end_object().take());
}

Reply csv(Call& call) {
    const Page page = read_page(call.request, orders, 30);
    const Item item = item_of(call.request);
    note_at_once(call, "exported", "content versions");
    return list_file(call, "content-versions.csv",
                     {{"Kind", Cell::code}, {"Item"}, {"Version"}, {"Action", Cell::code}, {"Restored from"}, {"Who"}, {"When (UTC)"},
                      {"Content", Cell::facts}}, page,
                    [item](const Page& now) { return cells[now.by](item, now); });
}

constexpr Route routes[] = {
    get<list>("/api/admin/cms/versions", staff),
    get<csv>("/api/admin/cms/versions/csv", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

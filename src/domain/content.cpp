// Content: holding an item against the version that its editor saw.
#include "domain/content.h"

#include <algorithm>
#include <vector>

#include "domain/account.h"
#include "domain/letter.h"
#include "domain/money.h"

namespace domain {
namespace {

using namespace core;

constexpr Sql hold_item = "select hold_content($1, $2)";
// A version in which no option had a price says nothing of prices.
constexpr Sql item_as_wanted = R"(
    select case when $3::integer is null then content_of($1, $2) || $4::jsonb
           else content_of($1, $2) - 'optionPrices' || (select content from content_versions where kind = $1 and item_id = $2 and version = $3::integer) end)";
constexpr Sql changed_since = R"(
    select n.key, case jsonb_typeof(n.value) when 'string' then n.value #>> '{}' when 'null' then 'nothing' else n.value::text end,
           coalesce((select p.name from people(array[v.actor_id]) p), 'Somebody')
    from content_versions v, jsonb_each(v.content) n
    where v.kind = $1 and v.item_id = $2 and v.version = $3
      and n.value is distinct from (select content -> n.key from content_versions where kind = $1 and item_id = $2 and version = $4)
    order by n.key)";
constexpr Sql range = "select lowest, highest from price_range($1)";
constexpr Sql note = "select note_version($1, $2, $3, $4)";

constexpr Sql audit_sql = R"(
    select audit('content-' || n.action, case when $2::bigint = 0 then $1 else $1 || ' ' || $2 end,
                 jsonb_build_object('version', n.version) || differences(coalesce(b.content, '{}'), n.content), $3::inet, $4, me())
    from content_versions n left join content_versions b on b.kind = n.kind and b.item_id = n.item_id and b.version = n.version - 1
    where n.kind = $1 and n.item_id = $2 and n.version = version_of($1, $2) and n.created_at = now() and n.action <> 'found')";

[[noreturn]] void changed_meanwhile(Call& call, std::string_view kind, std::int64_t item, std::int64_t now, std::int64_t seen) {
    const Result rows = call.db().list<changed_since>(kind, item, now, seen);
    std::string who = "Somebody";
    Fields fields;
    for (int i = 0; i < rows.size(); ++i) {
        who = rows[i].str(2);
        fields[rows[i].str(0)] = "Changed by " + who + " meanwhile. It is now: " + one_line(rows[i].text(1), 300);
    }
    throw conflict(who + " changed this while you were editing. Look at what is there now, then save again.", std::move(fields));
}

}  // namespace

Held hold_content(Call& call, std::string_view kind, std::int64_t item, const Json& body, const char* what) {
    Form form{body};
    const auto seen = form.id("version", true);
    const auto restore = form.id("restore", false);
    if (restore && *restore > 1'000'000'000) form.wrong("restore", "There is no such version.");
    form.check();
    // Two statements: the second sees what the first waited for.
    const auto [held, wanted] = call.db().all(ask<hold_item>(kind, item), ask<item_as_wanted>(kind, item, restore, body.dump()));
    const Row row = held.one();
    if (row.null(0)) throw not_found(what);
    if (row.integer(0) != *seen) changed_meanwhile(call, kind, item, row.integer(0), *seen);
    if (wanted.one().null(0)) throw unprocessable({{"restore", "There is no such version."}});
    return {Json::parse(wanted.one().text(0)), restore};
}

Query note_edit(std::string_view kind, std::int64_t item, const Held& held) {
    const bool order = kind.ends_with('s');
    return ask<note>(kind, item, held.restore ? "restored" : order ? "ordered" : "edited", held.restore);
}

Query note_version(std::string_view kind, std::int64_t item, const char* action) {
    return ask<note>(kind, item, action, std::optional<std::int64_t>{});
}

Query audit_edit(Call& call, std::string_view kind, std::int64_t item) {
    return ask<audit_sql>(kind, item, address_of(call.request.remote_address), call.tenant());
}

std::string new_order(const Json& wanted, const Json& now, bool restored) {
    std::vector<std::int64_t> left, order;
    for (std::size_t i = 0; i < now.size(); ++i) left.push_back(now[i].integer());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto place = std::ranges::find(left, wanted[i].integer());
        if (place == left.end() || !wanted[i].is(Json::Kind::integer))
            throw unprocessable({{"ids", "The order names something twice, or something that is not there. Reload the page."}});
        order.push_back(*place);
        left.erase(place);
    }
    if (!wanted.is(Json::Kind::array) || (!restored && !left.empty()))
        throw unprocessable({{"ids", "The order is the list of all ids. Reload the page: there are others now."}});
    order.insert(order.end(), left.begin(), left.end());
    std::string text = "{";
    for (const std::int64_t id : order) text += (text.size() > 1 ? "," : "") + std::to_string(id);
    return text + "}";
}

void check_prices(Call& call, std::int64_t service, const char* field) {
    constexpr std::int64_t most = 100'000'000;
    const auto row = call.db().maybe<range>(service);
    if (!row) return;
    const auto say = [](std::int64_t amount) { return pesos(amount * 100); };
    if (row->integer(0) < 1)
        throw unprocessable({{field, "With these answers the service could come to cost " + say(row->integer(0)) + ". The price and what options take off it must leave at least ₱1."}});
    if (row->integer(1) > most)
        throw unprocessable({{field, "With these answers the service could come to cost " + say(row->integer(1)) + ", and a project costs at most " + say(most) + "."}});
}

bool flag(Form& form, const char* field, const char* what) {
    const Json value = form.value(field);
    if (!value.is(Json::Kind::boolean)) form.wrong(field, std::string{what} + " is true or false.");
    return value.boolean();
}

}  // namespace domain

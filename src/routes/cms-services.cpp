// cms-services: what the agency sells, as its staff edit it. Serves /api/admin/cms/services.
#include <algorithm>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/content.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;
using namespace std::chrono_literals;

constexpr Sql active_service = R"(
    select json_build_object('id', id, 'name', name, 'description', description, 'basePrice', base_price,
                             'features', features, 'timeline', timeline, 'popular', popular)
    from service_types where id = $1 and is_active)";
constexpr Sql all_services = R"(
    select json_build_object('services', coalesce(json_agg(content_of('service', s.id) || jsonb_build_object(
               'id', s.id, 'version', version_of('service', s.id), 'updatedAt', s.updated_at,
               'questions', (select count(*) from questions q where q.service_id = s.id and q.is_active)) order by s.sort_order, s.id), '[]'),
           'version', version_of('services', 0))
    from (select * from service_types order by sort_order, id limit 500) s)";
constexpr Sql as_cells = R"(
    select s.sort_order::text, s.id, s.id, s.name, s.base_price, s.timeline, case when s.popular then 'yes' else 'no' end, case when s.is_active then 'yes' else 'no' end, s.description,
           (select string_agg(f, E'\n') from jsonb_array_elements_text(s.features) f), to_char(s.updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    from service_types s where (s.sort_order, s.id) > ($1::bigint, $2::bigint) order by s.sort_order, s.id limit $3)";
constexpr Sql one_service = R"(
    select content_of('service', s.id) || jsonb_build_object('id', s.id, 'version', version_of('service', s.id), 'updatedAt', s.updated_at)
    from service_types s where s.id = $1)";
constexpr Sql name_taken = "select 1 from service_types where lower(name) = lower($1) and id <> $2 and is_active";
constexpr Sql count_services = "select count(*) from service_types";
constexpr Sql add_service = R"(
    insert into service_types (name, description, base_price, features, timeline, popular, is_active, plan_template, sort_order)
    select $1, $2, $3, $4, $5, $6, $7, $8, coalesce(max(sort_order), 0) + 10 from service_types returning id)";
constexpr Sql change_service = R"(
    update service_types set name = $2, description = $3, base_price = $4, features = $5, timeline = $6, popular = $7, is_active = $8,
           plan_template = $9, updated_at = now() where id = $1)";
constexpr Sql order_services = R"(
    update service_types s set sort_order = 10 * o.place from unnest($1::integer[]) with ordinality o (id, place)
    where s.id = o.id and s.sort_order <> 10 * o.place)";
constexpr Sql order_now = "select content_of('services', 0) -> 'ids', version_of('services', 0)";

constexpr std::int64_t services_limit = 200;
constexpr std::size_t features_limit = 30;

struct Service {
    std::string name, description, timeline, features;
    std::int64_t price = 0;
    bool popular = false, active = true;
    std::optional<std::string> plan_template;
};

std::string features_of(Form& form) {
    const Json list = form.value("features");
    Writer out;
    out.array();
    if (!list.is(Json::Kind::array) || list.size() > features_limit)
        form.wrong("features", "The features are a list of at most " + std::to_string(features_limit) + ".");
    for (std::size_t i = 0; i < std::min(list.size(), features_limit); ++i) {
        const std::string feature = trimmed(list[i].text());
        if (!list[i].is(Json::Kind::string) || characters(feature) > 200) form.wrong("features", "A feature is a line of at most 200 characters.");
        if (!feature.empty()) out.value(feature);
    }
    return out.end_array().take();
}

Service service_of(const Json& json) {
    Form form{json};
    Service service;
    service.name = form.text("name", {2, 100}, "The name");
    service.description = form.text("description", {0, 1'000}, "The description");
    service.timeline = form.text("timeline", {0, 60}, "The timeline");
    service.features = features_of(form);
    service.price = form.id("basePrice", true).value_or(1);
    if (service.price > 20'000'000) form.wrong("basePrice", "The price is at most ₱20,000,000.");
    service.popular = flag(form, "popular", "Popular");
    service.active = flag(form, "active", "Active");
    constexpr std::string_view templates[] = {"landing-page", "business-website", "e-commerce", "web-application"};
    if (const std::string name = form.text("planTemplate", {0, 40}, "The plan template"); !name.empty()) service.plan_template = name;
    if (service.plan_template && std::ranges::find(templates, *service.plan_template) == std::end(templates))
        form.wrong("planTemplate", "The plan template is landing-page, business-website, e-commerce, web-application, or nothing.");
    form.check();
    return service;
}

void check_name(Call& call, const Service& service, std::int64_t id) {
    if (service.active && call.db().list<name_taken>(service.name, id).size() > 0)
        throw unprocessable({{"name", "Another service that is on offer has this name. Choose another, or retire that one."}});
}

Reply shown(Call& call, Id service, int status = 200) {
    Reply reply = ok(call.db().one<one_service>(service).str(0));
    reply.status = status;
    return reply;
}

Reply list(Call& call) { return ok(call.db().last(ask<all_services>())[0].one().text(0)); }

Reply one(Call& call, Id service) {
    const auto row = call.db().last(ask<active_service>(service))[0].maybe();
    if (!row) throw not_found("service");
    return ok(row->text(0)).cache(1s);
}

Reply add(Call& call) {
    const Service s = service_of(call.body());
    if (call.db().one<count_services>().integer(0) >= services_limit)
        throw conflict("There are " + std::to_string(services_limit) + " services, which is as many as there may be. Bring back a retired one and change it.");
    check_name(call, s, 0);
    const Id id{call.db().one<add_service>(s.name, s.description, s.price, s.features, s.timeline, s.popular, s.active, s.plan_template).integer(0)};
    call.db().all(note_version("service", id.value, "created"), note_version("services", 0, "ordered"), audit_edit(call, "service", id.value));
    return shown(call, id, 201);
}

Reply change(Call& call, Id service) {
    const Held held = hold_content(call, "service", service.value, call.body(), "service");
    const Service s = service_of(held.wanted);
    check_name(call, s, service.value);
    call.db().all(ask<change_service>(service, s.name, s.description, s.price, s.features, s.timeline, s.popular, s.active, s.plan_template),
                  note_edit("service", service.value, held), audit_edit(call, "service", service.value));
    check_prices(call, service.value, "basePrice");
    return shown(call, service);
}

Reply reorder(Call& call) {
    const Held held = hold_content(call, "services", 0, call.body(), "order");
    const Json now = Json::parse(call.db().one<order_now>().text(0));
    call.db().all(ask<order_services>(new_order(held.wanted["ids"], now, held.restore.has_value())), note_edit("services", 0, held), audit_edit(call, "services", 0));
    const Row after = call.db().one<order_now>();
    return ok(Writer{}.object().member_raw("ids", after.text(0)).member("version", after.integer(1)).end_object().take());
}

Reply csv(Call& call) {
    note_at_once(call, "exported", "services");
    constexpr By price_list[] = {{"order", By::Key::number, "-2147483649", 0}};
    return list_file(call, "services.csv",
                     {{"Service"}, {"Name"}, {"Price (PHP)"}, {"Timeline"}, {"Popular", Cell::code}, {"On the site", Cell::code}, {"Description"},
                      {"Features"}, {"Changed (UTC)"}},
                     read_page(call.request, price_list, 30), [](const Page& page) { return ask<as_cells>(page.key, page.id, page.limit); });
}

constexpr Route routes[] = {
    get<list>("/api/admin/cms/services", staff),
    get<csv>("/api/admin/cms/services/csv", staff),
    post<add>("/api/admin/cms/services", staff),
    post<reorder>("/api/admin/cms/services/order", staff),
    get<one>("/api/admin/cms/services/{id}", anyone),
    patch<change>("/api/admin/cms/services/{id}", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

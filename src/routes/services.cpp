// services: what the agency sells. Serves /api/services.
#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;
using namespace std::chrono_literals;

constexpr Sql active_services = R"(
    select json_build_object('services', coalesce(json_agg(json_build_object(
        'id', id, 'name', name, 'description', description, 'basePrice', base_price, 'features', features,
        'timeline', timeline, 'popular', popular) order by sort_order, id), '[]'))
    from (select * from service_types where is_active order by sort_order, id limit 100) s)";
constexpr Sql active_service = R"(
    select json_build_object('id', id, 'name', name, 'description', description, 'basePrice', base_price,
                             'features', features, 'timeline', timeline, 'popular', popular)
    from service_types where id = $1 and is_active)";

Reply list(Call& call) { return ok(call.db().last(ask<active_services>())[0].one().text(0)).cache(1s); }

Reply one(Call& call, Id service) {
    const auto row = call.db().last(ask<active_service>(service))[0].maybe();
    if (!row) throw not_found("service");
    return ok(row->text(0)).cache(1s);
}

constexpr Route routes[] = {
    get<list>("/api/services", anyone),
    get<one>("/api/services/{id}", anyone),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

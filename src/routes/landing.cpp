// landing: the sections of the landing page. Serves /api/landing.
#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;
using namespace std::chrono_literals;

constexpr Sql active_sections = R"(
    select json_build_object('sections', coalesce(json_agg(json_build_object(
        'key', key, 'title', title, 'content', content) order by sort_order, id), '[]'))
    from (select * from landing_page_content where is_active order by sort_order, id limit 50) s)";

Reply list(Call& call) { return ok(call.db().last(ask<active_sections>())[0].one().text(0)).cache(1s); }

constexpr Route routes[] = {
    get<list>("/api/landing", anyone),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

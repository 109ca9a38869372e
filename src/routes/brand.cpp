// brand: the agency's colours and name as a style sheet that every page loads, and its logo. Serves /brand.
#include "core/app.h"
#include "domain/access.h"
#include "domain/theme.h"

using namespace core;
using namespace domain;
using namespace std::chrono_literals;

constexpr Sql look_sql = R"(
    select a.name, s.accent, s.currency_display, case when s.logo is not null then '/brand/logo?v=' || left(encode(sha256(s.logo), 'hex'), 16) end,
           coalesce(s.logo_width, 0), coalesce(s.logo_height, 0), s.language, array_to_string(s.languages, ' ')
    from agency() a, settings s)";
constexpr Sql logo_sql = "select logo, logo_type from settings where logo is not null";

// A second in nginx, a second in the browser: what was changed shows within two.
Reply theme(Call& call) {
    const Row row = call.db().last(ask<look_sql>())[0].one();
    Reply reply = ok(style_sheet({row.str(0), row.str(1), row.str(2), row.null(3) ? "" : row.str(3), static_cast<int>(row.integer(4)), static_cast<int>(row.integer(5)), row.str(6), row.str(7)}));
    reply.content_type = "text/css";
    return std::move(reply).cache(1s);
}

// Its address has its digest, so that another picture has another address.
Reply logo(Call& call) {
    const auto row = call.db().last(ask<logo_sql>())[0].maybe();
    if (!row) throw not_found("picture");
    Reply reply;
    reply.body = row->bytes(0);
    reply.content_type = row->str(1);
    return std::move(reply).cache(call.request.query_value("v").empty() ? 1s : std::chrono::seconds{24h});
}

constexpr Route routes[] = {
    get<theme>("/brand/theme.css", anyone),
    get<logo>("/brand/logo", anyone),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

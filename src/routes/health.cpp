// health: whether this installation can serve. Serves /health.
#include <algorithm>

#include "core/app.h"

using namespace core;

// The programs are made for the newest migration that their build knew (Makefile: SCHEMA_VERSION).
constexpr Sql readiness = R"(
    select to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
           exists (select from schema_history where name = $1 and finished_at is not null and rolled_back_at is null))";

Error behind() { return unavailable("the schema is behind: scripts/migrate deploy has not run " SCHEMA_VERSION, std::chrono::seconds{10}); }

Reply health(Call& call) {
    try {
        const Row row = call.db().last(ask<readiness>(SCHEMA_VERSION))[0].one();
        if (!row.truth(1)) throw behind();
        return ok(Writer{}.object().member("status", "ok").member("timestamp", row.text(0)).end_object().take());
    } catch (const SqlError& error) {
        constexpr std::string_view not_begun[] = {"42P01", "42501"};  // no history, or none that was given to us: migrate init and deploy do that
        if (std::ranges::find(not_begun, error.sqlstate) == std::end(not_begun)) throw;
        throw behind();
    }
}

constexpr Access open_to_all{"anyone", nullptr, nullptr, nullptr};  // of no tenant, and no session is looked for

constexpr Route routes[] = {
    get<health>("/health", open_to_all),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

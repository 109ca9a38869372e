// The audit log's rows, written by public.audit().
#include "domain/audit.h"

#include "core/error.h"
#include "domain/access.h"
#include "domain/account.h"
#include "domain/list_file.h"

namespace domain {
namespace {

using core::ask;
using core::Sql;

constexpr Sql note_sql = "select audit($1, nullif($2, ''), $3::jsonb, $4::inet, $5, coalesce($6, me()))";

constexpr Sql note_change_sql = R"(
    select audit($1, $2, differences($3::jsonb, $4::jsonb), $5::inet, $6, me()) where differences($3::jsonb, $4::jsonb) <> '{}')";
constexpr Sql note_there_sql = "select audit($2, $3, $4::jsonb, $5::inet, schema_name, me()) from tenants where id = $1";
constexpr Sql note_change_there_sql = R"(
    select audit($2, $3, differences($4::jsonb, $5::jsonb), $6::inet, schema_name, me()) from tenants where id = $1 and differences($4::jsonb, $5::jsonb) <> '{}')";
constexpr Sql project_there = "select 1 from projects where id = $1";

core::Query row(core::Call& call, std::string_view action, std::string_view subject, const std::string& data, const std::optional<std::string>& actor) {
    return ask<note_sql>(action, subject, data, address_of(call.request.remote_address), call.tenant(), actor);
}

}  // namespace

core::Query audit(core::Call& call, std::string_view action, std::string_view subject, const std::string& data, const std::optional<std::string>& actor) {
    return row(call, action, subject, data, actor);
}

core::Query audit_change(core::Call& call, std::string_view action, std::string_view subject, std::string_view before, std::string_view after) {
    return ask<note_change_sql>(action, subject, before, after, address_of(call.request.remote_address), call.tenant());
}

core::Query audit_at(core::Call& call, core::Id tenant, std::string_view action, std::string_view subject, const std::string& data) {
    return ask<note_there_sql>(tenant, action, subject, data, address_of(call.request.remote_address));
}

core::Query audit_change_at(core::Call& call, core::Id tenant, std::string_view action, std::string_view subject, std::string_view before, std::string_view after) {
    return ask<note_change_there_sql>(tenant, action, subject, before, after, address_of(call.request.remote_address));
}

void note_by_staff(core::Call& call, std::string_view action, std::string_view subject, const std::string& data) {
    if (const auto who = signed_in(call); who && who->works_here()) call.db().run(audit(call, action, subject, data));
}

void note_at_once(core::Call& call, std::string_view action, std::string_view subject, const std::string& data, const std::optional<std::string>& actor) {
    if (action == "exported") check_language(call.request);  // what list_file() would refuse is not noted
    std::optional<std::string> who = actor;
    if (!who && call.route.access->entry) {
        if (const auto somebody = signed_in(call)) who = somebody->id;
    }
    call.commit();
    core::Transaction own{call.desk().db, ""};
    own.run(row(call, action, subject, data, who));
    own.commit();
}

void note_export(core::Call& call, std::string_view list, core::Id project) {
    if (!call.db().maybe<project_there>(project)) throw core::not_found("project");
    note_at_once(call, "exported", std::string{list} + " of project " + std::to_string(project.value));
}

}  // namespace domain

// Access rules and the signed-in person, by the functions of the public schema (enter, me, my_role, deny).
#include "domain/access.h"

#include "core/crypto.h"

namespace domain {
namespace {

using core::ask;
using core::Call;
using core::Query;
using core::Sql;

// Of a tenant that is suspended the name is empty: its hosts are not the default tenant's meanwhile.
constexpr Sql tenant_by_host = R"(
    select case when status = 'active' then schema_name else '' end from tenants
    where case when $2 <> '' then slug = $2 else $1 = any(hosts) or is_default end
    order by $1 = any(hosts) desc limit 1)";
constexpr Sql enter_session = "select user_id, name, email, email_verified, role, session_id from enter($1, $2)";
// For what is the caller's own in public, which is there for them whatever they may do to the agency's.
constexpr Sql enter_own_session = "select user_id, name, email, email_verified, role, session_id, confined from enter_own($1, $2)";
constexpr Sql need_user = "select 1 where case when me() is null then deny(401, 'Sign in first.') else true end";
constexpr Sql need_member = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when exists (select from projects where id = $1 and (user_id = me() or my_role() in ('admin', 'staff') or contact_role(id) is not null)) then true
        else deny(404, 'There is no such project.') end)";
constexpr Sql need_staff = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when my_role() in ('admin', 'staff', 'viewer') then true
        when my_role() = 'confined' then deny(403, 'Set up a second factor on your account page first.')
        else deny(403, 'This is for the agency''s staff.') end)";
// A viewer's transaction is read-only (enter()): said before PostgreSQL refuses the first change.
constexpr Sql need_member_to_change = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when not exists (select from projects where id = $1 and (user_id = me() or my_role() in ('admin', 'staff') or contact_role(id) in ('work', $2))) then
            case when contact_role($1) is not null then deny(403, 'You may look at this project, and change nothing in it. Its owner or the agency can let you do more.')
                 else deny(404, 'There is no such project.') end
        when current_setting('transaction_read_only') = 'on' then deny(403, 'You may look at everything here, and change nothing.')
        else true end)";
constexpr Sql need_project_owner = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when not exists (select from projects where id = $1 and (user_id = me() or my_role() in ('admin', 'staff'))) then
            case when contact_role($1) is not null then deny(403, 'This is for the owner of the project, and for the agency.')
                 else deny(404, 'There is no such project.') end
        when current_setting('transaction_read_only') = 'on' then deny(403, 'You may look at everything here, and change nothing.')
        else true end)";
constexpr Sql need_staff_to_change = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when my_role() not in ('admin', 'staff', 'viewer', 'confined') then deny(403, 'This is for the agency''s staff.')
        when my_role() = 'confined' then deny(403, 'Set up a second factor on your account page first.')
        when my_role() = 'viewer' or current_setting('transaction_read_only') = 'on' then deny(403, 'You may look at everything here, and change nothing.')
        else true end)";
constexpr Sql need_user_to_change = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when current_setting('transaction_read_only') = 'on' then deny(403, 'You may look at everything here, and change nothing.')
        else true end)";
constexpr Sql need_admin = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when my_role() = 'admin' then true
        when my_role() = 'confined' then deny(403, 'Set up a second factor on your account page first.')
        else deny(403, 'This is for the agency''s administrators.') end)";
constexpr Sql need_platform = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when my_role() = 'confined' then deny(403, 'Set up a second factor on your account page first.')
        when is_platform_owner() then true
        else deny(403, 'This is for the owner of this installation.') end)";

bool changes(const Call& call) { return call.route.method != core::Method::get; }

std::optional<Query> check_user(const Call& call) { return changes(call) ? ask<need_user_to_change>() : ask<need_user>(); }
std::optional<Query> check_member(const Call& call) { return changes(call) ? ask<need_member_to_change>(call.hole(0), "work") : ask<need_member>(call.hole(0)); }
std::optional<Query> check_onlooker(const Call& call) { return changes(call) ? ask<need_member_to_change>(call.hole(0), "view") : ask<need_member>(call.hole(0)); }
std::optional<Query> check_project_owner(const Call& call) { return ask<need_project_owner>(call.hole(0)); }
std::optional<Query> check_staff(const Call& call) { return changes(call) ? ask<need_staff_to_change>() : ask<need_staff>(); }
std::optional<Query> check_admin(const Call&) { return ask<need_admin>(); }
std::optional<Query> check_platform(const Call&) { return ask<need_platform>(); }

}  // namespace

Query find_tenant(const Call& call) { return ask<tenant_by_host>(call.request.host, call.config.tenant); }

std::string session_hash(const Call& call) {
    const std::string_view token = call.request.cookie_value(session_cookie(call));
    return token.empty() || token.size() > 128 ? std::string{} : core::sha256(token);
}

std::optional<Query> find_session(const Call& call) {
    const std::string hash = session_hash(call);
    if (hash.empty()) return std::nullopt;
    if (call.route.platform_) return own_session(hash, call.tenant_name());
    return ask<enter_session>(core::Bytes{hash}, call.tenant_name());
}

const core::Access anyone{"anyone", find_tenant, nullptr, nullptr};
const core::Access visitor{"anyone", find_tenant, find_session, nullptr};
const core::Access user{"user", find_tenant, find_session, check_user};
const core::Access member{"member", find_tenant, find_session, check_member};
const core::Access onlooker{"onlooker", find_tenant, find_session, check_onlooker};
const core::Access project_owner{"project-owner", find_tenant, find_session, check_project_owner};
const core::Access staff{"staff", find_tenant, find_session, check_staff};
const core::Access admin{"admin", find_tenant, find_session, check_admin};
const core::Access platform_owner{"platform-owner", find_tenant, find_session, check_platform};

Query own_session(const std::string& token_hash, const std::string& tenant) { return ask<enter_own_session>(core::Bytes{token_hash}, tenant); }

// The seventh column is enter_own()'s alone: enter() lets nobody in who is confined.
Person person_in(const core::Row& row, bool own_session) {
    return {row.str(0), row.str(1), row.str(2), row.truth(3), row.str(4), row.integer(5), own_session && row.truth(6)};
}

std::optional<Person> signed_in(Call& call) {
    const auto row = call.entered();
    if (!row) return std::nullopt;
    return person_in(*row, call.route.platform_);
}

Person person(Call& call) {
    auto somebody = signed_in(call);
    if (!somebody) throw core::unauthorized();
    return *std::move(somebody);
}

const char* session_cookie(const Call& call) { return call.secure() ? "__Host-session" : "session"; }

}  // namespace domain

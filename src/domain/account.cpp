// Accounts in public.users; attempts in public.auth_attempts, which holds hashes of addresses and names nobody.
#include "domain/account.h"

#include <arpa/inet.h>

#include <algorithm>

#include "core/crypto.h"
#include "domain/wording.h"

namespace domain {
namespace {

using core::ask;
using core::Sql;

constexpr Sql one_at_a_time = "select pg_advisory_xact_lock(hashtextextended('attempts ' || lower($1), 0))";
// The n-th newest attempt in the window is the one that has to grow old before the next may come.
constexpr Sql count_attempt = R"(
    with full_until as (
        select max(at) + $6::integer * interval '1 second' as moment from (
            (select at from auth_attempts
             where account = encode(sha256(convert_to(lower($1), 'UTF8')), 'hex') and kind = $3 and not succeeded
               and at > now() - $6::integer * interval '1 second'
             order by at desc offset $4::integer - 1 limit 1)
            union all
            (select at from auth_attempts
             where ip = $2::inet and kind = $3 and not succeeded and at > now() - $6::integer * interval '1 second'
             order by at desc offset $5::integer - 1 limit 1)) oldest),
    counted as (
        insert into auth_attempts (account, ip, kind)
        select encode(sha256(convert_to(lower($1), 'UTF8')), 'hex'), $2::inet, $3 from full_until where moment is null)
    select greatest(1, ceil(extract(epoch from moment - now())))::integer from full_until where moment is not null)";
constexpr Sql drop_old_attempts = R"(
    delete from auth_attempts where id in (
        select id from auth_attempts where at < now() - interval '1 day' order by at limit 100 for update skip locked))";
constexpr Sql forget_failures =
    "delete from auth_attempts where account = encode(sha256(convert_to(lower($1), 'UTF8')), 'hex') and kind = $2";
constexpr Sql account_by_email = R"(
    select id, email, coalesce(password, ''), disabled_at is not null from users where lower(email) = lower($1))";
constexpr Sql insert_account = R"(
    insert into users (name, email, password, language) values ($1, $2, $3, nullif($4, '')) on conflict (lower(email)) do nothing returning id)";
constexpr Sql insert_membership = R"(
    insert into user_tenant (user_id, tenant_id) select $1, id from tenants where schema_name = $2 on conflict do nothing)";
constexpr Sql insert_role = R"(
    insert into user_roles (user_id, tenant_id, role_id)
    select $1, t.id, r.id from tenants t join roles r on r.name = 'client'
    where t.schema_name = $2 and not exists (select from user_roles where user_id = $1 and tenant_id = t.id)
    on conflict do nothing)";

std::string wait_text(std::chrono::seconds wait) {
    if (wait < std::chrono::seconds{90}) return std::to_string(wait.count()) + (wait.count() == 1 ? " second" : " seconds");
    return std::to_string(std::chrono::ceil<std::chrono::minutes>(wait).count()) + " minutes";
}

std::optional<std::string> printed(int family, const void* address) {
    char text[INET6_ADDRSTRLEN];
    if (!inet_ntop(family, address, text, sizeof text)) return std::nullopt;
    return text;
}

std::optional<std::string> parsed(std::string_view remote, bool network) {
    const std::string text{remote};
    in_addr four{};
    if (inet_pton(AF_INET, text.c_str(), &four) == 1) return printed(AF_INET, &four);
    in6_addr six{};
    if (inet_pton(AF_INET6, text.c_str(), &six) != 1) return std::nullopt;
    if (IN6_IS_ADDR_V4MAPPED(&six)) return printed(AF_INET, six.s6_addr + 12);
    if (network) std::fill(six.s6_addr + 8, six.s6_addr + 16, std::uint8_t{0});
    auto canonical = printed(AF_INET6, &six);
    if (network && canonical) *canonical += "/64";
    return canonical;
}

}  // namespace

std::optional<std::string> address_of(std::string_view remote) { return parsed(remote, false); }
std::optional<std::string> network_of(std::string_view remote) { return parsed(remote, true); }

std::chrono::seconds attempt(core::Call& call, const Limit& limit, const std::string& email) {
    const auto network = network_of(call.request.remote_address);
    const std::int64_t window = std::chrono::seconds{limit.window}.count();
    // First the account, then the network, always: two callers cannot wait for each other.
    const auto results = call.db().all(
        ask<one_at_a_time>(email), ask<one_at_a_time>(network.value_or("")),
        ask<count_attempt>(email, network, limit.kind, limit.per_account, limit.per_network, window), ask<drop_old_attempts>());
    const auto full = results[2].maybe();
    return std::chrono::seconds{full ? full->integer(0) : 0};
}

void require_attempt(core::Call& call, const Limit& limit, const std::string& email) {
    const auto wait = attempt(call, limit, email);
    if (wait.count() > 0) throw core::too_many("There were too many attempts. Please wait " + wait_text(wait) + " and try again.", wait);
}

void succeeded(core::Call& call, const std::string& email, const Limit& limit) {
    call.db().all(ask<one_at_a_time>(email), ask<forget_failures>(email, limit.kind));
}

std::optional<Account> find_account(core::Call& call, const std::string& email) {
    const auto row = call.db().maybe<account_by_email>(email);
    if (!row) return std::nullopt;
    return Account{row->str(0), row->str(1), row->str(2), row->truth(3)};
}

std::optional<std::string> create_account(core::Call& call, const std::string& name, const std::string& email,
                                          const std::string& hash) {
    const auto row = call.db().maybe<insert_account>(name, email, hash, language_of(call.request));
    return row ? std::optional{row->str(0)} : std::nullopt;
}

void join_tenant(core::Call& call, const std::string& user_id) {
    const std::string& tenant = call.tenant();
    call.db().all(ask<insert_membership>(user_id, tenant), ask<insert_role>(user_id, tenant));
}

bool opens(const std::optional<Account>& account, const std::string& password) {
    // A hash of another kind is refused in no time at all, which would tell that there is an account.
    if (account && !account->disabled && account->password.starts_with("$argon2id$"))
        return core::verify_password(account->password, password);
    core::verify_nothing(password);
    return false;
}

std::string read_password(core::Form& form, core::Length length) {
    const core::Json value = form.value("password");
    std::string password{value.text()};
    const std::size_t size = core::characters(password);
    if (size == 0) form.wrong("password", "The password is needed.");
    else if (size < length.min) form.wrong("password", "The password needs at least " + std::to_string(length.min) + " characters.");
    else if (size > length.max) form.wrong("password", "The password may have at most " + std::to_string(length.max) + " characters.");
    return password;
}

}  // namespace domain

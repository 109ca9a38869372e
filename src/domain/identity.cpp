// Identity: rows of public.identities and public.sign_in_flows.
#include "domain/identity.h"

#include <algorithm>

#include "core/crypto.h"
#include "core/form.h"
#include "domain/account.h"
#include "domain/letter.h"
#include "domain/mails.h"
#include "domain/wording.h"

namespace domain {
namespace {

using core::ask;
using core::Bytes;
using core::Sql;

constexpr Sql insert_flow = R"(
    insert into sign_in_flows (state_hash, browser_hash, tenant_id, nonce, verifier, redirect_uri, return_to, lead_token)
    select $1, $2, id, $4, $5, $6, $7, $8 from tenants where schema_name = $3)";
constexpr Sql drop_old_flows = R"(
    delete from sign_in_flows where state_hash in (
        select state_hash from sign_in_flows where expires_at < now() order by expires_at limit 100 for update skip locked))";
constexpr Sql use_flow = R"(
    delete from sign_in_flows f using tenants t where t.schema_name = $3 and f.state_hash = $1
    returning f.nonce, f.verifier, f.redirect_uri, f.return_to, f.lead_token,
              f.expires_at > now() and f.browser_hash = $2 and f.tenant_id = t.id)";

constexpr Sql by_subject = R"(
    update identities i set last_used_at = now() from users u
    where i.provider = 'google' and i.subject = $1 and u.id = i.user_id returning u.id, u.disabled_at is not null)";
constexpr Sql by_address = "select id, disabled_at is not null, email_verified is null from users where lower(email) = lower($1) for update";
constexpr Sql insert_user = R"(
    insert into users (name, email, email_verified, language) values ($1, $2, now(), nullif($3, '')) on conflict (lower(email)) do nothing returning id)";
constexpr Sql insert_identity = R"(
    insert into identities (provider, subject, user_id, email) values ('google', $1, $2, $3)
        on conflict (provider, subject) do nothing)";
constexpr Sql make_theirs = "update users set password = null, email_verified = now(), updated_at = now() where id = $1";
constexpr Sql end_sessions = "delete from sessions where user_id = $1";
constexpr Sql end_links = "delete from email_tokens where user_id = $1 and used_at is null";

// A name as sign-up takes it; else the part of the address before the @.
std::string fitting_name(const std::string& name, const std::string& email) {
    std::string line = core::trimmed(one_line(name, 99));
    return line.empty() ? one_line(email.substr(0, email.find('@')), 99) : line;
}

}  // namespace

std::string begin_flow(core::Call& call, const Flow& flow, const std::string& browser) {
    const std::string state = core::random_token();
    const std::string state_hash = core::sha256(state), browser_hash = core::sha256(browser);
    call.db().all(ask<insert_flow>(Bytes{state_hash}, Bytes{browser_hash}, call.tenant(), flow.nonce, flow.verifier, flow.redirect_uri,
                                   flow.return_to, flow.lead_token),
                  ask<drop_old_flows>());
    return state;
}

std::optional<TakenFlow> take_flow(core::Call& call, const std::string& state, const std::string& browser) {
    const std::string state_hash = core::sha256(state), browser_hash = core::sha256(browser);
    const auto row = call.db().maybe<use_flow>(Bytes{state_hash}, Bytes{browser_hash}, call.tenant());
    if (!row) return std::nullopt;
    TakenFlow flow;
    flow.nonce = row->text(0);
    flow.verifier = row->text(1);
    flow.redirect_uri = row->text(2);
    flow.return_to = row->text(3);
    if (!row->null(4)) flow.lead_token = row->str(4);
    flow.ours = row->truth(5);
    return flow;
}

Identified identify(core::Call& call, const std::string& subject, const std::string& email, bool verified, const std::string& name) {
    using Outcome = Identified::Outcome;
    if (const auto known = call.db().maybe<by_subject>(subject))
        return {known->truth(1) ? Outcome::disabled : Outcome::right, known->str(0)};
    if (!verified || !core::is_email(email)) return {Outcome::unverified, {}};
    succeeded(call, email);  // one after the other with other sign-ins of this address
    bool greet = true;
    std::string user_id;
    if (const auto made = call.db().maybe<insert_user>(fitting_name(name, email), email, language_of(call.request))) {
        user_id = made->text(0);
    } else {
        const core::Row account = call.db().one<by_address>(email);
        if (account.truth(1)) return {Outcome::disabled, {}};
        user_id = account.text(0);
        greet = account.truth(2);
        if (greet) call.db().all(ask<make_theirs>(user_id), ask<end_sessions>(user_id), ask<end_links>(user_id));
    }
    call.db().change<insert_identity>(subject, user_id, email);
    if (greet) post_welcome(call, user_id);
    return {Outcome::right, user_id};
}

std::string local_path(const std::string& path, const char* fallback) {
    const bool plain = std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7F && c != '\\' && c != '"' && c != '<' && c != '>'; });
    return plain && path.starts_with('/') && !path.starts_with("//") && path.size() <= 500 ? path : fallback;
}

}  // namespace domain

// Rows of public.second_factors, recovery_codes and second_steps. A secret is sealed under SECRET_KEY with its owner's id.
#include "domain/second_factor.h"

#include <algorithm>
#include <chrono>

#include "core/crypto.h"
#include "core/totp.h"
#include "domain/audit.h"

namespace domain {
namespace {

using core::ask;
using core::Bytes;
using core::Sql;

constexpr Sql what_follows = R"(
    select exists (select from second_factors where user_id = $1 and confirmed_at is not null),
           exists (select from user_tenant m join tenants t on t.id = m.tenant_id where m.user_id = $1 and t.schema_name = $2 and m.disabled_at is not null))";
constexpr Sql insert_step = R"(
    insert into second_steps (token_hash, user_id, tenant_id, password_sum, lead_token)
    select $1, $2, id, sha256(convert_to($4::text, 'UTF8')), $5 from tenants where schema_name = $3)";
constexpr Sql drop_old_steps = R"(
    delete from second_steps where token_hash in (
        select token_hash from second_steps where expires_at < now() order by expires_at limit 100 for update skip locked))";
constexpr Sql whose_step = R"(
    select u.id, u.email from second_steps s join tenants t on t.id = s.tenant_id and t.schema_name = $2 join users u on u.id = s.user_id
    where s.token_hash = $1 and s.expires_at > now())";
constexpr Sql use_step = R"(
    delete from second_steps s using users u
    where s.token_hash = $1 and s.expires_at > now() and u.id = s.user_id and u.disabled_at is null
      and (s.password_sum is null or s.password_sum = sha256(convert_to(coalesce(u.password, ''), 'UTF8')))
    returning s.password_sum is not null, u.password, s.lead_token)";

constexpr Sql offer = R"(
    insert into second_factors as f (user_id, secret) values ($1, $2)
        on conflict (user_id) do update set secret = excluded.secret, last_step = 0, created_at = now() where f.confirmed_at is null returning 1)";
constexpr Sql secret_of = "select secret from second_factors where user_id = $1 and (confirmed_at is not null) = $2 for update";
constexpr Sql use_code = "update second_factors set last_step = $2 where user_id = $1 and last_step < $2";
constexpr Sql confirm = "update second_factors set confirmed_at = now() where user_id = $1 and confirmed_at is null";
constexpr Sql drop_codes = "delete from recovery_codes where user_id = $1";
constexpr Sql insert_code = "insert into recovery_codes (user_id, code_hash) values ($1, $2)";
constexpr Sql use_recovery = "update recovery_codes set used_at = now() where user_id = $1 and code_hash = $2 and used_at is null";

std::string context(const std::string& user_id) { return "second-factor " + user_id; }

std::int64_t present() { return core::totp_step(std::chrono::system_clock::now()); }

// As people type it: without spaces and dashes, in small letters.
std::string plain(std::string_view code) {
    std::string text;
    for (const char c : code)
        if (c != ' ' && c != '-') text += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    return text;
}

std::optional<std::int64_t> step_of(core::Call& call, const std::string& user_id, std::string_view code, bool confirmed) {
    const auto row = call.db().maybe<secret_of>(user_id, confirmed);
    if (!row) return std::nullopt;
    const auto secret = core::open_sealed(call.config.secret_key, context(user_id), row->bytes(0));
    if (!secret) throw core::failed("a second factor does not open under SECRET_KEY");
    return core::totp_match(*secret, code, present());
}

Session begin_session(core::Call& call, const std::string& user_id, const std::optional<std::string>& password_hash, const char* how) {
    auto session = start_session(call, user_id, password_hash);
    if (!session) throw core::unavailable("the account changed while it was signed in to");
    call.db().run(audit(call, "signed-in", user_id, core::Writer{}.object().member("how", how).end_object().take(), user_id));
    call.commit();
    return *std::move(session);
}

}  // namespace

Entrance pass_first_factor(core::Call& call, const std::string& user_id, const std::optional<std::string>& password_hash,
                           const std::optional<std::string>& lead_token, const char* how) {
    join_tenant(call, user_id);
    const core::Row next = call.db().one<what_follows>(user_id, call.tenant());
    if (next.truth(1)) {
        call.db().run(audit(call, "sign-in-refused", user_id, R"({"why":"disabled"})", user_id));
        call.commit();
        return {Entrance::Outcome::disabled, {}, {}};
    }
    if (!next.truth(0)) {
        Entrance in{Entrance::Outcome::inside, begin_session(call, user_id, password_hash, how), {}};
        bind_draft(call, lead_token, user_id);
        return in;
    }
    std::string token = core::random_token();
    const std::string hash = core::sha256(token);
    call.db().all(ask<insert_step>(Bytes{hash}, user_id, call.tenant(), password_hash, lead_token), ask<drop_old_steps>());
    call.commit();
    return {Entrance::Outcome::second_step, {}, std::move(token)};
}

Session pass_second_factor(core::Call& call, const std::string& step, const std::string& code) {
    const std::string hash = core::sha256(step);
    const auto over = [] { return core::unauthorized("The time for the code is over. Sign in once more."); };
    const auto who = call.db().maybe<whose_step>(Bytes{hash}, call.tenant());
    if (!who) throw over();
    const std::string user_id = who->str(0), email = who->str(1);
    require_attempt(call, second_factors, email);
    call.commit();  // the attempt counts whatever comes of it
    const char* how = take_code(call, user_id, code);
    if (!how) {
        call.restart();
        note_at_once(call, "second-factor-failed", user_id, "{}", user_id);
        throw core::unprocessable({{"code", "This code is not right, or was used already. Wait for the next one in your app and try that."}});
    }
    const auto used = call.db().maybe<use_step>(Bytes{hash});
    if (!used) throw over();
    succeeded(call, email, second_factors);
    const std::optional<std::string> lead = used->null(2) ? std::nullopt : std::optional{used->str(2)};
    Session session = begin_session(call, user_id, used->truth(0) ? std::optional{used->str(1)} : std::nullopt, how);
    bind_draft(call, lead, user_id);
    return session;
}

std::string offer_secret(core::Call& call, const std::string& user_id) {
    std::string secret = core::random_bytes(20);  // RFC 4226 §4: 160 bits
    const std::string sealed = core::seal(call.config.secret_key, context(user_id), secret);
    if (!call.db().maybe<offer>(user_id, Bytes{sealed})) throw core::conflict("You have a second factor already. Remove it first.");
    return secret;
}

std::optional<std::vector<std::string>> confirm_secret(core::Call& call, const std::string& user_id, std::string_view code) {
    const auto step = step_of(call, user_id, plain(code), false);
    if (!step) return std::nullopt;
    call.db().all(ask<use_code>(user_id, *step), ask<confirm>(user_id));
    return new_recovery_codes(call, user_id);
}

std::vector<std::string> new_recovery_codes(core::Call& call, const std::string& user_id) {
    std::vector<std::string> codes;
    call.db().change<drop_codes>(user_id);
    for (int i = 0; i < 10; ++i) {
        const std::string letters = plain(core::base32(core::random_bytes(10)));  // 80 bits: too many to try, so a plain digest keeps them
        const std::string hash = core::sha256(letters);
        call.db().change<insert_code>(user_id, Bytes{hash});
        std::string spaced;
        for (std::size_t at = 0; at < letters.size(); at += 4) spaced.append(at ? "-" : "").append(letters, at, 4);
        codes.push_back(std::move(spaced));
    }
    return codes;
}

const char* take_code(core::Call& call, const std::string& user_id, const std::string& code) {
    const std::string typed = plain(code);
    if (typed.size() == 6) {
        const auto step = step_of(call, user_id, typed, true);
        return step && call.db().change<use_code>(user_id, *step) == 1 ? "code" : nullptr;
    }
    const std::string hash = core::sha256(typed);
    return typed.size() == 16 && call.db().change<use_recovery>(user_id, Bytes{hash}) == 1 ? "recovery-code" : nullptr;
}

const char* step_cookie(const core::Call& call) { return call.secure() ? "__Host-step" : "step"; }

std::string step_cookie_line(const core::Call& call, std::string_view token) {
    return std::string{step_cookie(call)}.append("=").append(token).append("; Path=/; Max-Age=").append(token.empty() ? "0" : "600") +
           "; HttpOnly; SameSite=Lax" + (call.secure() ? "; Secure" : "");
}

}  // namespace domain

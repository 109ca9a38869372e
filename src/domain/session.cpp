// Sessions in public.sessions; public.enter() is what finds them again.
#include "domain/session.h"

#include "core/crypto.h"
#include "core/log.h"
#include "domain/account.h"
#include "domain/wording.h"

namespace domain {
namespace {

using core::ask;
using core::Bytes;
using core::Sql;

constexpr Sql insert_session = R"(
    insert into sessions (token_hash, user_id, tenant_id, ip, user_agent)
    select $1, u.id, t.id, $5::inet, $6 from users u join tenants t on t.schema_name = $4
    where u.id = $2 and ($3::text is null or u.password = $3) and u.disabled_at is null)";
constexpr Sql delete_session = "delete from sessions where token_hash = $1";
constexpr Sql drop_old_sessions = R"(
    delete from sessions where id in (
        select id from sessions where expires_at < now() order by expires_at limit 100 for update skip locked))";

// Who chose a language in this browser goes on in it, also by mail; else the account's own counts, and the browser's where there is none.
constexpr Sql learn_language = R"(
    update users set language = $2 where id = $1 and $2 <> '' and ($3::boolean or language is null) and language is distinct from $2)";
constexpr Sql whose_language = "select coalesce(language, '') from users where id = $1";

constexpr Sql bind_open_draft = "update leads set user_id = $2 where token_hash = $1 and status = 'open' and user_id is null";

constexpr std::string_view host_only = "__Host-";

std::string cookie_line(std::string_view name, std::string_view value, std::chrono::seconds life) {
    std::string line{name};
    line.append("=").append(value).append("; Path=/; Max-Age=").append(std::to_string(life.count()));
    line += "; HttpOnly; SameSite=Lax";
    if (name.starts_with(host_only)) line += "; Secure";  // browsers take that prefix with it only
    return line;
}

}  // namespace

std::optional<Session> start_session(core::Call& call, const std::string& user_id, const std::optional<std::string>& password_hash) {
    std::string token = core::random_token();
    const std::string hash = core::sha256(token), old_hash = core::sha256(call.request.cookie_value(session_cookie(call)));
    const auto answers = call.db().all(
        ask<delete_session>(Bytes{old_hash}),
        ask<insert_session>(Bytes{hash}, user_id, password_hash, call.tenant(), address_of(call.request.remote_address),
                            plain_user_agent(call.request.user_agent)),
        ask<drop_old_sessions>(), own_session(hash, call.tenant()), ask<learn_language>(user_id, language_of(call.request), is_shipped(call.request.cookie_value(language_cookie))), ask<whose_language>(user_id));
    const auto row = answers[3].maybe();
    if (!row) return std::nullopt;
    return Session{std::move(token), person_in(*row), answers[5].one().str(0)};
}

void end_session(core::Call& call) {
    const std::string_view token = call.request.cookie_value(session_cookie(call));
    if (!token.empty()) call.db().change<delete_session>(Bytes{core::sha256(token)});
}

void bind_draft(core::Call& call, const std::optional<std::string>& lead_token, const std::string& user_id) {
    if (!lead_token) return;
    try {
        core::Transaction tenant{call.desk().db, call.tenant()};
        tenant.change<bind_open_draft>(Bytes{core::sha256(*lead_token)}, user_id);
        tenant.commit();
    } catch (const core::Error& error) {
        core::log(core::Level::warn, "draft not bound", {{"status", error.status}, {"why", error.detail}});
    }
}

std::string session_cookie_line(std::string_view name, std::string_view token) { return cookie_line(name, token, session_life); }
std::string no_session_cookie_line(std::string_view name) { return cookie_line(name, "", std::chrono::seconds{0}); }

core::Reply signed_in_reply(const core::Call& call, core::Reply reply, const Session& session) {
    reply.with("Set-Cookie", session_cookie_line(session_cookie(call), session.token));
    if (!session.language.empty() && call.request.cookie_value(language_cookie) != session.language)
        reply.with("Set-Cookie", language_cookie_line(call.request, session.language));
    return reply;
}

std::string user_json(const Person& person) {
    core::Writer json;
    json.object().member("id", person.id).member("name", person.name).member("email", person.email);
    json.member("role", person.role).member("emailVerified", person.verified);
    if (person.confined) json.member("confined", true);  // until a second factor is set up
    json.end_object();
    return json.take();
}

std::string plain_user_agent(std::string_view header) {
    std::string plain{header.substr(0, 300)};
    for (char& c : plain)
        if (c < 0x20 || c > 0x7E) c = '?';
    return plain;
}

}  // namespace domain

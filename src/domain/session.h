// Sessions: who is signed in from where. The cookie holds the token, the database its SHA-256.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/route.h"
#include "domain/access.h"

namespace domain {

// As public.sessions and public.enter() have it; idle sessions end after 7 days.
inline constexpr std::chrono::seconds session_life = std::chrono::days{30};

struct Session {
    std::string token;
    Person person;
    std::string language;  // the account's, if it has one
};

// Signs in with a new token and ends the session that the browser had. The hash is the one that the password was checked
// against, nothing where no password was asked for. Nothing where the account was disabled or got another password since.
std::optional<Session> start_session(core::Call& call, const std::string& user_id, const std::optional<std::string>& password_hash);
// The visitor's draft becomes the account's. After the session's commit: the draft is the tenant's, the session is not, and a
// draft that cannot be bound is no reason to refuse a sign-in.
void bind_draft(core::Call& call, const std::optional<std::string>& lead_token, const std::string& user_id);
void end_session(core::Call& call);  // that of the cookie, if there is one

// Values of Set-Cookie. A name with __Host- is for https only.
std::string session_cookie_line(std::string_view name, std::string_view token);
// Tells the browser of a new session, and of the account's language.
core::Reply signed_in_reply(const core::Call& call, core::Reply reply, const Session& session);
std::string no_session_cookie_line(std::string_view name);

std::string user_json(const Person& person);  // {"id":…,"name":…,"email":…,"role":…,"emailVerified":…}

// Printable ASCII, at most 300 characters: a header may hold any bytes.
std::string plain_user_agent(std::string_view header);

}  // namespace domain

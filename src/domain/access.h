// Access: who may call a route. Each is a column of a route table, and a statement in the database, not a branch in a handler.
#pragma once
#include <optional>
#include <string>

#include "core/route.h"

namespace domain {

// The first two columns of an Access, for a rule that a route group makes of its own.
core::Query find_tenant(const core::Call& call);
std::optional<core::Query> find_session(const core::Call& call);
// For an Access's statement at once, which finds the session in open_sessions: SHA-256 of the caller's token; empty without one.
std::string session_hash(const core::Call& call);

extern const core::Access anyone;       // no session is looked for
extern const core::Access visitor;      // anyone; a session is looked up when a cookie is there
extern const core::Access user;         // signed in, else 401
extern const core::Access member;       // the project in the first hole is theirs or they are staff or its contact, else 404; who may only look changes nothing: 403
extern const core::Access onlooker;     // the same, also for changes by who may only look: of what is their own, like what they have read
extern const core::Access project_owner;  // the project in the first hole is theirs, or they are staff; its contacts 403, else 404
extern const core::Access staff;        // roles owner, admin, member of this tenant, and viewer where nothing is changed, else 403
extern const core::Access admin;        // roles owner, admin of this tenant, else 403
extern const core::Access platform_owner;  // owns the installation (public.platform_owners), else 403; for routes that are `.platform()`

struct Person {
    std::string id, name, email;
    bool verified;
    std::string role;  // admin, staff, viewer or client, in this tenant
    std::int64_t session;
    bool confined = false;  // with platform() routes: they need a second factor and have none, and reach only what is their own
    bool works_here() const { return role != "client"; }
};

std::optional<Person> signed_in(core::Call& call);  // with visitor: nobody, or the person
Person person(core::Call& call);                    // with user and above

// The session of a token's SHA-256, as platform() routes look for it; and who the row is that comes back.
core::Query own_session(const std::string& token_hash, const std::string& tenant);
Person person_in(const core::Row& row, bool own_session = true);

const char* session_cookie(const core::Call& call);  // "__Host-session" on https, "session" on http

}  // namespace domain

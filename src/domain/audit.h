// Audit: what staff and administrators changed, and what was done to accounts, rights and money, as rows of a chain of hashes (sql/migrations, audit_log).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/route.h"

namespace domain {

// A row of the tenant's log, in the request's transaction, by who is signed in or, at a sign-in, by `actor`. The chain is locked
// until the commit: note last, and keep what follows short. `subject`: the id of what it was done to.
core::Query audit(core::Call& call, std::string_view action, std::string_view subject, const std::string& data = "{}",
                  const std::optional<std::string>& actor = {});
// The same of a change: what differs between two JSON objects. Nothing where nothing does.
core::Query audit_change(core::Call& call, std::string_view action, std::string_view subject, std::string_view before, std::string_view after);
// The same in the log of another tenant, by an owner of the installation; for a platform() route.
core::Query audit_at(core::Call& call, core::Id tenant, std::string_view action, std::string_view subject, const std::string& data = "{}");
core::Query audit_change_at(core::Call& call, core::Id tenant, std::string_view action, std::string_view subject, std::string_view before, std::string_view after);
// Of a route that clients use too: a row where one of the staff did it. What clients do stands in the activity of their project.
void note_by_staff(core::Call& call, std::string_view action, std::string_view subject, const std::string& data = "{}");
// As audit(), in a transaction of its own, committed at once: for what only reads (an export), and for what is refused afterwards.
void note_at_once(core::Call& call, std::string_view action, std::string_view subject, const std::string& data = "{}",
                  const std::optional<std::string>& actor = {});
// That a list of a project is saved as a file. Throws Error 404 where there is no such project.
void note_export(core::Call& call, std::string_view list, core::Id project);

}  // namespace domain

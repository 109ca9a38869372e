// Audit: what was done to accounts, rights, money and settings, as rows of a chain of hashes (sql/migrations, audit_log).
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
// The same in a transaction of its own, committed at once: for what only reads (an export), and for what is refused afterwards.
void note_at_once(core::Call& call, std::string_view action, std::string_view subject, const std::string& data = "{}",
                  const std::optional<std::string>& actor = {});
// That a list of a project is saved as a file. Throws Error 404 where there is no such project.
void note_export(core::Call& call, std::string_view list, core::Id project);

}  // namespace domain

// Invitation: a mailed link by which somebody comes to work at the agency, or to follow one project. Made here, taken up in `invitations`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/form.h"
#include "core/route.h"
#include "domain/access.h"
#include "domain/letter.h"

namespace domain {

struct Offer {
    std::string email, role;  // role: owner, admin, member, viewer; client for a project's contact
    std::optional<std::int64_t> project;
    std::optional<std::string> project_name, project_role;  // project_role: view, work
};

// How long a link works: `days` of the form, 1 to 30, 7 where it says nothing.
int read_days(core::Form& form);

// Both post the mail in the request's transaction, whichever role that has, and write the audit row: they come last in it. Throw
// Error 409 where the address has an invitation or works here, 403 where `by` may not give the role, 429 where it is enough for a day.
std::int64_t invite(core::Call& call, const Person& by, const Offer& offer, int days);
// The link that was mailed before opens nothing any more. `project`: the one it belongs to, nothing for the agency itself.
void send_again(core::Call& call, const Person& by, std::int64_t invitation, std::optional<std::int64_t> project, int days);
void withdraw(core::Call& call, std::int64_t invitation, std::optional<std::int64_t> project);

// A client is named by the address that answered our mail alone: nobody chooses words that we mail to a stranger.
Letter invitation_letter(const Brand& brand, const Offer& offer, const Person& by, std::string_view link, int days);

}  // namespace domain

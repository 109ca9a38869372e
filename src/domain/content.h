// Content: what an agency's staff edit of their site, each edit a version that can be restored (content_versions).
// Kinds are those of content_of() in SQL: service, question, section, and the orders services, questions, sections.
#pragma once
#include <string_view>

#include "core/form.h"
#include "core/route.h"

namespace domain {

struct Held {
    core::Json wanted;                    // the item as it shall be: what is there, under what the body says or the version to be restored
    std::optional<std::int64_t> restore;  // the version that the body asks for
};

// Locks an item, for the rest of the transaction, against the `version` that the body was made from; `restore` in the body
// takes an older version's content instead of the body's own.
// Throws Error 404 without the item, 409 with what changed meanwhile, 422 without such a version.
Held hold_content(core::Call& call, std::string_view kind, std::int64_t item, const core::Json& body, const char* what);

// After the change: notes the new version, where anything differs.
core::Query note_edit(std::string_view kind, std::int64_t item, const Held& held);
core::Query note_version(std::string_view kind, std::int64_t item, const char* action);

// The newest version into the audit log, where this transaction made it.
core::Query audit_edit(core::Call& call, std::string_view kind, std::int64_t item);

// The items in a new order: all of `now`, those that the order leaves out at its end. Throws Error 422 where it has others.
std::string new_order(const core::Json& wanted, const core::Json& now, bool restored);

// After a change: whatever a client answers, the service costs something, and not too much. Throws Error 422 with the field.
void check_prices(core::Call& call, std::int64_t service, const char* field);

bool flag(core::Form& form, const char* field, const char* what);  // true or false, else wrong

}  // namespace domain

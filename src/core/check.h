// check_sql: what `--check-sql` of every program does.
#pragma once
#include <iosfwd>
#include <string_view>

#include "core/db.h"

namespace core {

// Prepares every statement of the program under the role (empty: the login role alone), prints those that PostgreSQL
// refuses, and says how many there are. 0 when none was refused, else 1. Throws Error 503 without a database.
int check_sql(Db& db, std::string_view role, std::ostream& out);

}  // namespace core

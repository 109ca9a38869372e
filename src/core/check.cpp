// check_sql: every enrolled statement against the migrated schema.
#include "core/check.h"

#include <ostream>

namespace core {

int check_sql(Db& db, std::string_view role, std::ostream& out) {
    int refused = 0;
    for (const Sql& statement : enrolled_statements()) {
        const std::string why = db.check(statement, role);
        if (why.empty()) continue;
        ++refused;
        out << statement.text() << "\n-- " << why << "\n\n";
    }
    out << "-- " << enrolled_statements().size() << " statements as " << (role.empty() ? "the login role" : role) << ", "
        << refused << " refused\n";
    return refused == 0 ? 0 : 1;
}

}  // namespace core

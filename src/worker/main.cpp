// worker: the background program. Writes plans with Gemini or the built-in planner, and sends mail.
#include <iostream>
#include <string_view>

#include "core/check.h"
#include "core/config.h"
#include "core/error.h"
#include "core/json.h"
#include "core/log.h"
#include "core/mail.h"
#include "worker/collect.h"
#include "worker/worker.h"

namespace {

constexpr core::Sql any_tenant =
    "select schema_name from tenants where status = 'active' and ($1 = '' or slug = $1) order by is_default desc, id limit 1";

constexpr const char* usage =
    "usage: worker               claims jobs and mail until TERM or INT\n"
    "       worker --collect     lets go of orphaned and long removed files now, which it does every ten minutes by itself\n"
    "       worker --check-sql   prepare every statement against the migrated schema\n"
    "       worker --config      every setting and what it is now\n"
    "       worker --help        this\n"
    "Exit codes: 0 done, 1 a check failed or work was left behind at the stop, 2 wrong use or settings.\n";

int check_statements(const core::Config& config) {
    core::Db db{config};
    std::string role;
    {
        core::Transaction transaction{db, ""};
        if (const auto row = transaction.maybe<any_tenant>(config.tenant)) role = row->text(0);
        transaction.commit();
    }
    return core::check_sql(db, role, std::cout);
}

// What would fail only at the first mail or plan fails at once.
const char* wrong_setting(const core::Config& config) {
    try {
        (void)core::bare_address(config.mail_from);
    } catch (const core::Error&) {
        return "MAIL_FROM must be an address, or \"Name <address>\"";
    }
    const auto prices = core::Json::try_parse(config.gemini_prices);
    if (!prices || !prices->is(core::Json::Kind::object)) return "GEMINI_PRICES must be a JSON object by model";
    return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view option = argc > 1 ? argv[1] : "";
    if (option == "--help") {
        std::cout << usage;
        return 0;
    }
    if (argc > 2 || (!option.empty() && option != "--check-sql" && option != "--config" && option != "--collect")) {
        std::cerr << "there is no such option\n" << usage;
        return 2;
    }
    try {
        const core::Config config = core::Config::load();
        core::set_log_level(config.log_level);
        if (option == "--config") {
            config.print(std::cout);
            return 0;
        }
        if (option == "--check-sql") return check_statements(config);
        if (option == "--collect") {
            core::Db db{config};
            worker::collect(config, db, false);
            return 0;
        }
        if (const char* wrong = wrong_setting(config)) {
            std::cerr << wrong << '\n';
            return 2;
        }
        return worker::run(config);
    } catch (const core::Error& error) {
        std::cerr << error.detail << '\n';
        return 1;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}

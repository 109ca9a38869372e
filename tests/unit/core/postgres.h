// Postgres: a private PostgreSQL for the tests of this process, started when first asked for and gone with it.
#pragma once
#include <string>
#include <string_view>

#include "core/config.h"

namespace tests {

class Postgres {
public:
    static Postgres& get();
    ~Postgres();
    Postgres(const Postgres&) = delete;
    Postgres& operator=(const Postgres&) = delete;

    // The login role of the programs (NOINHERIT), and the one that owns all.
    std::string app_url() const { return url("app"); }
    std::string owner_url() const { return url("owner"); }
    core::Config app_config() const;
    // Runs as the owner, outside of what is tested; gives the first value of the last statement.
    std::string sql(std::string_view text) const;
    void restart();
    void stop();
    void start();

private:
    Postgres();
    std::string url(const char* user) const;
    std::string folder_;
    int server_ = 0;
};

}  // namespace tests

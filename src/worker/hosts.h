// Hosts: the folder by which the web server knows, for the price of a look at a name, which hosts are shut and which are nobody's.
// HOSTS_DIR/shut/HOST: its agency is suspended. HOSTS_DIR/strict: a host that is not in HOSTS_DIR/open/ is nobody's.
#pragma once
#include <map>
#include <string>

#include "core/db.h"

namespace worker {

class Hosts {
public:
    explicit Hosts(std::string folder) : folder_{std::move(folder)} {}
    // Makes the folder say what the database does. Throws Error where the database is away, or the folder cannot be written.
    void keep(core::Db& db);

private:
    std::string folder_;
    std::map<std::string, bool> written_;  // host → open
    bool strict_ = false, begun_ = false;
};

}  // namespace worker

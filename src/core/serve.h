// Serve: the main function of a route program. Finds out how it was started and answers by its routes.
#pragma once
#include <span>

#include "core/route.h"

namespace core {

// - a listening socket on fd 0 (systemd, spawn-fcgi, mod_fcgid) or `--listen PATH`: FastCGI, THREADS threads, until TERM or INT
// - anything else on fd 0: plain CGI, one request
// - `--routes`: METHOD, pattern and access rule, a line each
// - `--check-sql`: prepares every statement against the migrated schema; lists what PostgreSQL refuses
// - `--config`: every setting; `--help`: this
// Exit codes: 0 done, 1 a check failed, 2 wrong use or settings.
int serve(std::span<const Route> routes, int argc, char** argv);

}  // namespace core

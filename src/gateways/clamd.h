// Clamd: the virus scanner of ClamAV, asked over its socket (INSTREAM).
#pragma once
#include <chrono>
#include <string>

#include "core/disk.h"

namespace gateways {

struct Scan {
    enum class Verdict { clean, infected, unknown } verdict = Verdict::unknown;
    std::string words;  // the name of what was found, or for the log why nobody knows
};

// address: a path, or HOST:PORT with a numeric host. Never throws for what the other side does; ends within the limit.
Scan scan(const std::string& address, const core::File& file, std::chrono::milliseconds limit = std::chrono::seconds{20});

}  // namespace gateways

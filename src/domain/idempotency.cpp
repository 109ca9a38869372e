// Idempotency keys: what they may consist of.
#include "domain/idempotency.h"

#include <algorithm>

#include "core/error.h"

namespace domain {

std::optional<std::string> idempotency_key(const core::Request& request) {
    const std::string& key = request.idempotency_key;
    if (key.empty()) return std::nullopt;
    if (key.size() > 200 || !std::ranges::all_of(key, [](char c) { return c >= 0x20 && c < 0x7F; }))
        throw core::bad_request("Idempotency-Key must be 1 to 200 printable ASCII characters.");
    return key;
}

}  // namespace domain

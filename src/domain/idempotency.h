// Idempotency: by what name a client says that a request is the same as one before.
#pragma once
#include <optional>
#include <string>

#include "core/http.h"

namespace domain {

// The request's Idempotency-Key, where it has one. Throws Error 400 where it is none.
std::optional<std::string> idempotency_key(const core::Request& request);

}  // namespace domain

// Worker: claims jobs and mail, runs each on a thread of its own, keeps their leases, and gives back what a stop interrupts.
#pragma once
#include "core/config.h"

namespace worker {

// Until TERM or INT. Call it in the main thread before any other is started: it blocks these signals.
// Returns 0, or 1 when threads had to be left behind (their leases run out, and another worker takes over).
int run(const core::Config& config);

}  // namespace worker

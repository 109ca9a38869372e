// Telling: writes the mail of one notice, with those that go out with it.
#pragma once
#include "worker/desk.h"

namespace worker {

// Settles the job whatever happens: done, put off, or failed for all to see. One thread a job. Throws nothing.
void tell(const domain::Job& job, Desk& desk) noexcept;

}  // namespace worker

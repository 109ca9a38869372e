// Generate: writes one project's requirements document and tasks, with Gemini or with the built-in planner.
#pragma once
#include "worker/desk.h"

namespace worker {

// Settles the job whatever happens: done, put off, handed back, failed, or left to whoever took its lease.
// One thread a job. Throws nothing.
void generate(const domain::Job& job, Desk& desk) noexcept;

}  // namespace worker

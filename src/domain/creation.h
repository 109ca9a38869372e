// Creation: a project from an onboarding, exactly once.
#pragma once
#include "core/route.h"

namespace domain {

// POST create-from-onboarding: checks everything, then makes project, answers, generation and job in one transaction.
// The same Idempotency-Key, or the same draft, gives the project that it made before.
core::Reply create_project(core::Call& call);

}  // namespace domain

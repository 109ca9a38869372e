// Creation: a project from an onboarding, exactly once.
#pragma once
#include "core/route.h"

namespace domain {

// POST create-from-onboarding: checks everything, then makes project, answers, generation and job in one transaction.
// The same Idempotency-Key, or the same draft, gives the project that it made before.
core::Reply create_project(core::Call& call);

// POST convert: staff make a project of a draft that has come far enough. It is its client's: the account that has the draft, or that
// has its address; else one is made, and a mail leads its owner there. A draft that is a project already answers with that one.
core::Reply convert_lead(core::Call& call, core::Id lead);

}  // namespace domain

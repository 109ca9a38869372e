// What becomes of a plan by what staff chose of a proposal, or by a version of old: as the NewPlan that write_plan() takes.
// Plain functions without state: any thread may call them.
#pragma once
#include "core/form.h"
#include "domain/held_plan.h"
#include "domain/new_plan.h"

namespace domain {

// The form's `keep`, `retire` and `add` of what is proposed: everything of the plan that is there is either kept or retired, at the
// version that was seen. Throws Error 409 where somebody was quicker, and 422 for what is no choice.
NewPlan chosen_plan(core::Form& form, const HeldPlan& plan, const core::Json& proposed);

// The words and tasks that a version had (plan_versions.content); how far each is, stays. Tasks that it does not have are retired.
NewPlan former_plan(const HeldPlan& plan, const core::Json& content);

}  // namespace domain

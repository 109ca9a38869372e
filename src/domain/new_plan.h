// NewPlan: another state of a project's plan, written over the one that is there: how far each task is, stays.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/route.h"

namespace domain {

struct NewPlan {
    const char* action;                 // as plan_versions says it: applied, restored
    std::string tasks;                  // JSON, in their order: {id} of one that is there, its words, `dependencies` as places from 1
    std::vector<std::int64_t> retired;  // ids
    std::int64_t count = 0;             // of the tasks
    // The document that comes with it. Outer: whether one does; inner: its text, or none any more.
    std::optional<std::optional<std::string>> document = std::nullopt;
    std::optional<std::int64_t> proposal = std::nullopt, restored = std::nullopt;  // where it is from
};

// Notes the state before and the one after as versions. The project's row is held (held_plan.h).
void write_plan(core::Call& call, core::Id project, const NewPlan& plan);

}  // namespace domain

// HeldPlan: a project's tasks while its row is held, so that nobody else changes the plan until the transaction ends.
// Functions use the call's transaction, and throw Errors for its client.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/form.h"
#include "core/route.h"
#include "domain/task_graph.h"

namespace domain {

struct HeldPlan {
    std::int64_t project;
    core::Result rows;        // id, title, section, status, dependencies, version, retired: in their order, those retired too
    std::string state, last;  // of the newest generation; who changed the task that was asked for
    WaitsFor graph;           // of the rows; what is retired is not waited for
    std::unordered_map<std::int64_t, std::size_t> by_id;

    core::Row row(std::int64_t id) const { return rows[static_cast<int>(by_id.at(id))]; }
    bool has(std::int64_t id) const { return by_id.contains(id) && !row(id).truth(6); }  // and it is not retired
    std::size_t size() const;
    // A plan of the model or the planner keeps fewest_tasks..most_tasks; one from before them has any number.
    bool measured() const { return state == "ready"; }
};

// `held` is the id of the project, by a statement that locks its row; nothing: Error 404. Throws 409 while a plan is being written.
HeldPlan read_plan(core::Call& call, const std::optional<core::Row>& held, std::int64_t task);

// Holds the form's `version` against the task's. Throws Error 409 that says who was quicker.
void hold_version(core::Form& form, const HeldPlan& plan, std::int64_t task, bool needed);

// The form's `dependencies`, once each is a task of the plan and none of them waits for this one: else that circle is named.
std::optional<std::vector<std::int64_t>> waited_for(core::Form& form, const HeldPlan& plan, std::optional<std::int64_t> task);

std::vector<std::int64_t> ids_in(std::string_view json);
std::string list_of(const std::vector<std::int64_t>& ids);

}  // namespace domain

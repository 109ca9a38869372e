// PlanChoice: a plan that was written anew beside the one that is there: which tasks are the same, and what becomes of both.
// Plain functions without state: any thread may call them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/task_graph.h"

namespace domain {

struct Titled {
    std::string title, section;
};
// For each task that is proposed, the one of the plan that it is: of the same title, else of the same section with at least
// half of all their words in common. None is matched twice.
std::vector<std::optional<std::size_t>> match_tasks(const std::vector<Titled>& now, const std::vector<Titled>& proposed);

// A task of the plan to come: one that is there, one that is proposed, or the first in the words of the second.
struct Chosen {
    std::optional<std::size_t> now, proposed;
};
struct Arranged {
    std::vector<std::size_t> order;   // of the chosen ones, each after what it waits for
    WaitsFor waits;                   // of the chosen ones, by their places in `chosen`
    std::vector<std::pair<std::size_t, std::size_t>> removed;  // dependencies that would have closed a circle
};
// Who waited for a task that is not chosen waits for what that one waited for.
Arranged arrange_chosen(const std::vector<Chosen>& chosen, const WaitsFor& now, const WaitsFor& proposed);

}  // namespace domain

// TaskGraph: which task waits for which; finds the dependencies to give up so that no cycle is left, and an order.
#pragma once
#include <cstddef>
#include <utility>
#include <vector>

namespace domain {

// waits_for[t] lists the tasks that t waits for: indices of the graph, no duplicates, not t itself.
using WaitsFor = std::vector<std::vector<std::size_t>>;

// Strongly connected components of up to this many tasks are solved exactly (2^10 subsets each).
constexpr std::size_t exact_component = 10;

// The removal is as small as this: in a component (tasks that all wait for one another, over however many steps) of up to
// exact_component tasks no smaller number would do, and among equally small ones those dependencies go that point to a
// task later in the given order. In a larger one, where the least number is NP-hard to find, the best of three tries is
// taken, each of them minimal: put back any one of its dependencies and there is a cycle again. (One of the tries is
// not made when it would begin from more than 64 dependencies.) What is not in a cycle is never touched.
struct Acyclic {
    std::vector<std::pair<std::size_t, std::size_t>> removed;  // task, what it waited for; ascending
    std::size_t steps;  // tasks, dependencies and subsets looked at: linear in the graph; for tests
};
Acyclic break_cycles(WaitsFor& graph);  // removes them from the graph too

// Each task after all that it waits for; of those that could come next, always the first of the given order, so that an
// order that is right already stays as it is. The graph has no cycle. n log n.
std::vector<std::size_t> working_order(const WaitsFor& graph);

// The shortest way on which `from` waits for `to`, both included, over however many steps; empty: it does not.
std::vector<std::size_t> waits_through(const WaitsFor& graph, std::size_t from, std::size_t to);

}  // namespace domain

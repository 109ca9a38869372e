// Schedule: tasks placed one after another by their dependencies and the team's size, with the slack of each.
// Pure and deterministic; any thread. Time is counted in minutes of work: the calendar turns them into days.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "domain/task_graph.h"

namespace domain {

struct Work {
    std::int64_t minutes = 0;   // of work that is left; 0: done
    std::int64_t earliest = 0;  // not before this minute: something is waited for until then
    bool begun = false;         // somebody is at it: goes on at minute 0, whatever it would wait for
};

struct Placed {
    std::int64_t start = 0, end = 0;  // [start, end); both 0 for what is done
    std::int64_t slack = 0;           // minutes that it may slip without moving the finish
    bool critical = false;            // no slack: a delay here is a delay of the finish
};

struct Schedule {
    std::vector<Placed> tasks;  // as they were given
    std::int64_t finish = 0;
    std::vector<std::size_t> order;  // what is not done, as it starts
    WaitsFor after;                  // what each really comes after: its open dependencies, and the task before it at the same desk
    std::size_t steps = 0;           // tasks, dependencies and events looked at: linear in the plan; for tests
};

// List scheduling by the critical path (Kelley 1963, the parallel method): whenever one of `team` desks is free, of the tasks whose
// dependencies have ended the one with the longest way to the end begins, the first of equals (with one desk every order
// takes as long, so the plan's own is kept). What is begun already keeps its desk, even where there are more such than desks. Slack comes from a backward pass over the
// dependencies and desks as they fell (the critical chain), so that a chain without slack and without a gap leads to
// the finish. waits_for has no cycle (break_cycles). Linear in tasks and dependencies, but for two heaps: n log n.
Schedule schedule(const std::vector<Work>& tasks, const WaitsFor& waits_for, std::size_t team);

// The finish of the same sequence when all that is left takes this many thousandths of its time. Never falls as
// they rise, which placing the tasks anew would not promise (Graham's anomalies). Linear.
std::int64_t finish_at(const Schedule& schedule, const std::vector<Work>& tasks, int thousandths);

// The range in which four of five such projects end, as thousandths of the work that is left. Each task's estimate m is
// read as the likeliest of three points (PERT: Malcolm, Roseboom, Clark and Fazar, Operations Research 7(5), 1959):
// mean (a + 4m + b) / 6, deviation (b − a) / 6. a = 0.67 m and b = 1.5 m is how far estimates are off once requirements
// are written (the cone of uncertainty: Boehm 1981; McConnell, Software Estimation, 2006, table 4-1). Errors of one team on
// one project go the same way, so deviations are added, not their squares: mean ± 1.2816 deviations is 0.851 to 1.206.
constexpr double optimistic = 0.67, pessimistic = 1.5, normal_90 = 1.2816;
constexpr double mean_of_three = (optimistic + 4 + pessimistic) / 6, deviation_of_three = (pessimistic - optimistic) / 6;
constexpr int early_thousandths = static_cast<int>((mean_of_three - normal_90 * deviation_of_three) * 1000);
constexpr int late_thousandths = static_cast<int>((mean_of_three + normal_90 * deviation_of_three) * 1000 + 1);

}  // namespace domain

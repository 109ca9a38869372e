// Timeline: a project's tasks on the agency's calendar: facts where there are facts, a forecast for the rest. Pure; any thread.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "domain/schedule.h"
#include "domain/work_calendar.h"

namespace domain {

struct TaskFacts {
    int hours = 0;
    std::optional<Day> started, completed;  // as its status says
    std::optional<std::size_t> section;
};

// Something that only the client can give.
struct Awaited {
    Day since;
    std::optional<std::size_t> task;  // what it holds up; none: whatever has not begun
    bool holds = true;                // false: the work goes on without it
    // The answer, in working days:
    std::int64_t waited = 0;      // since it was asked for
    std::int64_t moved = 0;       // the finish by now, against having had it when it was asked for; known only before work has begun
    std::int64_t week_later = 0;  // the finish, when it comes a week from now, against having it today
};

struct Team {
    int minutes_a_day = 480;
    std::size_t at_once = 1;  // tasks of a project that are worked on at the same time
};

struct TaskDates {
    Day start, end;          // first and last day
    std::int64_t slack = 0;  // working days, rounded down
    bool critical = false, done = false;
};

struct Timeline {
    std::vector<TaskDates> tasks;
    std::vector<std::optional<Day>> sections;  // the last day of each; none where it has no task
    Day start, finish, earliest, latest;
    bool begun = false, done = false;          // some task was begun; all are completed
};

// What is completed stays where it was. What was begun goes on today with what is left of its estimate after the working
// days since, and never less than a tenth of it or an hour: nobody knows how much longer a late task takes. The rest begins
// today, or at the planned start, after what it waits for; awaited things are taken to arrive today. waits_for has no
// cycle. Fills in what each awaited thing costs: one schedule more for each.
Timeline make_timeline(const std::vector<TaskFacts>& tasks, const WaitsFor& waits_for, std::size_t sections, std::vector<Awaited>& awaited,
                       Day today, std::optional<Day> planned_start, const WorkCalendar& calendar, const Team& team);

}  // namespace domain

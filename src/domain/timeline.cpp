// Facts become work that is left, the schedule's minutes become days.
#include "domain/timeline.h"

#include <algorithm>

namespace domain {
namespace {

std::int64_t left_of(const TaskFacts& task, Day today, const WorkCalendar& calendar, int minutes_a_day) {
    if (task.completed) return 0;
    const std::int64_t estimate = std::max<std::int64_t>(task.hours, 1) * 60;
    if (!task.started) return estimate;
    const std::int64_t worked = std::max<std::int64_t>(calendar.between(*task.started, today), 0) * minutes_a_day;
    return std::max(estimate - worked, std::max<std::int64_t>(60, estimate / 10));
}

// Everything that only differs by when awaited things arrive.
class Forecast {
public:
    Forecast(const std::vector<TaskFacts>& tasks, const WaitsFor& waits_for, const std::vector<Awaited>& awaited, Day today,
             std::optional<Day> planned_start, const WorkCalendar& calendar, const Team& team)
        : waits_for_{waits_for}, calendar_{calendar}, team_{team}, zero_{calendar.number(today)} {
        if (planned_start) planned_ = std::max<std::int64_t>(calendar.number(*planned_start) - zero_, 0) * team.minutes_a_day;
        for (const TaskFacts& task : tasks)
            work_.push_back({left_of(task, today, calendar, team.minutes_a_day), task.started ? 0 : planned_, task.started.has_value()});
        for (const Awaited& one : awaited)  // who waits is not at it, whatever the status says
            if (one.holds && one.task) work_[*one.task].begun = false;
    }

    const std::vector<Work>& work() const { return work_; }
    Schedule on_time() const { return schedule(work_, waits_for_, team_.at_once); }
    // Placed anew; or all of it a week later, where list scheduling does worse than that.
    std::int64_t finish_a_week_later(const Awaited& late, std::int64_t on_time) const {
        std::vector<Work> work = work_;
        const std::int64_t then = std::int64_t{calendar_.days_a_week()} * team_.minutes_a_day;
        for (std::size_t t = 0; t < work.size(); ++t)
            if (late.task ? *late.task == t : !work[t].begun) work[t].earliest = std::max(work[t].earliest, then);
        return std::min(schedule(work, waits_for_, team_.at_once).finish, on_time + then);
    }
    std::int64_t days(std::int64_t minutes) const { return (minutes + team_.minutes_a_day - 1) / team_.minutes_a_day; }
    Day first_day(std::int64_t start) const { return calendar_.day(zero_ + start / team_.minutes_a_day); }
    Day last_day(std::int64_t end) const { return calendar_.day(zero_ + std::max<std::int64_t>(end - 1, 0) / team_.minutes_a_day); }
    std::int64_t planned() const { return planned_; }

private:
    const WaitsFor& waits_for_;
    const WorkCalendar& calendar_;
    Team team_;
    std::int64_t zero_, planned_ = 0;
    std::vector<Work> work_;
};

}  // namespace

Timeline make_timeline(const std::vector<TaskFacts>& tasks, const WaitsFor& waits_for, std::size_t sections, std::vector<Awaited>& awaited,
                       Day today, std::optional<Day> planned_start, const WorkCalendar& calendar, const Team& team) {
    const Forecast forecast{tasks, waits_for, awaited, today, planned_start, calendar, team};
    const Schedule planned = forecast.on_time();
    Timeline made;
    made.tasks.resize(tasks.size());
    made.sections.resize(sections);
    made.begun = std::ranges::any_of(tasks, [](const TaskFacts& task) { return task.started.has_value(); });
    made.done = std::ranges::all_of(tasks, [](const TaskFacts& task) { return task.completed.has_value(); });
    made.finish = forecast.last_day(planned.finish);
    made.earliest = std::min(made.finish, forecast.last_day(finish_at(planned, forecast.work(), early_thousandths)));
    made.latest = std::max(made.finish, forecast.last_day(finish_at(planned, forecast.work(), late_thousandths)));
    made.start = forecast.first_day(forecast.planned());
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        const TaskFacts& facts = tasks[t];
        const Placed& placed = planned.tasks[t];
        TaskDates& dates = made.tasks[t];
        dates.done = facts.completed.has_value();
        dates.start = facts.started ? *facts.started : forecast.first_day(placed.start);
        dates.end = dates.done ? *facts.completed : forecast.last_day(placed.end);
        dates.slack = placed.slack / team.minutes_a_day;
        dates.critical = placed.critical;
        if (facts.section) {
            auto& section = made.sections[*facts.section];
            section = section ? std::max(*section, dates.end) : dates.end;
        }
    }
    if (made.begun) {
        made.start = Day::max();
        for (const TaskFacts& task : tasks)
            if (task.started) made.start = std::min(made.start, *task.started);
    }
    if (made.done && !tasks.empty()) {
        made.finish = Day::min();
        for (const TaskFacts& task : tasks) made.finish = std::max(made.finish, *task.completed);
        made.earliest = made.latest = made.finish;
    }
    for (Awaited& one : awaited) {
        one.waited = std::max<std::int64_t>(calendar.between(one.since, today), 0);
        if (!one.holds || made.done || (one.task && tasks[*one.task].completed)) continue;
        one.week_later = std::max<std::int64_t>(forecast.days(forecast.finish_a_week_later(one, planned.finish)) - forecast.days(planned.finish), 0);
        // Before anything was begun, having had it earlier would have moved all by the days since; not beyond the planned start.
        if (!made.begun && !one.task && forecast.planned() == 0)
            one.moved = std::min(one.waited, planned_start ? std::max<std::int64_t>(calendar.between(*planned_start, today), 0) : one.waited);
    }
    return made;
}

}  // namespace domain

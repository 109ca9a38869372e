// List scheduling by events, a backward pass for slack, a forward pass for another pace.
#include "domain/schedule.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

namespace domain {
namespace {

using std::size_t;
constexpr size_t none = std::numeric_limits<size_t>::max();
template <class T>
using Earliest = std::priority_queue<T, std::vector<T>, std::greater<>>;

// What is to be done, and the longest way from each task's start to the end of all.
struct Network {
    WaitsFor followers;
    std::vector<size_t> open;           // dependencies that are not done
    std::vector<std::int64_t> way;
};

Network network(const std::vector<Work>& tasks, const WaitsFor& waits_for) {
    Network net{WaitsFor(tasks.size()), std::vector<size_t>(tasks.size()), std::vector<std::int64_t>(tasks.size())};
    for (size_t t = 0; t < tasks.size(); ++t) {
        if (tasks[t].minutes <= 0) continue;
        for (const size_t d : waits_for[t]) {
            if (tasks[d].minutes <= 0) continue;
            net.followers[d].push_back(t);
            ++net.open[t];
        }
    }
    std::vector<size_t> order, waiting = net.open;
    for (size_t t = 0; t < tasks.size(); ++t)
        if (tasks[t].minutes > 0 && waiting[t] == 0) order.push_back(t);
    for (size_t i = 0; i < order.size(); ++i)
        for (const size_t f : net.followers[order[i]])
            if (--waiting[f] == 0) order.push_back(f);
    for (auto t = order.rbegin(); t != order.rend(); ++t) {
        for (const size_t f : net.followers[*t]) net.way[*t] = std::max(net.way[*t], net.way[f]);
        net.way[*t] += tasks[*t].minutes;
    }
    return net;
}

// The events of one placing: a task ends, a task may begin.
class Placing {
public:
    Placing(const std::vector<Work>& tasks, const WaitsFor& waits_for, size_t team)
        : tasks_{tasks}, waits_for_{waits_for}, team_{std::max<size_t>(team, 1)}, net_{network(tasks, waits_for)}, open_{net_.open}, desk_(tasks.size(), none) {
        made_.tasks.resize(tasks.size());
        made_.after.resize(tasks.size());
        for (size_t t = 0; t < tasks.size(); ++t)
            if (tasks[t].minutes > 0 && tasks[t].begun) begin(t, 0, true);
        while (desks_.size() < team_) open_desk();
        for (size_t t = 0; t < tasks.size(); ++t)
            if (tasks[t].minutes > 0 && !tasks[t].begun && open_[t] == 0) may_begin_.emplace(std::max<std::int64_t>(tasks[t].earliest, 0), t);
    }

    Schedule run() {
        for (std::int64_t now = 0;; ++made_.steps) {
            while (!ends_.empty() && ends_.top().first == now) end(now);
            while (!may_begin_.empty() && may_begin_.top().first <= now) {
                const std::size_t task = may_begin_.top().second;
                ready_.emplace(team_ == 1 ? 0 : -net_.way[task], task);
                may_begin_.pop();
            }
            while (!ready_.empty() && busy_ < team_ && !free_.empty()) {
                begin(ready_.top().second, now, false);
                ready_.pop();
            }
            if (ends_.empty() && may_begin_.empty()) break;
            now = std::min(ends_.empty() ? std::numeric_limits<std::int64_t>::max() : ends_.top().first,
                           may_begin_.empty() ? std::numeric_limits<std::int64_t>::max() : may_begin_.top().first);
        }
        slack();
        return std::move(made_);
    }

private:
    void open_desk() {
        free_.push(desks_.size());
        desks_.push_back(none);
    }

    void begin(size_t task, std::int64_t now, bool begun) {
        if (begun) open_desk();
        const size_t desk = free_.top();
        free_.pop();
        if (!begun)
            for (const size_t d : waits_for_[task])
                if (tasks_[d].minutes > 0) made_.after[task].push_back(d);
        const size_t before = std::exchange(desks_[desk], task);
        auto& after = made_.after[task];
        if (before != none && std::ranges::find(after, before) == after.end()) after.push_back(before);
        desk_[task] = desk;
        made_.tasks[task].start = now;
        made_.tasks[task].end = now + tasks_[task].minutes;
        made_.order.push_back(task);
        made_.steps += 1 + made_.after[task].size();
        ends_.emplace(made_.tasks[task].end, task);
        ++busy_;
    }

    void end(std::int64_t now) {
        const size_t task = ends_.top().second;
        ends_.pop();
        // Where more was begun than the team has desks, a desk that falls empty stays so.
        if (--busy_ < team_) free_.push(desk_[task]);
        made_.steps += 1 + net_.followers[task].size();
        for (const size_t f : net_.followers[task])
            if (--open_[f] == 0 && !tasks_[f].begun) may_begin_.emplace(std::max(now, tasks_[f].earliest), f);
        made_.finish = std::max(made_.finish, now);
    }

    void slack() {
        std::vector<std::int64_t> latest(tasks_.size(), made_.finish);
        for (auto t = made_.order.rbegin(); t != made_.order.rend(); ++t) {
            Placed& placed = made_.tasks[*t];
            placed.slack = latest[*t] - placed.end;
            placed.critical = placed.slack == 0;
            for (const size_t before : made_.after[*t]) latest[before] = std::min(latest[before], latest[*t] - tasks_[*t].minutes);
        }
    }

    const std::vector<Work>& tasks_;
    const WaitsFor& waits_for_;
    size_t team_, busy_ = 0;
    Network net_;
    std::vector<size_t> open_;
    Schedule made_;
    std::vector<size_t> desks_, desk_;  // the last task of each desk; the desk of each task
    Earliest<size_t> free_;
    Earliest<std::pair<std::int64_t, size_t>> ends_, may_begin_, ready_;
};

}  // namespace

Schedule schedule(const std::vector<Work>& tasks, const WaitsFor& waits_for, size_t team) { return Placing{tasks, waits_for, team}.run(); }

std::int64_t finish_at(const Schedule& schedule, const std::vector<Work>& tasks, int thousandths) {
    std::vector<std::int64_t> end(tasks.size());
    std::int64_t finish = 0;
    for (const size_t t : schedule.order) {
        std::int64_t start = tasks[t].begun ? 0 : tasks[t].earliest;
        for (const size_t before : schedule.after[t]) start = std::max(start, end[before]);
        end[t] = start + (tasks[t].minutes * thousandths + 999) / 1000;
        finish = std::max(finish, end[t]);
    }
    return finish;
}

}  // namespace domain

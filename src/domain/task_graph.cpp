// Feedback dependencies by strongly connected components, and Kahn's topological order.
#include "domain/task_graph.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <queue>

namespace domain {
namespace {

using Edge = std::pair<std::size_t, std::size_t>;
constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
constexpr std::size_t tried_again = 64;  // dependencies that one_by_one() may begin from: keeps it linear

// Tarjan's components, with a stack of its own: a hostile chain may be as long as the reply.
std::vector<std::vector<std::size_t>> components(const WaitsFor& graph, std::size_t& steps) {
    std::vector<std::size_t> index(graph.size(), none);
    std::vector<std::size_t> low(graph.size());
    std::vector<char> open(graph.size());
    std::vector<std::size_t> path;
    std::vector<Edge> calls;  // task, next dependency to follow
    std::vector<std::vector<std::size_t>> found;
    std::size_t next = 0;
    const auto enter = [&](std::size_t t) {
        index[t] = low[t] = next++;
        open[t] = 1;
        path.push_back(t);
        calls.emplace_back(t, 0);
    };
    for (std::size_t root = 0; root < graph.size(); ++root) {
        if (index[root] == none) enter(root);
        while (!calls.empty()) {
            ++steps;
            const std::size_t t = calls.back().first;
            if (calls.back().second < graph[t].size()) {
                const std::size_t d = graph[t][calls.back().second++];
                if (index[d] == none) enter(d);
                else if (open[d]) low[t] = std::min(low[t], index[d]);
                continue;
            }
            calls.pop_back();
            if (!calls.empty()) low[calls.back().first] = std::min(low[calls.back().first], low[t]);
            if (low[t] != index[t]) continue;
            std::vector<std::size_t> members;
            std::size_t member = none;
            do {
                member = path.back();
                path.pop_back();
                open[member] = 0;
                members.push_back(member);
            } while (member != t);
            if (members.size() > 1) {
                std::sort(members.begin(), members.end());
                found.push_back(std::move(members));
            }
        }
    }
    return found;
}

// The fewest: over all subsets, the cheapest way to put exactly those tasks first. A dependency on a task that comes
// later in the given order costs a little less, so that ties fall to it.
std::vector<Edge> exactly(const WaitsFor& component, std::size_t& steps) {
    const std::size_t n = component.size();
    std::vector<std::uint32_t> earlier(n);
    std::vector<std::uint32_t> later(n);
    for (std::size_t t = 0; t < n; ++t)
        for (const std::size_t d : component[t]) (d < t ? earlier : later)[t] |= 1U << d;
    constexpr int one = 1000;  // above the most ties there can be: 10 · 9
    std::vector<int> cost(std::size_t{1} << n, std::numeric_limits<int>::max());
    std::vector<std::size_t> last(cost.size());
    cost[0] = 0;
    for (std::uint32_t first = 0; first < cost.size(); ++first) {
        ++steps;
        for (std::size_t t = 0; t < n; ++t) {
            if (first >> t & 1U) continue;
            const int added = std::popcount(earlier[t] & ~first) * (one + 1) + std::popcount(later[t] & ~first) * one;
            const std::uint32_t both = first | 1U << t;
            if (cost[first] + added < cost[both]) {
                cost[both] = cost[first] + added;
                last[both] = t;
            }
        }
    }
    std::vector<Edge> removed;
    for (auto all = static_cast<std::uint32_t>(cost.size() - 1); all;) {
        const std::size_t t = last[all];
        all &= ~(1U << t);
        for (const std::size_t d : component[t])
            if (!(all >> d & 1U)) removed.emplace_back(t, d);
    }
    return removed;
}

// What a depth-first walk finds pointing back into its own path. Minimal: the path that each closes is kept.
template <class Roots>
std::vector<Edge> pointing_back(const WaitsFor& component, const Roots& roots, std::size_t& steps) {
    enum : char { unseen, on_path, done };
    std::vector<char> state(component.size(), unseen);
    std::vector<Edge> calls;
    std::vector<Edge> removed;
    for (const std::size_t root : roots) {
        if (state[root] != unseen) continue;
        state[root] = on_path;
        calls.emplace_back(root, 0);
        while (!calls.empty()) {
            ++steps;
            const std::size_t t = calls.back().first;
            if (calls.back().second == component[t].size()) {
                state[t] = done;
                calls.pop_back();
                continue;
            }
            const std::size_t d = component[t][calls.back().second++];
            if (state[d] == on_path) removed.emplace_back(t, d);
            if (state[d] != unseen) continue;
            state[d] = on_path;
            calls.emplace_back(d, 0);
        }
    }
    return removed;
}

// Begins without all that point to a later task, and puts back one by one what closes no cycle.
std::optional<std::vector<Edge>> one_by_one(const WaitsFor& component, std::size_t& steps) {
    WaitsFor kept(component.size());
    std::vector<Edge> removed;
    for (std::size_t t = 0; t < component.size(); ++t)
        for (const std::size_t d : component[t]) {
            if (d < t) kept[t].push_back(d);
            else removed.emplace_back(t, d);
        }
    if (removed.size() > tried_again) return std::nullopt;
    std::vector<Edge> needed;
    for (const auto& [t, d] : removed) {
        std::vector<char> seen(component.size());
        std::vector<std::size_t> open{d};
        seen[d] = 1;
        while (!open.empty() && !seen[t]) {
            const std::size_t at = open.back();
            open.pop_back();
            ++steps;
            for (const std::size_t next : kept[at]) {
                ++steps;
                if (seen[next]) continue;
                seen[next] = 1;
                open.push_back(next);
            }
        }
        if (seen[t]) needed.emplace_back(t, d);
        else kept[t].push_back(d);
    }
    return needed;
}

std::vector<Edge> closing(const WaitsFor& component, std::size_t& steps) {
    if (component.size() <= exact_component) return exactly(component, steps);
    std::vector<std::size_t> forward(component.size());
    for (std::size_t t = 0; t < forward.size(); ++t) forward[t] = t;
    const std::vector<std::size_t> backward(forward.rbegin(), forward.rend());
    auto best = pointing_back(component, backward, steps);
    auto other = pointing_back(component, forward, steps);
    if (other.size() < best.size()) best = std::move(other);
    const auto again = one_by_one(component, steps);
    return again && again->size() <= best.size() ? *again : best;
}

}  // namespace

Acyclic break_cycles(WaitsFor& graph) {
    Acyclic result{{}, 0};
    std::vector<std::size_t> place(graph.size(), none);  // in the component at hand
    for (const auto& members : components(graph, result.steps)) {
        for (std::size_t i = 0; i < members.size(); ++i) place[members[i]] = i;
        WaitsFor component(members.size());
        for (std::size_t i = 0; i < members.size(); ++i)
            for (const std::size_t d : graph[members[i]])
                if (place[d] != none) component[i].push_back(place[d]);
        for (const auto& [t, d] : closing(component, result.steps)) result.removed.emplace_back(members[t], members[d]);
        for (const std::size_t member : members) place[member] = none;
    }
    std::sort(result.removed.begin(), result.removed.end());
    for (std::size_t from = 0; from < result.removed.size();) {
        const std::size_t task = result.removed[from].first;
        std::size_t to = from;
        while (to < result.removed.size() && result.removed[to].first == task) ++to;
        std::erase_if(graph[task], [&](std::size_t d) {
            return std::binary_search(result.removed.begin() + static_cast<std::ptrdiff_t>(from),
                                      result.removed.begin() + static_cast<std::ptrdiff_t>(to), Edge{task, d});
        });
        from = to;
    }
    return result;
}

std::vector<std::size_t> working_order(const WaitsFor& graph) {
    std::vector<std::size_t> waiting(graph.size());
    WaitsFor followers(graph.size());
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t t = 0; t < graph.size(); ++t) {
        waiting[t] = graph[t].size();
        for (const std::size_t d : graph[t]) followers[d].push_back(t);
        if (graph[t].empty()) ready.push(t);
    }
    std::vector<std::size_t> order;
    order.reserve(graph.size());
    while (!ready.empty()) {
        const std::size_t t = ready.top();
        ready.pop();
        order.push_back(t);
        for (const std::size_t follower : followers[t])
            if (--waiting[follower] == 0) ready.push(follower);
    }
    return order;
}

std::vector<std::size_t> waits_through(const WaitsFor& graph, std::size_t from, std::size_t to) {
    std::vector<std::size_t> came(graph.size(), none), open{from};
    came[from] = from;
    for (std::size_t at = 0; at < open.size() && came[to] == none; ++at)
        for (const std::size_t next : graph[open[at]])
            if (came[next] == none) {
                came[next] = open[at];
                open.push_back(next);
            }
    std::vector<std::size_t> way;
    if (came[to] == none) return way;
    for (std::size_t t = to; t != from; t = came[t]) way.push_back(t);
    way.push_back(from);
    std::reverse(way.begin(), way.end());
    return way;
}

}  // namespace domain

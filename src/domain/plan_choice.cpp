// PlanChoice: matching by words, and dependencies over what is left out.
#include "domain/plan_choice.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "domain/task_words.h"

namespace domain {
namespace {

using Words = std::set<std::string>;

Words words_of(const std::string& title) {
    const auto list = words(title);
    return {list.begin(), list.end()};
}

// Places in `chosen` of what a task waits for; through those that are not chosen.
std::vector<std::size_t> reached(const WaitsFor& graph, std::size_t task, const std::vector<std::optional<std::size_t>>& place) {
    std::vector<char> seen(graph.size());
    std::vector<std::size_t> found, open{graph[task]};
    while (!open.empty()) {
        const std::size_t next = open.back();
        open.pop_back();
        if (seen[next]) continue;
        seen[next] = 1;
        if (place[next]) found.push_back(*place[next]);
        else open.insert(open.end(), graph[next].begin(), graph[next].end());
    }
    return found;
}

}  // namespace

std::vector<std::optional<std::size_t>> match_tasks(const std::vector<Titled>& now, const std::vector<Titled>& proposed) {
    std::vector<Words> old_words, new_words;
    for (const Titled& task : now) old_words.push_back(words_of(task.title));
    for (const Titled& task : proposed) new_words.push_back(words_of(task.title));
    std::vector<std::tuple<double, std::size_t, std::size_t>> likely;  // unlikeness, proposed, now
    for (std::size_t p = 0; p < proposed.size(); ++p)
        for (std::size_t n = 0; n < now.size(); ++n) {
            if (new_words[p].empty()) continue;
            const auto common = static_cast<double>(std::ranges::count_if(new_words[p], [&](const std::string& word) { return old_words[n].contains(word); }));
            const double all = static_cast<double>(new_words[p].size() + old_words[n].size()) - common;
            const double like = common / all;
            if (new_words[p] == old_words[n] || (like >= 0.5 && proposed[p].section == now[n].section)) likely.emplace_back(1 - like, p, n);
        }
    std::ranges::sort(likely);
    std::vector<std::optional<std::size_t>> matched(proposed.size());
    std::vector<char> taken(now.size());
    for (const auto& [unlike, p, n] : likely)
        if (!matched[p] && !taken[n]) {
            matched[p] = n;
            taken[n] = 1;
        }
    return matched;
}

Arranged arrange_chosen(const std::vector<Chosen>& chosen, const WaitsFor& now, const WaitsFor& proposed) {
    std::vector<std::optional<std::size_t>> place_now(now.size()), place_proposed(proposed.size());
    for (std::size_t c = 0; c < chosen.size(); ++c) {
        if (chosen[c].now) place_now[*chosen[c].now] = c;
        if (chosen[c].proposed) place_proposed[*chosen[c].proposed] = c;
    }
    Arranged result;
    for (std::size_t c = 0; c < chosen.size(); ++c) {
        auto waits = chosen[c].proposed ? reached(proposed, *chosen[c].proposed, place_proposed) : reached(now, *chosen[c].now, place_now);
        std::ranges::sort(waits);
        std::erase(waits, c);
        result.waits.push_back(std::move(waits));
    }
    result.removed = break_cycles(result.waits).removed;
    result.order = working_order(result.waits);
    return result;
}

}  // namespace domain

// Brings a plan to its size: merges tasks where there are too many, adds the template's where there are too few.
#include <algorithm>
#include <array>
#include <deque>
#include <set>

#include "core/form.h"
#include "domain/plan_parts.h"
#include "domain/task_graph.h"
#include "domain/task_words.h"
#include "domain/unicode.h"

namespace domain {
namespace {

// Above this many, tasks are first merged in runs: what follows looks at every pair of neighbours again and again.
constexpr std::size_t most_pairwise = 100;
constexpr std::size_t longest_title = 160, longest_description = 2000;
constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

struct Group {
    std::vector<std::size_t> members;   // tasks
    std::string_view section;
    int hours = 0;                      // not yet bounded
    std::set<std::size_t> waits_for;    // groups, each before this one
};

std::size_t section_of(const Task& task) {
    return static_cast<std::size_t>(std::find(sections.begin(), sections.end(), task.section) - sections.begin());
}

// An order that stays in one section as long as a task of it can come next.
std::vector<std::size_t> order_by_runs(const std::vector<Task>& tasks) {
    std::vector<std::size_t> waiting(tasks.size());
    WaitsFor followers(tasks.size());
    std::array<std::deque<std::size_t>, sections.size()> ready;
    for (std::size_t t = 0; t < tasks.size(); ++t) {
        waiting[t] = tasks[t].depends_on.size();
        for (const std::size_t d : tasks[t].depends_on) followers[d].push_back(t);
        if (waiting[t] == 0) ready[section_of(tasks[t])].push_back(t);
    }
    std::vector<std::size_t> order;
    std::size_t section = 0;
    while (order.size() < tasks.size()) {
        while (ready[section].empty()) section = (section + 1) % sections.size();
        const std::size_t t = ready[section].front();
        ready[section].pop_front();
        order.push_back(t);
        for (const std::size_t follower : followers[t])
            if (--waiting[follower] == 0) ready[section_of(tasks[follower])].push_back(follower);
    }
    return order;
}

// Neighbours in the order can always be one: nothing stands between them that one of them could wait for.
std::vector<Group> in_chunks(const std::vector<Task>& tasks, const std::vector<std::size_t>& order) {
    std::vector<std::vector<std::size_t>> chunks;
    const std::size_t most = (tasks.size() + most_pairwise / 2 - 1) / (most_pairwise / 2);
    for (const std::size_t t : order) {
        if (chunks.empty() || chunks.back().size() >= most || tasks[chunks.back().back()].section != tasks[t].section) chunks.emplace_back();
        chunks.back().push_back(t);
    }
    const std::size_t together = (chunks.size() + most_pairwise - 1) / most_pairwise;
    std::vector<Group> groups;
    std::vector<std::size_t> group_of(tasks.size());
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        if (i % together == 0) groups.emplace_back();
        groups.back().members.insert(groups.back().members.end(), chunks[i].begin(), chunks[i].end());
        for (const std::size_t t : chunks[i]) group_of[t] = groups.size() - 1;
    }
    for (std::size_t g = 0; g < groups.size(); ++g) {
        std::array<long, sections.size()> hours{};
        for (const std::size_t t : groups[g].members) {
            hours[section_of(tasks[t])] += tasks[t].hours;
            groups[g].hours += tasks[t].hours;
            for (const std::size_t d : tasks[t].depends_on)
                if (group_of[d] != g) groups[g].waits_for.insert(group_of[d]);
        }
        groups[g].section = sections[static_cast<std::size_t>(std::max_element(hours.begin(), hours.end()) - hours.begin())];
    }
    return groups;
}

struct Pair {
    std::size_t first = nowhere, second = nowhere;
    std::size_t at = nowhere;  // where the merged group stands: in the place of the first or the second
};

// The two of least hours that can be one. In one section: the second moves up to the first when it waits for nothing
// between them; the first moves down to the second when nothing between them waits for it.
Pair smallest_pair(const std::vector<Group>& groups) {
    Pair best;
    const auto better = [&](std::size_t i, std::size_t j) {
        return best.first == nowhere || groups[i].hours + groups[j].hours < groups[best.first].hours + groups[best.second].hours;
    };
    for (std::size_t i = 0; i < groups.size(); ++i) {
        std::size_t j = i + 1;
        while (j < groups.size() && groups[j].section != groups[i].section) ++j;
        if (j == groups.size() || !better(i, j)) continue;
        const auto latest = groups[j].waits_for.lower_bound(i + 1);
        if (latest == groups[j].waits_for.end()) {
            best = {i, j, i};
            continue;
        }
        bool awaited = false;
        for (std::size_t k = i + 1; k < j; ++k) awaited = awaited || groups[k].waits_for.contains(i);
        if (!awaited) best = {i, j, j};
    }
    if (best.first != nowhere) return best;
    for (std::size_t i = 0; i + 1 < groups.size(); ++i)
        if (better(i, i + 1)) best = {i, i + 1, i};
    return best;
}

void merge(std::vector<Group>& groups, const Pair& pair) {
    Group merged = groups[pair.first];
    Group& second = groups[pair.second];
    merged.members.insert(merged.members.end(), second.members.begin(), second.members.end());
    if (second.hours > merged.hours) merged.section = second.section;
    merged.hours += second.hours;
    merged.waits_for.insert(second.waits_for.begin(), second.waits_for.end());
    merged.waits_for.erase(pair.first);
    merged.waits_for.erase(pair.second);
    const std::size_t gone = pair.at == pair.first ? pair.second : pair.first;
    groups[pair.at] = std::move(merged);
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(gone));
    for (Group& group : groups) {
        std::set<std::size_t> now;
        for (const std::size_t d : group.waits_for) {
            const std::size_t target = d == gone ? pair.at : d;
            now.insert(target > gone ? target - 1 : target);
        }
        group.waits_for = std::move(now);
    }
}

// One task out of a group's: its own parts are named in the description, and all of them in a note.
Task merged_task(const Group& group, std::vector<Task>& tasks, Notebook& notes) {
    if (group.members.size() == 1) {
        Task task = std::move(tasks[group.members[0]]);
        task.depends_on = {group.waits_for.begin(), group.waits_for.end()};
        return task;
    }
    const std::size_t count = group.members.size();
    Task all{{}, {}, std::string{group.section}, "low", std::min(group.hours, most_hours), {group.waits_for.begin(), group.waits_for.end()}};
    std::size_t largest = group.members[0];
    for (const std::size_t t : group.members) {
        if (tasks[t].hours > tasks[largest].hours) largest = t;
        if (read_priority(tasks[t].priority) > read_priority(all.priority)) all.priority = tasks[t].priority;
    }
    std::string joined;
    for (const std::size_t t : group.members) {
        if (joined.size() > longest_description * 4) break;
        joined += (joined.empty() ? "" : " + ") + tasks[t].title;
    }
    all.title = count <= 3 && core::characters(joined) <= longest_title
                    ? joined
                    : shortened(tasks[largest].title, longest_title - 20) + " and " + std::to_string(count - 1) + " more";
    bool whole = true;
    const std::size_t room = longest_description / count;  // characters for each, of which the line feed is one
    for (const std::size_t t : group.members) {
        if (room < 12) break;
        const std::string part = tasks[t].title + ": " + one_line(tasks[t].description);
        whole = whole && core::characters(part) < room;
        all.description += (all.description.empty() ? "" : "\n") + shortened(part, room - 1);
    }
    if (room < 12) {
        whole = false;
        all.description = shortened("Covers " + std::to_string(count) + " tasks: " + joined, longest_description);
    }
    notes.note("merged", plural(count, "task") + (whole ? "" : ", their descriptions shortened,") + " in " + all.section + " become " + quoted(all.title) + ": " + joined + ".");
    if (group.hours > most_hours)
        notes.note("corrected", quoted(all.title) + ": the " + std::to_string(group.hours) + " hours of its parts are set to " + std::to_string(most_hours) + ".");
    return all;
}

// ---- Filling up

// The words of a title that say what it is about.
std::set<std::string> telling(std::string_view title) {
    static const std::set<std::string, std::less<>> common = {
        "a", "an", "the", "and", "or", "of", "for", "to", "in", "on", "with", "from", "by", "at", "all", "its", "it", "their", "them", "set", "up", "build", "create",
        "make", "implement", "develop", "add", "write", "do", "page", "site", "website", "task", "project", "new"};
    std::set<std::string> kept;
    for (std::string& word : words(title)) {
        if (common.contains(word)) continue;
        if (word.size() > 3 && word.back() == 's') word.pop_back();
        kept.insert(std::move(word));
    }
    return kept;
}

// Half of all their words are common to both, or the shorter (of two or more) is within the longer.
bool much_alike(const std::set<std::string>& a, const std::set<std::string>& b) {
    std::size_t common = 0;
    for (const auto& word : a) common += b.contains(word);
    const std::size_t all = a.size() + b.size() - common;
    const std::size_t fewer = std::min(a.size(), b.size());
    return (all > 0 && common * 2 >= all) || (fewer >= 2 && common == fewer);
}

}  // namespace

void merge_down(std::vector<Task>& tasks, Notebook& notes) {
    if (tasks.size() <= most_tasks) return;
    std::vector<Group> groups;
    if (tasks.size() > most_pairwise) {
        groups = in_chunks(tasks, order_by_runs(tasks));
    } else {
        for (std::size_t t = 0; t < tasks.size(); ++t)
            groups.push_back({{t}, sections[section_of(tasks[t])], tasks[t].hours, {tasks[t].depends_on.begin(), tasks[t].depends_on.end()}});
    }
    while (groups.size() > most_tasks) merge(groups, smallest_pair(groups));
    std::vector<Task> merged;
    std::set<std::string> titles;
    for (const Group& group : groups) {
        merged.push_back(merged_task(group, tasks, notes));
        const std::string stem = shortened(merged.back().title, longest_title - 12);
        for (std::size_t copy = 2; !titles.insert(folded(merged.back().title)).second; ++copy) merged.back().title = stem + " (" + std::to_string(copy) + ")";
    }
    tasks = std::move(merged);
}

void fill_up(std::vector<Task>& model, const std::vector<Task>& pattern, Notebook& notes) {
    std::vector<std::set<std::string>> about;
    std::set<std::string> titles;
    std::set<std::string, std::less<>> present;
    for (const Task& task : model) {
        about.push_back(telling(task.title));
        titles.insert(folded(task.title));
        present.insert(task.section);
    }
    const std::size_t own = model.size();
    std::vector<std::size_t> stands_for(pattern.size(), nowhere);  // pattern → model: added, or there already
    std::vector<char> added(pattern.size());
    std::size_t count = own;
    // Those of missing sections first; then any; then, should the plan still be short, even those that are much alike.
    for (int round = 0; round < 3 && count < fewest_tasks; ++round)
        for (std::size_t p = 0; p < pattern.size() && count < fewest_tasks; ++p) {
            if (added[p] || (round == 0 && present.contains(pattern[p].section))) continue;
            const auto words_of = telling(pattern[p].title);
            const auto alike = std::find_if(about.begin(), about.end(), [&](const auto& other) { return much_alike(words_of, other); });
            if (alike != about.end() && static_cast<std::size_t>(alike - about.begin()) < own) stands_for[p] = static_cast<std::size_t>(alike - about.begin());
            if ((round < 2 && alike != about.end()) || titles.contains(folded(pattern[p].title))) continue;
            added[p] = 1;
            ++count;
            about.push_back(words_of);
            titles.insert(folded(pattern[p].title));
        }
    // A pattern's task waits for what the pattern says, where that is here; for what it waited for, where it is not.
    std::vector<std::set<std::size_t>> waits_for(pattern.size());  // as model indices, or own + pattern index
    for (std::size_t p = 0; p < pattern.size(); ++p)
        for (const std::size_t d : pattern[p].depends_on) {
            if (added[d]) waits_for[p].insert(own + d);
            else if (stands_for[d] != nowhere) waits_for[p].insert(stands_for[d]);
            else waits_for[p].insert(waits_for[d].begin(), waits_for[d].end());
        }
    // Each goes behind what it waits for and behind the last task of its section or one before; one that waits for
    // nothing goes to the front.
    std::vector<std::size_t> order;  // model indices, and own + pattern index
    for (std::size_t t = 0; t < own; ++t) order.push_back(t);
    std::size_t front = 0;
    const auto task_at = [&](std::size_t i) -> const Task& { return i < own ? model[i] : pattern[i - own]; };
    for (std::size_t p = 0; p < pattern.size(); ++p) {
        if (!added[p]) continue;
        std::size_t place = front;
        if (!pattern[p].depends_on.empty())
            for (std::size_t i = 0; i < order.size(); ++i)
                if (waits_for[p].contains(order[i]) || section_of(task_at(order[i])) <= section_of(pattern[p])) place = i + 1;
        if (place == front) ++front;
        order.insert(order.begin() + static_cast<std::ptrdiff_t>(place), own + p);
    }
    std::vector<std::size_t> index(own + pattern.size());
    for (std::size_t i = 0; i < order.size(); ++i) index[order[i]] = i;
    std::vector<Task> all;
    for (const std::size_t from : order) {
        all.push_back(task_at(from));
        if (from >= own) {
            all.back().depends_on.assign(waits_for[from - own].begin(), waits_for[from - own].end());
            notes.note("filled", quoted(all.back().title) + " is added from the template.");
        }
        for (std::size_t& d : all.back().depends_on) d = index[d];
        std::sort(all.back().depends_on.begin(), all.back().depends_on.end());
    }
    model = std::move(all);
}

}  // namespace domain

// Reads the tasks of a model's reply and what their dependencies mean.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "core/form.h"
#include "core/json.h"
#include "domain/plan_parts.h"
#include "domain/task_words.h"
#include "domain/unicode.h"

namespace domain {
namespace {

using core::Json;
using Kind = Json::Kind;

constexpr std::size_t most_entries = 10'000;
constexpr std::size_t deepest_list = 4;
constexpr std::size_t longest_title = 160, longest_description = 2000;
constexpr std::size_t shortest_title = 3, shortest_description = 10;
constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

// ---- Finding the tasks

struct Entry {
    Json value;
    std::string section;  // of the group that it stood in
};

std::string bare(std::string_view key) {
    std::string letters;
    for (const auto& word : words(key)) letters += word;
    return letters;
}

Json member(const Json& object, std::string_view wanted) {
    if (auto value = object[wanted]) return value;
    for (const auto& key : object.keys())
        if (bare(key) == wanted) return object[key];
    return {};
}

void gather(const Json& value, const std::string& section, std::size_t depth, std::vector<Entry>& entries) {
    if (depth > deepest_list) return;
    if (value.is(Kind::array)) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            const Json element = value[i];
            const Json group = element.is(Kind::object) ? element["tasks"] : Json{};
            if (!group.is(Kind::array)) {
                entries.push_back({element, section});
                continue;
            }
            std::string name;
            for (const char* key : {"section", "name", "title", "phase"})
                if (name.empty()) name = element[key].text();
            gather(group, name, depth + 1, entries);
        }
        return;
    }
    if (!value.is(Kind::object)) return;
    if (const Json tasks = member(value, "tasks"); tasks.is(Kind::array) || tasks.is(Kind::object)) return gather(tasks, section, depth + 1, entries);
    for (const auto& key : value.keys()) {
        const Json inner = value[key];
        if (inner.is(Kind::array)) gather(inner, read_section(key) ? key : section, depth + 1, entries);
        else if (inner.is(Kind::object) && member(inner, "tasks")) gather(inner, section, depth + 1, entries);
    }
}

// ---- Reading one task

enum Field { title, description, section, priority, hours, dependencies, id, order, fields };
constexpr struct {
    std::string_view key;  // letters and digits in lower case
    Field field;
} names[] = {
    // Of several in one task, the one further up is read.
    {"title", title}, {"name", title}, {"task", title}, {"tasktitle", title}, {"taskname", title}, {"summary", title},
    {"description", description}, {"details", description}, {"detail", description}, {"desc", description}, {"detaileddescription", description},
    {"section", section}, {"category", section}, {"area", section}, {"phase", section}, {"type", section}, {"team", section},
    {"priority", priority}, {"importance", priority}, {"urgency", priority},
    {"estimatedhours", hours}, {"hours", hours}, {"estimate", hours}, {"estimation", hours}, {"effort", hours}, {"duration", hours}, {"time", hours},
    {"dependencies", dependencies}, {"dependson", dependencies}, {"depends", dependencies}, {"dependency", dependencies}, {"requires", dependencies},
    {"prerequisites", dependencies}, {"blockedby", dependencies}, {"after", dependencies}, {"waitsfor", dependencies},
    {"id", id}, {"taskid", id}, {"key", id}, {"number", id}, {"no", id}, {"index", id},
    {"order", order}, {"sortorder", order}, {"position", order},
};

const char* kind_of(const Json& value) {
    switch (value.kind()) {
        case Kind::none: return "missing";
        case Kind::null: return "null";
        case Kind::boolean: return "a boolean";
        case Kind::integer:
        case Kind::real: return "a number";
        case Kind::string: return "a string";
        case Kind::array: return "an array";
        case Kind::object: return "an object";
    }
    return "something else";
}

bool is_number(const Json& value) { return value.is(Kind::integer) || value.is(Kind::real); }

// A value as text: of a list, its texts line by line; of null and objects, nothing.
std::string readable(const Json& value) {
    if (value.is(Kind::string)) return std::string{value.text()};
    if (value.is(Kind::real) && value.integer() != 0) return std::to_string(value.integer());
    if (is_number(value) || value.is(Kind::boolean)) return value.dump();
    std::string text;
    for (std::size_t i = 0; value.is(Kind::array) && i < value.size(); ++i)
        if (value[i].is(Kind::string)) text += (text.empty() ? "" : "\n") + std::string{value[i].text()};
    return text;
}

struct Reference {
    std::string said;                    // as the model wrote it, in one line
    std::optional<std::int64_t> number;  // where it is one, or says one ("Task 3")
    const char* junk = nullptr;          // it is no reference at all, but this
};

// "3", "#3", "Task 3" and "T-03" → 3.
std::optional<std::int64_t> number_in(std::string_view text) {
    const std::size_t digit = text.find_first_of("0123456789");
    if (digit == text.npos || digit > 12 || text.size() - digit > 9) return std::nullopt;
    const auto before = words(text.substr(0, digit));
    static constexpr std::string_view known[] = {"task", "t", "id", "no", "nr", "number", "step", "item"};
    if (before.empty() ? text.substr(0, digit).find_first_not_of("# ([") != text.npos
                       : before.size() > 1 || std::find(std::begin(known), std::end(known), before[0]) == std::end(known))
        return std::nullopt;
    std::int64_t value = 0;
    const auto end = std::from_chars(text.data() + digit, text.data() + text.size(), value).ptr;
    return text.substr(static_cast<std::size_t>(end - text.data())).find_first_not_of("]). ") == text.npos ? std::optional{value} : std::nullopt;
}

// What stands for one task in the reply.
struct Entrant {
    std::size_t task = nowhere;  // in Reading::tasks
    std::string id;              // folded, or empty
    std::vector<Reference> references;
    double order = 0;
    bool ordered = false;
};

class Reader {
public:
    explicit Reader(Notebook& notes) : notes_{notes} {}

    Reading read(const std::vector<Entry>& entries) {
        entrants_.resize(entries.size());
        for (std::size_t i = 0; i < entries.size(); ++i) {
            entry_ = i + 1;
            read(entries[i], entrants_[i]);
        }
        tell_of_unused_keys();
        resolve();
        follow_order();
        return std::move(reading_);
    }

private:
    std::string named(std::string_view name) const { return "Task " + std::to_string(entry_) + (name.empty() ? "" : " (" + quoted(name) + ")"); }

    void read(const Entry& entry, Entrant& entrant) {
        Json found[fields];
        if (entry.value.is(Kind::object)) pick(entry.value, found);
        else if (entry.value.is(Kind::string)) found[title] = entry.value;
        Task task{one_line(readable(found[title])), lines(readable(found[description])), {}, {}, 0, {}};
        if (task.title.empty() && task.description.empty()) {
            const std::string why = entry.value.is(Kind::object) ? "has neither a title nor a description" : std::string{"is "} + kind_of(entry.value) + ", not an object";
            reading_.faults.add("Task " + std::to_string(entry_) + " " + why + ".");
            notes_.note("ignored", "Entry " + std::to_string(entry_) + " of the reply " + why + ": " + shortened(one_line(entry.value.dump().substr(0, 2000)), 200));
            return;
        }
        if (!entry.value.is(Kind::object)) reading_.faults.add(named(task.title) + " is a string, not an object.");
        const std::string whole_title = task.title;
        check_texts(task, found);
        task.section = read_word(task.title, found[section], entry.section);
        task.priority = read_priority_of(task.title, found[priority]);
        task.hours = read_hours_of(task.title, found[hours]);
        if (found[order] && is_number(found[order])) {
            entrant.order = found[order].number();
            entrant.ordered = true;
        }
        entrant.id = folded(readable(found[id] ? found[id] : found[order]));
        id_is_order_ |= !found[id] && !entrant.id.empty();
        read_references(found[dependencies], entrant.references);
        entrant.task = placed(std::move(task), whole_title);
    }

    void pick(const Json& object, Json (&found)[fields]) {
        std::size_t rank[fields];
        std::fill(std::begin(rank), std::end(rank), std::size(names));
        for (const auto& key : object.keys()) {
            const std::string letters = bare(key);
            const auto name = std::find_if(std::begin(names), std::end(names), [&](const auto& n) { return n.key == letters; });
            const auto place = static_cast<std::size_t>(name - std::begin(names));
            if (name == std::end(names) || place >= rank[name->field]) {
                unused(key);
                continue;
            }
            if (rank[name->field] < std::size(names)) unused(names[rank[name->field]].key);
            rank[name->field] = place;
            found[name->field] = object[key];
        }
    }

    void unused(std::string_view key) {
        std::string name = shortened(one_line(key.substr(0, 400)), 60);
        if (unused_.size() < 50 || unused_.contains(name)) ++unused_[std::move(name)];
        else ++unused_more_;
    }

    void tell_of_unused_keys() {
        for (const auto& [key, count] : unused_)
            notes_.note("ignored", plural(count, "task") + (count == 1 ? " has " : " have ") + quoted(key) + ", which a plan has no place for.");
        if (unused_more_ > 0) notes_.note("ignored", "Tasks have " + plural(unused_more_, "further member") + " that a plan has no place for.");
    }

    void check_texts(Task& task, const Json (&found)[fields]) {
        const auto name = [&, title_read = task.title] { return named(title_read); };
        if (core::characters(task.title) < shortest_title) reading_.faults.add(name() + " has no title, or one under 3 characters.");
        if (core::characters(task.description) < shortest_description) reading_.faults.add(name() + " has no description, or one under 10 characters.");
        for (const auto& [field, what] : {std::pair{title, "title"}, {description, "description"}}) {
            if (found[field] && !found[field].is(Kind::string) && !found[field].is(Kind::null))
                notes_.note("corrected", name() + ": its " + what + " was " + kind_of(found[field]) + " and is read as text.");
            const std::string_view text = found[field].text();
            for (std::size_t i = 0; i < text.size();) {
                const auto [c, size] = code_point(text, i);
                i += size;
                if (!is_control(c) || c == '\n' || c == '\r' || c == '\t') continue;
                notes_.note("corrected", name() + ": control characters are taken out of its " + what + ".");
                break;
            }
        }
        if (core::characters(task.title) > longest_title) {
            notes_.note("corrected", name() + ": its title is shortened; it was: " + shortened(task.title, 1500));
            reading_.slips.add(name() + " has a title of over 160 characters.");
            task.title = shortened(task.title, longest_title);
        }
        if (core::characters(task.description) > longest_description) {
            notes_.note("corrected", name() + ": its description of " + std::to_string(core::characters(task.description)) + " characters is shortened to 2000.");
            reading_.slips.add(name() + " has a description of over 2000 characters.");
            task.description = shortened(task.description, longest_description);
        }
    }

    std::string read_word(const std::string& task, const Json& value, const std::string& group) {
        const std::string said = one_line(value || group.empty() ? readable(value) : group);
        const auto known = read_section(said);
        if (!known) {
            reading_.faults.add(named(task) + " has the section " + quoted(said) + "; it must be Frontend, Backend, Database, Design, Testing or Deployment.");
            if (!said.empty()) notes_.note("corrected", named(task) + ": the section " + quoted(said) + " is unknown.");
            return {};
        }
        if (said != sections[*known]) notes_.note("corrected", named(task) + ": the section " + quoted(said) + " is read as " + std::string{sections[*known]} + ".");
        return std::string{sections[*known]};
    }

    std::string read_priority_of(const std::string& task, const Json& value) {
        const std::string said = one_line(readable(value));
        const auto known = read_priority(said);
        if (!known) {
            reading_.faults.add(named(task) + " has the priority " + quoted(said) + "; it must be low, medium or high.");
            if (!said.empty()) notes_.note("corrected", named(task) + ": the priority " + quoted(said) + " is unknown.");
            return {};
        }
        if (said != priorities[*known]) notes_.note("corrected", named(task) + ": the priority " + quoted(said) + " is read as " + std::string{priorities[*known]} + ".");
        return std::string{priorities[*known]};
    }

    int read_hours_of(const std::string& task, const Json& value) {
        const std::string said = shortened(one_line(readable(value)), 60);
        const auto number = is_number(value) ? std::optional{value.number()} : value.is(Kind::string) ? read_hours(value.text()) : std::nullopt;
        if (!number || !std::isfinite(*number)) {
            reading_.faults.add(named(task) + " has no number of hours from 1 to 200.");
            if (!said.empty()) notes_.note("corrected", named(task) + ": the hours " + quoted(said) + " are no number.");
            return 0;
        }
        const int whole = static_cast<int>(std::clamp(std::ceil(*number), 1.0, static_cast<double>(most_hours)));
        if (said != std::to_string(whole)) notes_.note("corrected", named(task) + ": the hours " + quoted(said) + " are read as " + std::to_string(whole) + ".");
        if (*number <= 0 || *number > most_hours) reading_.slips.add(named(task) + " has " + said + " hours; it must be 1 to 200.");
        return whole;
    }

    static void read_reference(std::string_view text, std::vector<Reference>& references) {
        std::string said = one_line(text);
        const std::string plain = folded(said);
        if (plain.empty() || plain == "none" || plain == "null" || plain == "n/a" || plain == "nothing") return;
        const bool negative = said.size() > 1 && said[0] == '-' && said[1] >= '0' && said[1] <= '9';
        const auto number = number_in(said);
        references.push_back({std::move(said), number, negative ? "a negative number" : nullptr});
    }

    static void read_references(const Json& value, std::vector<Reference>& references) {
        const auto one = [&](Json element) {
            if (element.is(Kind::object))
                for (const char* key : {"id", "taskId", "task", "title", "name"})
                    if (const Json inner = element[key]; inner.is(Kind::string) || is_number(inner)) {
                        element = inner;
                        break;
                    }
            if (element.is(Kind::string) || is_number(element)) read_reference(readable(element), references);
            else if (!element.is(Kind::null)) references.push_back({shortened(one_line(element.dump().substr(0, 400)), 60), std::nullopt, kind_of(element)});
        };
        if (value.is(Kind::array)) {
            for (std::size_t i = 0; i < value.size(); ++i) one(value[i]);
        } else if (value) {
            one(value);
        }
    }

    // The task's index, or that of the same task when it stands there already.
    std::size_t placed(Task task, const std::string& whole_title) {
        const std::size_t index = reading_.tasks.size();
        const std::string key = folded(task.title);
        if (const auto same = taken_.find(key); same != taken_.end() && !key.empty()) {
            Task& other = reading_.tasks[same->second];
            if (other.section == task.section && folded(other.description) == folded(task.description)) {
                notes_.note("merged", named(task.title) + " repeats an earlier task and is merged into it.");
                reading_.slips.add(named(task.title) + " repeats an earlier task.");
                other.hours = std::max(other.hours, task.hours);
                if (read_priority(task.priority) > read_priority(other.priority)) other.priority = task.priority;
                return same->second;
            }
            const std::string stem = shortened(task.title, longest_title - 12);
            std::size_t& copy = copies_[key];
            std::string title;
            do title = stem + " (" + std::to_string(++copy + 1) + ")";
            while (taken_.contains(folded(title)));
            notes_.note("corrected", named(task.title) + " has the title of another task and is called " + quoted(title) + ".");
            reading_.slips.add(named(task.title) + " has the title of another task.");
            task.title = title;
        }
        taken_.emplace(folded(task.title), index);
        by_title_.emplace(whole_title, index);
        by_folded_.emplace(folded(whole_title), index);
        reading_.tasks.push_back(std::move(task));
        return index;
    }

    // ---- Dependencies

    void resolve() {
        for (std::size_t i = 0; i < entrants_.size(); ++i) {
            if (entrants_[i].id.empty() || entrants_[i].task == nowhere) continue;
            const auto [other, fresh] = by_id_.emplace(entrants_[i].id, entrants_[i].task);
            if (fresh || other->second == entrants_[i].task || id_is_order_) continue;
            const std::string both = "The id " + quoted(entrants_[i].id) + " stands for " + quoted(reading_.tasks[other->second].title) + " and for " +
                                     quoted(reading_.tasks[entrants_[i].task].title);
            notes_.note("corrected", both + "; dependencies on it mean the first.");
            reading_.faults.add(both + "; each task needs an id of its own.");
        }
        for (auto& entrant : entrants_) part_lists(entrant.references);
        read_numbers();
        for (std::size_t i = 0; i < entrants_.size(); ++i) {
            entry_ = i + 1;
            if (entrants_[i].task == nowhere) continue;
            for (const auto& reference : entrants_[i].references) add(entrants_[i].task, reference);
        }
        for (Task& task : reading_.tasks) std::sort(task.depends_on.begin(), task.depends_on.end());
    }

    std::optional<std::size_t> find_said(const std::string& said) const {
        const std::string key = folded(said);
        if (const auto task = by_id_.find(key); task != by_id_.end()) return task->second;
        if (const auto task = by_title_.find(said); task != by_title_.end()) return task->second;
        if (const auto task = by_folded_.find(key); task != by_folded_.end()) return task->second;
        return std::nullopt;
    }

    // "1, 2; 3" in one string, where at least one part is a task and the whole is none.
    void part_lists(std::vector<Reference>& references) const {
        std::vector<Reference> all;
        for (auto& reference : references) {
            std::vector<Reference> parts;
            if (!reference.junk && reference.said.find_first_of(",;") != reference.said.npos && !find_said(reference.said))
                for (std::size_t begin = 0; begin <= reference.said.size();) {
                    const std::size_t end = std::min(reference.said.find_first_of(",;", begin), reference.said.size());
                    read_reference(std::string_view{reference.said}.substr(begin, end - begin), parts);
                    begin = end + 1;
                }
            if (std::any_of(parts.begin(), parts.end(), [&](const Reference& part) { return part.number || find_said(part.said); }))
                std::move(parts.begin(), parts.end(), std::back_inserter(all));
            else
                all.push_back(std::move(reference));
        }
        references = std::move(all);
    }

    // One meaning for all numbers of the reply: ids when any of them is one; else positions, counted from 0 when that
    // leaves fewer of them without a task, otherwise from 1.
    void read_numbers() {
        std::size_t numbers = 0;
        std::size_t outside[2] = {};
        const auto count = static_cast<std::int64_t>(entrants_.size());
        for (const auto& entrant : entrants_)
            for (const auto& reference : entrant.references) {
                if (!reference.number) continue;
                if (by_id_.contains(std::to_string(*reference.number))) return;
                if (find_said(reference.said)) continue;
                ++numbers;
                outside[0] += *reference.number >= count;
                outside[1] += *reference.number < 1 || *reference.number > count;
            }
        if (numbers == 0) return;
        first_position_ = outside[0] < outside[1] ? 0 : 1;
        notes_.note("reply", "Dependencies are given as positions, counted from " + std::to_string(*first_position_) + ".");
    }

    std::optional<std::size_t> find(const Reference& reference) const {
        if (const auto task = find_said(reference.said)) return task;
        if (!reference.number) return std::nullopt;
        if (!first_position_) {
            const auto task = by_id_.find(std::to_string(*reference.number));
            return task == by_id_.end() ? std::nullopt : std::optional{task->second};
        }
        const std::int64_t place = *reference.number - *first_position_;
        if (place < 0 || place >= static_cast<std::int64_t>(entrants_.size())) return std::nullopt;
        const std::size_t task = entrants_[static_cast<std::size_t>(place)].task;
        return task == nowhere ? std::nullopt : std::optional{task};
    }

    void add(std::size_t task, const Reference& reference) {
        const auto target = reference.junk ? std::nullopt : find(reference);
        const auto refuse = [&](const std::string& why) {
            const std::string what = named(reading_.tasks[task].title) + ": the dependency on " + quoted(reference.said);
            notes_.note("removed", what + " is removed: " + why + ".");
            reading_.slips.add(what + " is wrong: " + why + ".");
        };
        if (!target) return refuse(reference.junk ? std::string{"it is "} + reference.junk : "there is no such task");
        if (*target == task) return refuse("a task cannot wait for itself");
        if (!pairs_.emplace(task, *target).second) return refuse("it is named twice");
        reading_.tasks[task].depends_on.push_back(*target);
    }

    // The order that the reply states is taken where every task has one of its own.
    void follow_order() {
        std::vector<std::pair<double, std::size_t>> stated(reading_.tasks.size(), {0, nowhere});
        for (const auto& entrant : entrants_)
            if (entrant.task != nowhere && entrant.ordered) stated[entrant.task] = {entrant.order, entrant.task};
        for (const auto& [place, task] : stated)
            if (task == nowhere) return;
        if (std::is_sorted(stated.begin(), stated.end())) return;
        std::stable_sort(stated.begin(), stated.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        for (std::size_t i = 1; i < stated.size(); ++i)
            if (stated[i].first == stated[i - 1].first) return;
        std::vector<std::size_t> now(stated.size());
        for (std::size_t i = 0; i < stated.size(); ++i) now[stated[i].second] = i;
        std::vector<Task> tasks(stated.size());
        for (std::size_t i = 0; i < stated.size(); ++i) {
            tasks[i] = std::move(reading_.tasks[stated[i].second]);
            for (std::size_t& d : tasks[i].depends_on) d = now[d];
            std::sort(tasks[i].depends_on.begin(), tasks[i].depends_on.end());
        }
        reading_.tasks = std::move(tasks);
        notes_.note("reply", "The tasks are put in the order that they state.");
    }

    Notebook& notes_;
    Reading reading_;
    std::vector<Entrant> entrants_;
    std::map<std::string, std::size_t> taken_;   // titles in Reading::tasks, folded → task
    std::map<std::string, std::size_t> copies_;  // the same → how many were given a number
    std::map<std::string, std::size_t> by_id_, by_title_, by_folded_;  // as the reply has them → task
    std::optional<std::int64_t> first_position_;  // where numbers are positions
    std::set<std::pair<std::size_t, std::size_t>> pairs_;
    std::map<std::string, std::size_t> unused_;
    std::size_t unused_more_ = 0;
    std::size_t entry_ = 0;  // being read, counted from 1
    bool id_is_order_ = false;
};

}  // namespace

Reading read_reply(std::string_view model_text, Notebook& notes) {
    std::string fault;
    const auto json = find_json(model_text, notes, fault);
    Reading nothing;
    if (!json) {
        notes.note("reply", fault);
        nothing.faults.add(fault);
        return nothing;
    }
    std::vector<Entry> entries;
    gather(*json, {}, 0, entries);
    const bool usual = json->is(Kind::object) && (*json)["tasks"].is(Kind::array);
    if (entries.empty()) {
        fault = usual ? "The array “tasks” is empty." : std::string{"The reply is "} + kind_of(*json) + " without an array “tasks”.";
        notes.note("reply", fault);
        nothing.faults.add(fault);
        return nothing;
    }
    if (!usual) notes.note("reply", "The tasks did not stand in an array “tasks”, but were found.");
    if (entries.size() > most_entries) {
        notes.note("ignored", "Of " + std::to_string(entries.size()) + " entries of the reply, the first 10000 are read.");
        entries.resize(most_entries);
    }
    return Reader{notes}.read(entries);
}

}  // namespace domain

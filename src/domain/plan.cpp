// The two readings of a model's reply, and the steps that both share.
#include "domain/plan.h"

#include <algorithm>
#include <set>

#include "core/form.h"
#include "domain/plan_parts.h"
#include "domain/planner.h"
#include "domain/task_graph.h"
#include "domain/task_words.h"
#include "domain/unicode.h"

namespace domain {
namespace {

constexpr std::size_t most_notes = 1000;
constexpr std::size_t longest_note = 2000;
constexpr std::size_t most_faults = 60;

// What a task without an estimate takes, by section: the median of the built-in templates' hours.
int usual_hours(std::string_view section) {
    if (section == "Frontend" || section == "Backend") return 6;
    if (section == "Testing" || section == "Deployment") return 3;
    return 4;
}

}  // namespace

const char* const task_schema = R"({"type":"object","properties":{"tasks":{"type":"array","minItems":15,"maxItems":25,"items":{"type":"object","properties":{
"id":{"type":"integer","minimum":1,"maximum":25,"description":"1 for the first task, then 2, 3 and so on"},
"title":{"type":"string","description":"What is done, in 3 to 160 characters; no two tasks share a title"},
"description":{"type":"string","description":"How it is done and when it is finished, in 10 to 2000 characters"},
"section":{"type":"string","enum":["Frontend","Backend","Database","Design","Testing","Deployment"]},
"priority":{"type":"string","enum":["low","medium","high"]},
"estimatedHours":{"type":"integer","minimum":1,"maximum":200,"description":"Hours of one person's work"},
"dependencies":{"type":"array","items":{"type":"integer","minimum":1,"maximum":25},"description":"ids of the tasks that have to be finished before this one can begin; no circles; empty if there are none"}},
"required":["id","title","description","section","priority","estimatedHours","dependencies"],
"propertyOrdering":["id","title","description","section","priority","estimatedHours","dependencies"],
"additionalProperties":false}}},"required":["tasks"],"additionalProperties":false})";

void Notebook::note(std::string kind, std::string_view detail) {
    if (notes_.size() >= most_notes) ++uncounted_[kind];
    else notes_.push_back({std::move(kind), shortened(one_line(detail), longest_note)});
}

std::vector<Note> Notebook::take() {
    std::string more;
    for (const auto& [kind, count] : uncounted_) more += (more.empty() ? "Further notes: " : ", ") + std::to_string(count) + " " + kind;
    if (!more.empty()) notes_.push_back({"more", more + "."});
    uncounted_.clear();
    return std::move(notes_);
}

void Faults::add(std::string sentence) {
    if (sentences_.size() >= most_faults) ++uncounted_;
    else sentences_.push_back(std::move(sentence));
}

void Faults::append(Faults more) {
    for (auto& sentence : more.sentences_) add(std::move(sentence));
    uncounted_ += more.uncounted_;
}

std::vector<std::string> Faults::take() {
    if (uncounted_ > 0) sentences_.push_back("There are " + std::to_string(uncounted_) + " more faults of these kinds.");
    return std::move(sentences_);
}

std::string quoted(std::string_view title) { return "“" + shortened(one_line(title.substr(0, 1000)), 80) + "”"; }

std::string plural(std::size_t count, std::string_view one) { return std::to_string(count) + " " + std::string{one} + (count == 1 ? "" : "s"); }

void reorder(std::vector<Task>& tasks, const std::vector<std::size_t>& order) {
    std::vector<std::size_t> place(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    std::vector<Task> ordered(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        ordered[i] = std::move(tasks[order[i]]);
        for (std::size_t& d : ordered[i].depends_on) d = place[d];
        std::sort(ordered[i].depends_on.begin(), ordered[i].depends_on.end());
    }
    tasks = std::move(ordered);
}

void arrange(std::vector<Task>& tasks, Notebook& notes, Faults* slips) {
    WaitsFor graph(tasks.size());
    for (std::size_t t = 0; t < tasks.size(); ++t) graph[t] = tasks[t].depends_on;
    for (const auto& [task, other] : break_cycles(graph).removed) {
        const std::string what = quoted(tasks[task].title) + " waits for " + quoted(tasks[other].title) + ", which waits, over however many steps, for the first";
        notes.note("removed", what + "; this dependency is removed.");
        if (slips) slips->add(what + ": a circle.");
    }
    const auto order = working_order(graph);
    for (std::size_t t = 0; t < tasks.size(); ++t) tasks[t].depends_on = std::move(graph[t]);
    reorder(tasks, order);
}

void complete(std::vector<Task>& tasks, Notebook& notes) {
    std::set<std::string> titles;
    for (const Task& task : tasks) titles.insert(folded(task.title));
    for (Task& task : tasks) {
        if (core::characters(task.title) < 3) {
            const std::string stem = task.description.empty() ? task.title + " (task)" : shortened(one_line(task.description), 60);
            std::string title = stem;
            for (std::size_t copy = 2; !titles.insert(folded(title)).second; ++copy) title = stem + " (" + std::to_string(copy) + ")";
            notes.note("filled", "A task with the title " + quoted(task.title) + " is called " + quoted(title) + ".");
            task.title = title;
        }
        if (core::characters(task.description) < 10) {
            task.description = task.title + ": " + (task.description.empty() ? "to be described before work on it begins." : task.description);
            if (core::characters(task.description) < 10) task.description += " (to be described)";
            notes.note("filled", quoted(task.title) + " had no description; its title stands for it.");
        }
        if (task.section.empty()) {
            task.section = sections[read_section(task.title).value_or(3)];
            notes.note("filled", quoted(task.title) + " is put in " + task.section + ".");
        }
        if (task.priority.empty()) {
            task.priority = "medium";
            notes.note("filled", quoted(task.title) + " is given medium priority.");
        }
        if (task.hours == 0) {
            task.hours = usual_hours(task.section);
            notes.note("filled", quoted(task.title) + " is given " + plural(static_cast<std::size_t>(task.hours), "hour") + ", as usual in " + task.section + ".");
        }
    }
}

Import import_plan(std::string_view model_text) {
    Notebook notes;
    Reading reading = read_reply(model_text, notes);
    Faults faults;
    const std::size_t count = reading.tasks.size();
    if (count > 0 && (count < fewest_tasks || count > most_tasks)) faults.add("There are " + plural(count, "task") + "; there must be 15 to 25.");
    faults.append(std::move(reading.faults));
    const bool good = faults.empty();
    arrange(reading.tasks, notes, &reading.slips);
    Import result{std::nullopt, {}, notes.take()};
    if (good) {
        result.plan = Plan{std::move(reading.tasks), result.notes};
    } else {
        faults.append(std::move(reading.slips));
        result.faults = faults.take();
    }
    return result;
}

Plan settle_plan(std::string_view model_text, const Brief& brief) {
    Notebook notes;
    std::vector<Task> tasks = read_reply(model_text, notes).tasks;
    if (tasks.empty()) {
        notes.note("template", "The reply held no task; the plan is the template's.");
        Plan plan = draft_plan(brief);
        for (const Note& note : plan.notes) notes.note(note.kind, note.detail);
        return {std::move(plan.tasks), notes.take()};
    }
    complete(tasks, notes);
    arrange(tasks, notes);
    merge_down(tasks, notes);
    if (tasks.size() < fewest_tasks) fill_up(tasks, draft_plan(brief).tasks, notes);
    return {std::move(tasks), notes.take()};
}

}  // namespace domain

// PlanParts: the steps that plan.cpp and planner.cpp put together. Used by these only.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "domain/plan.h"

namespace domain {

// Collects notes: the first thousand as they are, the rest counted by kind.
class Notebook {
public:
    void note(std::string kind, std::string_view detail);
    std::vector<Note> take();

private:
    std::vector<Note> notes_;
    std::map<std::string, std::size_t> uncounted_;
};

// Sentences for the model: the first sixty as they are (more would crowd out the task itself), the rest counted.
class Faults {
public:
    void add(std::string sentence);
    bool empty() const { return sentences_.empty(); }
    void append(Faults more);
    std::vector<std::string> take();

private:
    std::vector<std::string> sentences_;
    std::size_t uncounted_ = 0;
};

std::string quoted(std::string_view title);  // “title”, shortened for a note
std::string plural(std::size_t count, std::string_view one);  // "1 task", "2 tasks"

// The JSON of a reply, or a sentence in `fault`. A reply that was cut off is not made whole.
std::optional<core::Json> find_json(std::string_view text, Notebook& notes, std::string& fault);

// What a reply holds, before its size and its cycles are looked at. A task without a readable title, description, section,
// priority or hours has that empty (0); depends_on is in the reply's order, and may form cycles.
struct Reading {
    std::vector<Task> tasks;  // titles differ; those of the reply that have at least a title or a description
    Faults faults;            // that make tasks or the reply unusable
    Faults slips;             // that were mended, but that the model should hear of when it writes again
};
Reading read_reply(std::string_view model_text, Notebook& notes);

// Removes the dependencies that close a cycle (each noted), and puts tasks after what they wait for. What was removed is
// also said in slips, for the model.
void arrange(std::vector<Task>& tasks, Notebook& notes, Faults* slips = nullptr);

// Fills in what a task lacks: a title from its description and the other way round, typical hours, and so on.
void complete(std::vector<Task>& tasks, Notebook& notes);

// Arranged tasks in, arranged tasks out: merges the smallest neighbours of a section until no more than most_tasks are
// left; where no two of one section can be merged without a cycle, neighbours in the order.
void merge_down(std::vector<Task>& tasks, Notebook& notes);

// Adds tasks of the template until there are fewest_tasks, those of missing sections first, none that is there already in
// other words. `model` is arranged and has less than fewest_tasks; `pattern` is arranged and has at least as many.
void fill_up(std::vector<Task>& model, const std::vector<Task>& pattern, Notebook& notes);

}  // namespace domain

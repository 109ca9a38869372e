// Plan: a project's tasks and what each waits for, read from a model's reply so that nothing is lost silently.
// Plain functions without state: any thread may call them. They throw nothing but std::bad_alloc.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace domain {

constexpr std::size_t fewest_tasks = 15, most_tasks = 25;  // seeds/000 §7: "15-25 tasks"

struct Task {
    std::string title, description;  // one line of 3–160 characters; up to 2,000 characters, lines kept
    std::string section;             // Frontend, Backend, Database, Design, Testing, Deployment
    std::string priority;            // low, medium, high
    int hours;                       // whole hours of work, 1..200
    std::vector<std::size_t> depends_on;  // indices into Plan::tasks, each below this task's own, ascending
};

// One change that was made to what the model wrote. Kinds: reply (fence, prose or an unusual shape around it; how
// dependencies were read), removed (a dependency), corrected, merged, filled (from the template), ignored (a part that
// a plan has no place for), template (the whole plan is the template's), wish (work beyond the service's usual scope).
// The detail names the task and the reason. A thousand notes are listed one by one; one of kind more then counts the rest.
struct Note {
    std::string kind, detail;
};

struct Plan {
    std::vector<Task> tasks;
    std::vector<Note> notes;
};

struct Import {
    std::optional<Plan> plan;         // there when fewest_tasks..most_tasks good tasks came out
    std::vector<std::string> faults;  // empty exactly when there is a plan; else sentences for the model, exact
    std::vector<Note> notes;          // also when there is no plan
};

// The strict first reading. Synonyms, numbers as strings, titles as dependencies and the like are mapped and noted; bad
// dependencies are removed (task_graph.h says what the smallest removal is) and noted; too few, too many or unusable
// tasks are faults. Linear in the reply's size but for sorting.
Import import_plan(std::string_view model_text);

struct Brief;  // planner.h

// The second reading, which never fails: always fewest_tasks..most_tasks tasks without a cycle. Mends what it can, fills
// up from the template, merges the smallest neighbours of a section, or takes the whole template; each is noted.
Plan settle_plan(std::string_view model_text, const Brief& brief);

// JSON Schema (Gemini's responseJsonSchema) of the reply that import_plan reads without a single note.
extern const char* const task_schema;

}  // namespace domain

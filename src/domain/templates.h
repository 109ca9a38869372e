// Templates: what a project of each service is made of, and what certain wishes add to it. Constant texts, shared freely.
#pragma once
#include <span>
#include <string_view>

namespace domain {

// What an answer is about, as the six sections of a requirements document need it.
enum class About { general, audience, features, technical, design, success, nothing };

struct TaskPattern {
    std::string_view id;  // for `after`
    std::string_view section, priority;
    int hours;  // before they are scaled to the price: see planner.cpp
    std::string_view title, description;
    std::string_view after;  // ids of patterns, with spaces; those that the plan does not have count for nothing
    About answers = About::nothing;  // which answers are quoted in its description
};

struct Template {
    std::string_view name;  // as in service_types.plan_template
    std::string_view is;    // "a single page that …"
    std::span<const std::string_view> audience, features, technical, design, success;  // lines of the document
    std::span<const TaskPattern> tasks;  // fewest_tasks at least; "parts" is split by what the client lists
    std::string_view covers;             // ids of wishes that its tasks fulfil already, with spaces
};

// A wish that shows in the client's words, and what it adds. Tasks of wishes and of the template wait for one another by
// id, where the plan has the task; the template's "test" waits for all that was wished.
struct Wish {
    std::string_view id;
    std::string_view said_as;             // words or phrases, with "|" between; a * at the end stands for any ending
    std::string_view feature, technical;  // lines of the document, where not empty
    std::span<const TaskPattern> tasks;
};

// By the name that the service has in the database. Without one: the care plan for a service that is called one, or else
// the template for whatever is sold.
const Template& template_for(std::string_view plan_template, std::string_view service);
std::span<const Template> templates();
std::span<const Wish> wishes();

}  // namespace domain

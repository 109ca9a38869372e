// Planner: writes requirements and tasks without AI, from the service's template and the client's answers.
// Plain functions without state: any thread may call them. They throw nothing but std::bad_alloc.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "domain/plan.h"

namespace domain {

struct Answer {
    std::string key, question, value;  // the value is readable: lists joined by ", "
};

struct Brief {
    std::string service, description, client, timeline;
    std::string plan_template;  // landing-page, business-website, e-commerce, web-application; else the generic one
    std::int64_t price = 0;     // pesos
    std::vector<Answer> answers;
    std::string language = "en";  // the agency's own: in which a plan is written.
};

// Markdown with the six sections of seeds/000, marked as a draft in its first line. Every answer is in it; client text
// is escaped, so that it cannot add headings, lists, tables, HTML or images.
std::string draft_prd(const Brief& brief);

// fewest_tasks..most_tasks tasks without a cycle; more of them for what the description and the answers ask for.
Plan draft_plan(const Brief& brief);

}  // namespace domain

// Prompts: the wording of what a model is asked. Everything that clients wrote stands between marks that it cannot contain; what
// staff wish stands outside of them.
// Plain functions without state: any thread may call them.
#pragma once
#include <string>
#include <string_view>

#include "domain/planner.h"

namespace domain {

struct Wording {
    std::string instruction, request;  // the system's; the user's
};

// A mark that does not occur in the data, for instance `wanted`.
std::string mark_for(std::string_view data, std::string_view wanted = {});
// Data between two lines that bear one mark.
std::string fenced(std::string_view data, std::string_view mark = {});

Wording prd_wording(const Brief& brief, std::string_view wishes = {}, std::string_view mark = {});
Wording tasks_wording(const Brief& brief, std::string_view prd, std::string_view wishes = {}, std::string_view mark = {});

}  // namespace domain

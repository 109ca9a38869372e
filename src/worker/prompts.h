// Prompts: what Gemini is told. Everything that clients wrote stands between marks that it cannot contain.
// Plain functions without state: any thread may call them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "domain/planner.h"
#include "gateways/gemini.h"

namespace worker {

// Data between two lines that bear one random mark, which does not occur in the data.
std::string fenced(std::string_view data);

gateways::Prompt prd_prompt(const domain::Brief& brief);
gateways::Prompt tasks_prompt(const domain::Brief& brief, std::string_view prd);

// What came back, and what has to change in it.
void send_back(gateways::Prompt& prompt, std::string_view reply, const std::vector<std::string>& faults, std::string_view wanted);

}  // namespace worker

// Prompts: what Gemini is told, by the wording of domain/prompts.h.
// Plain functions without state: any thread may call them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "domain/planner.h"
#include "gateways/gemini.h"

namespace worker {

gateways::Prompt prd_prompt(const domain::Brief& brief, std::string_view wishes = {}, std::string_view mark = {});
gateways::Prompt tasks_prompt(const domain::Brief& brief, std::string_view prd, std::string_view wishes = {}, std::string_view mark = {});

// What came back, and what has to change in it.
void send_back(gateways::Prompt& prompt, std::string_view reply, const std::vector<std::string>& faults, std::string_view wanted);

}  // namespace worker

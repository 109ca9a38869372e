// Fuzzes the reading of a model's reply: the first reading gives a sound plan or faults, the second always a sound plan.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "domain/planner.h"
#include "sound_plan.h"

namespace {

void demand(const std::string& wrong) {
    if (wrong.empty()) return;
    std::fprintf(stderr, "%s\n", wrong.c_str());
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto import = domain::import_plan(text);
    if (import.plan) demand(fuzz::wrong_in_plan(*import.plan));
    demand(import.plan.has_value() == import.faults.empty() ? "" : "a plan with faults, or neither");
    if (import.faults.size() > 62) demand("too many faults");
    // The same bytes as an answer: the template's part has to bear them too.
    const domain::Brief brief{"Business Website", std::string{text.substr(0, 500)}, "Client", "3-4 weeks", "business-website", 35'000,
                              {{"needed_pages", "Which pages?", std::string{text.substr(0, 200)}}}};
    demand(fuzz::wrong_in_plan(domain::settle_plan(text, brief)));
    return 0;
}

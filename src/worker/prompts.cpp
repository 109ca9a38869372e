// Prompts: wordings as prompts, and what is sent back.
#include "worker/prompts.h"

#include "domain/prompts.h"

namespace worker {
namespace {

// One line: an answer cannot pretend to be another one.
std::string one_line(std::string_view text) {
    std::string out;
    for (const char c : text)
        if (static_cast<unsigned char>(c) > 0x20) out += c;
        else if (!out.empty() && out.back() != ' ') out += ' ';
    return out;
}

gateways::Prompt prompt_of(domain::Wording wording, const char* schema) {
    gateways::Prompt prompt;
    prompt.instruction = std::move(wording.instruction);
    prompt.turns = {{false, std::move(wording.request)}};
    prompt.schema = schema;
    return prompt;
}

}  // namespace

gateways::Prompt prd_prompt(const domain::Brief& brief, std::string_view wishes, std::string_view mark) {
    return prompt_of(domain::prd_wording(brief, wishes, mark), nullptr);
}

gateways::Prompt tasks_prompt(const domain::Brief& brief, std::string_view prd, std::string_view wishes, std::string_view mark) {
    return prompt_of(domain::tasks_wording(brief, prd, wishes, mark), domain::task_schema);
}

void send_back(gateways::Prompt& prompt, std::string_view reply, const std::vector<std::string>& faults, std::string_view wanted) {
    constexpr std::size_t longest = 100'000;  // what is longer is not worth sending back
    constexpr std::size_t most_faults = 40;
    if (reply.size() <= longest && reply.find_first_not_of(" \t\r\n") != reply.npos) prompt.turns.push_back({true, std::string{reply}});
    std::string text = "This cannot be used as it is:\n";
    for (std::size_t i = 0; i < faults.size() && i < most_faults; ++i) text += "- " + one_line(faults[i]) + "\n";
    if (faults.size() > most_faults) text += "- and " + std::to_string(faults.size() - most_faults) + " more of the kind\n";
    text += wanted;
    if (prompt.turns.back().by_model) prompt.turns.push_back({false, text});
    else prompt.turns.back().text += "\n\n" + text;
}

}  // namespace worker

// Prd: the six sections that every requirements document has (seeds/000 §7), found in and put into Markdown.
// Plain functions without state: any thread may call them.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace domain {

inline constexpr std::array<std::string_view, 6> prd_sections = {
    "Project Overview", "Target Audience", "Core Features", "Technical Requirements", "Design Specifications", "Success Metrics"};

// Line ends as LF, without blank edges and without a code fence around the whole.
std::string tidied_prd(std::string_view markdown);

// The names that no heading bears. A heading may be of any level or a bold line, numbered, and say more than the name.
std::vector<std::string_view> missing_sections(std::string_view markdown);

// The document with its missing sections taken from another one, each in its place.
std::string completed_prd(std::string markdown, std::string_view from);

}  // namespace domain

// TaskWords: the words for sections, priorities and hours that people and models write, and those that a task may have.
// Plain functions; any thread may call them.
#pragma once
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace domain {

constexpr std::array<std::string_view, 6> sections = {"Design", "Database", "Backend", "Frontend", "Testing", "Deployment"};  // as work goes on
constexpr std::array<std::string_view, 3> priorities = {"low", "medium", "high"};
constexpr int most_hours = 200;  // 25 such tasks are over two years of one person's work

// Index into sections or priorities: the word itself, a synonym ("front-end", "P1"), or a text that has such a word in it.
std::optional<std::size_t> read_section(std::string_view text);
std::optional<std::size_t> read_priority(std::string_view text);

// Hours out of "8", "8h", "2 days" (of 8), "30 min" or "4-6" (the larger), as they stand: not yet rounded or bounded.
std::optional<double> read_hours(std::string_view text);

// Lower-case words of letters, digits and what is not ASCII.
std::vector<std::string> words(std::string_view text);

}  // namespace domain

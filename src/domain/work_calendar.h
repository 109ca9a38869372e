// WorkCalendar: the days on which an agency works, numbered, so that work is placed by counting. Immutable; any thread.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace domain {

using Day = std::chrono::sys_days;

std::optional<Day> read_day(std::string_view iso);  // "2026-11-21", a day that there is, from 2000 to 2100
std::string write_day(Day day);

class WorkCalendar {
public:
    // weekdays: ISO 8601 numbers, 1 is Monday; at least one of 1–7, others are ignored. off: in any order.
    WorkCalendar(const std::vector<int>& weekdays, std::vector<Day> off);

    bool works(Day day) const;
    // How many working days lie before this day, counted from a fixed one: it rises by one after each working day. log n.
    std::int64_t number(Day day) const;
    // The working day of that number: day(number(d)) is d, or the first working day after it. log n for each day off in the way.
    Day day(std::int64_t number) const;
    std::int64_t between(Day from, Day to) const { return number(to) - number(from); }  // working days in [from, to)
    int days_a_week() const { return static_cast<int>(weekdays_.size()); }

private:
    std::vector<int> weekdays_;  // days since Monday, ascending
    std::vector<Day> off_;       // ascending; only such as would be worked on
};

}  // namespace domain

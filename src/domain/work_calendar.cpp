// Counts whole weeks and subtracts the days off.
#include "domain/work_calendar.h"

#include <algorithm>
#include <charconv>

namespace domain {
namespace {

constexpr Day a_monday{std::chrono::days{4}};  // 5 January 1970

struct Place {
    std::int64_t week;
    int weekday;
};

Place place(Day day) {
    const std::int64_t days = (day - a_monday).count();
    const std::int64_t week = (days >= 0 ? days : days - 6) / 7;
    return {week, static_cast<int>(days - week * 7)};
}

}  // namespace

std::optional<Day> read_day(std::string_view iso) {
    if (iso.size() != 10 || iso[4] != '-' || iso[7] != '-') return std::nullopt;
    const auto number = [&](std::size_t from, std::size_t length) {
        unsigned value = 0;
        const char* end = iso.data() + from + length;
        const auto [at, code] = std::from_chars(iso.data() + from, end, value);
        return code == std::errc{} && at == end ? value : 0;
    };
    const unsigned year = number(0, 4);
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(year)}, std::chrono::month{number(5, 2)}, std::chrono::day{number(8, 2)}};
    if (!date.ok() || year < 2000 || year > 2100) return std::nullopt;
    return Day{date};
}

std::string write_day(Day day) {
    const std::chrono::year_month_day date{day};
    const auto padded = [](unsigned value) { return (value < 10 ? "-0" : "-") + std::to_string(value); };
    return std::to_string(static_cast<int>(date.year())) + padded(static_cast<unsigned>(date.month())) + padded(static_cast<unsigned>(date.day()));
}

WorkCalendar::WorkCalendar(const std::vector<int>& weekdays, std::vector<Day> off) : off_{std::move(off)} {
    for (int day = 0; day < 7; ++day)
        if (std::ranges::find(weekdays, day + 1) != weekdays.end()) weekdays_.push_back(day);
    if (weekdays_.empty()) weekdays_ = {0, 1, 2, 3, 4};
    std::erase_if(off_, [&](Day day) { return !std::ranges::binary_search(weekdays_, place(day).weekday); });
    std::ranges::sort(off_);
    off_.erase(std::unique(off_.begin(), off_.end()), off_.end());
}

bool WorkCalendar::works(Day day) const {
    return std::ranges::binary_search(weekdays_, place(day).weekday) && !std::ranges::binary_search(off_, day);
}

std::int64_t WorkCalendar::number(Day day) const {
    const auto [week, weekday] = place(day);
    return week * days_a_week() + (std::ranges::lower_bound(weekdays_, weekday) - weekdays_.begin()) -
           (std::ranges::lower_bound(off_, day) - off_.begin());
}

Day WorkCalendar::day(std::int64_t number) const {
    for (std::int64_t skipped = 0;;) {
        const std::int64_t nth = number + skipped, size = days_a_week();
        const std::int64_t week = (nth >= 0 ? nth : nth - size + 1) / size;
        const Day day = a_monday + std::chrono::days{week * 7 + weekdays_[static_cast<std::size_t>(nth - week * size)]};
        const std::int64_t off = std::ranges::upper_bound(off_, day) - off_.begin();
        if (off == skipped) return day;
        skipped = off;
    }
}

}  // namespace domain

// WorkCalendar: counting working days agrees with looking at each day, whatever the week and the days off.
#include "domain/work_calendar.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

using domain::Day;
using domain::read_day;
using domain::WorkCalendar;
using domain::write_day;
using std::chrono::days;

Day on(const char* iso) { return read_day(iso).value(); }

TEST(WorkCalendar, DaysAreReadAndWritten) {
    EXPECT_EQ(write_day(on("2026-11-21")), "2026-11-21");
    EXPECT_EQ(write_day(on("2028-02-29")), "2028-02-29");
    EXPECT_EQ(on("2026-11-21"), Day{std::chrono::year{2026} / 11 / 21});
}

TEST(WorkCalendar, WhatIsNoDayIsRefused) {
    for (const char* wrong : {"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "26-01-01", "2026/01/01", "2026-01-0x", "+026-01-01", "1999-12-31", "2101-01-01",
                              "2026-01-011", "2026-01- 1"})
        EXPECT_FALSE(read_day(wrong)) << wrong;
}

TEST(WorkCalendar, AWeekendAndAHolidayAreSkipped) {
    const WorkCalendar calendar{{1, 2, 3, 4, 5}, {on("2026-11-30")}};  // Bonifacio Day, a Monday
    EXPECT_TRUE(calendar.works(on("2026-11-27")));
    EXPECT_FALSE(calendar.works(on("2026-11-28")));
    EXPECT_FALSE(calendar.works(on("2026-11-30")));
    EXPECT_EQ(calendar.between(on("2026-11-27"), on("2026-12-01")), 1);
    EXPECT_EQ(calendar.day(calendar.number(on("2026-11-28"))), on("2026-12-01"));
    EXPECT_EQ(calendar.day(calendar.number(on("2026-11-27")) + 1), on("2026-12-01"));
}

TEST(WorkCalendar, ADayOffThatNobodyWouldWorkOnChangesNothing) {
    const WorkCalendar plain{{1, 2, 3, 4, 5}, {}}, with{{1, 2, 3, 4, 5}, {on("2026-11-01"), on("2026-11-01"), on("2026-10-31")}};
    for (Day day = on("2026-10-01"); day < on("2026-12-01"); day += days{1}) EXPECT_EQ(plain.number(day), with.number(day));
}

TEST(WorkCalendar, CountingAgreesWithLookingAtEachDay) {
    std::mt19937 random{20261121};
    for (int round = 0; round < 400; ++round) {
        std::vector<int> week;
        for (int day = 1; day <= 7; ++day)
            if (random() % 3) week.push_back(day);
        if (week.empty()) week.push_back(static_cast<int>(random() % 7) + 1);
        const Day first = on("2026-01-01");
        std::vector<Day> off;
        for (auto i = random() % 60; i > 0; --i) off.push_back(first + days{random() % 200});
        const WorkCalendar calendar{week, off};
        std::int64_t count = calendar.number(first - days{30});
        for (Day day = first - days{30}; day < first + days{260}; day += days{1}) {
            const unsigned weekday = std::chrono::weekday{day}.iso_encoding();
            const bool works = std::ranges::find(week, static_cast<int>(weekday)) != week.end() && std::ranges::find(off, day) == off.end();
            ASSERT_EQ(calendar.works(day), works) << write_day(day);
            ASSERT_EQ(calendar.number(day), count) << write_day(day);
            if (works) {
                ASSERT_EQ(calendar.day(count), day);
                ++count;
            }
        }
    }
}

TEST(WorkCalendar, DaysLongAgoAreCountedToo) {
    const WorkCalendar calendar{{1, 2, 3, 4, 5}, {}};
    const Day before = Day{std::chrono::year{1950} / 1 / 4};  // a Wednesday
    EXPECT_EQ(calendar.day(calendar.number(before)), before);
    EXPECT_EQ(calendar.between(before, before + days{14}), 10);
}

}  // namespace

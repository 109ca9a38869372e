// Timeline: facts stay, the rest is a forecast on working days, and awaited things cost what they hold up.
#include "domain/timeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace {

using namespace domain;
using std::chrono::days;

Day on(const char* iso) { return read_day(iso).value(); }

const Day monday = on("2026-11-23");
const WorkCalendar plain{{1, 2, 3, 4, 5}, {on("2026-11-30"), on("2026-12-08"), on("2026-12-24"), on("2026-12-25"), on("2026-12-30"), on("2026-12-31"), on("2027-01-01")}};

TaskFacts task(int hours, std::optional<Day> started = {}, std::optional<Day> completed = {}) { return {hours, started, completed, std::size_t{0}}; }

Timeline line(const std::vector<TaskFacts>& tasks, const WaitsFor& waits_for, std::vector<Awaited> awaited = {}, Day today = monday, std::optional<Day> start = {}) {
    return make_timeline(tasks, waits_for, 1, awaited, today, start, plain, {});
}

TEST(Timeline, ATaskOfADayIsOneDayAndTheNextIsTheDayAfter) {
    const Timeline made = line({task(8), task(12), task(4)}, {{}, {0}, {1}});
    EXPECT_EQ(made.tasks[0].start, monday);
    EXPECT_EQ(made.tasks[0].end, monday);
    EXPECT_EQ(made.tasks[1].start, on("2026-11-24"));
    EXPECT_EQ(made.tasks[1].end, on("2026-11-25"));
    EXPECT_EQ(made.tasks[2].start, on("2026-11-25"));  // the afternoon of that day
    EXPECT_EQ(made.finish, on("2026-11-25"));
}

TEST(Timeline, WorkGoesAroundWeekendsAndHolidays) {
    const Timeline made = line({task(48)}, {{}});
    EXPECT_EQ(made.finish, on("2026-12-01"));  // Saturday, Sunday and Bonifacio Day in between
}

TEST(Timeline, ThePlannedStartIsKept) {
    const Timeline made = line({task(8)}, {{}}, {}, monday, on("2026-12-05"));
    EXPECT_EQ(made.start, on("2026-12-07"));  // a Saturday was planned
    EXPECT_EQ(made.finish, on("2026-12-07"));
    EXPECT_EQ(line({task(8)}, {{}}, {}, monday, on("2026-11-02")).start, monday);
}

TEST(Timeline, WhatIsDoneStaysWhereItWas) {
    const Timeline made = line({task(8, on("2026-11-10"), on("2026-11-12")), task(8)}, {{}, {0}});
    EXPECT_TRUE(made.begun && !made.done && made.tasks[0].done);
    EXPECT_EQ(made.tasks[0].start, on("2026-11-10"));
    EXPECT_EQ(made.tasks[0].end, on("2026-11-12"));
    EXPECT_EQ(made.tasks[1].start, monday);
    EXPECT_EQ(made.start, on("2026-11-10"));
}

TEST(Timeline, WhatWasBegunHasLessLeftAndNeverNothing) {
    EXPECT_EQ(line({task(24, on("2026-11-20"))}, {{}}).finish, on("2026-11-24"));  // a day was worked: two are left
    EXPECT_EQ(line({task(8, on("2026-11-02"))}, {{}}).finish, monday);             // long over its estimate: an hour more at least
    EXPECT_EQ(line({task(200, on("2026-09-01"))}, {{}}).finish, on("2026-11-25")); // a tenth of it
    EXPECT_EQ(line({task(8, on("2026-11-02"))}, {{}}).tasks[0].start, on("2026-11-02"));
}

TEST(Timeline, AllDoneEndsWithTheLastTask) {
    const Timeline made = line({task(8, on("2026-11-02"), on("2026-11-04")), task(8, on("2026-11-03"), on("2026-11-09"))}, {{}, {}});
    EXPECT_TRUE(made.done);
    EXPECT_EQ(made.finish, on("2026-11-09"));
    EXPECT_EQ(made.earliest, made.latest);
}

TEST(Timeline, ADepositThatIsNotPaidCostsTheDaysSinceAndAWeekForEachWeek) {
    std::vector<Awaited> awaited{{on("2026-11-16"), std::nullopt}};
    make_timeline({task(40)}, {{}}, 1, awaited, monday, std::nullopt, plain, {});
    EXPECT_EQ(awaited[0].waited, 5);
    EXPECT_EQ(awaited[0].moved, 5);
    EXPECT_EQ(awaited[0].week_later, 5);
}

TEST(Timeline, BeforeThePlannedStartWaitingCostsNothingYet) {
    std::vector<Awaited> awaited{{on("2026-11-16"), std::nullopt}};
    make_timeline({task(40)}, {{}}, 1, awaited, monday, on("2026-12-14"), plain, {});
    EXPECT_EQ(awaited[0].waited, 5);
    EXPECT_EQ(awaited[0].moved, 0);
    EXPECT_EQ(awaited[0].week_later, 0);
}

TEST(Timeline, WorkThatGoesOnWithoutTheDepositIsNotHeldUpByIt) {
    std::vector<Awaited> awaited{{on("2026-11-02"), std::nullopt, false}};
    make_timeline({task(40, on("2026-11-16")), task(8)}, {{}, {0}}, 1, awaited, monday, std::nullopt, plain, {});
    EXPECT_EQ(awaited[0].moved, 0);
    EXPECT_EQ(awaited[0].week_later, 0);
}

TEST(Timeline, AFileForATaskWithSlackCostsNothingAndForACriticalOneItsDays) {
    // Two at once: 80 hours beside 8 + 8.
    const std::vector<TaskFacts> tasks{task(80), task(8), task(8)};
    const WaitsFor waits_for{{}, {}, {1}};
    std::vector<Awaited> slack{{monday, std::size_t{1}}}, critical{{monday, std::size_t{0}}};
    make_timeline(tasks, waits_for, 1, slack, monday, std::nullopt, plain, {480, 2});
    make_timeline(tasks, waits_for, 1, critical, monday, std::nullopt, plain, {480, 2});
    EXPECT_EQ(slack[0].week_later, 0);
    EXPECT_EQ(critical[0].week_later, 5);
}

TEST(Timeline, ATaskThatWaitsForTheClientTakesNobodysDesk) {
    // One at a time: the begun task waits, so the other goes on a week longer without it, and it follows.
    std::vector<Awaited> awaited{{monday, std::size_t{0}}};
    make_timeline({task(8, on("2026-11-20")), task(80)}, {{}, {}}, 1, awaited, monday, std::nullopt, plain, {});
    EXPECT_EQ(awaited[0].week_later, 0);
}

// On generated projects with facts, gates and random weeks.
TEST(Timeline, NoForecastFallsOnADayOffOrBeforeWhatItWaitsFor) {
    std::mt19937 random{99};
    for (int round = 0; round < 2000; ++round) {
        std::vector<int> week;
        for (int day = 1; day <= 7; ++day)
            if (random() % 4) week.push_back(day);
        if (week.empty()) week = {3};
        std::vector<Day> off;
        for (auto i = random() % 30; i > 0; --i) off.push_back(monday + days{random() % 90});
        const WorkCalendar calendar{week, off};
        const Day today = monday + days{random() % 7};
        const std::size_t size = 1 + random() % 25;
        std::vector<TaskFacts> tasks;
        WaitsFor waits_for(size);
        for (std::size_t t = 0; t < size; ++t) {
            TaskFacts one{static_cast<int>(1 + random() % 40), {}, {}, t % 3};
            if (const auto state = random() % 6; state < 2) {
                one.started = today - days{random() % 20};
                if (state == 0) one.completed = *one.started + days{random() % static_cast<unsigned long>((today - *one.started).count() + 1)};
            }
            tasks.push_back(one);
            for (std::size_t d = 0; d < t; ++d)
                if (random() % 6 == 0) waits_for[t].push_back(d);
        }
        std::vector<Awaited> awaited;
        if (random() % 2) awaited.push_back({today - days{random() % 30}, std::nullopt, random() % 2 == 0});
        if (random() % 2) awaited.push_back({today - days{random() % 30}, random() % size});
        const auto start = random() % 3 == 0 ? std::optional{today + days{random() % 30}} : std::nullopt;
        const Team team{static_cast<int>(60 + random() % 600), 1 + random() % 3};
        const Timeline made = make_timeline(tasks, waits_for, 3, awaited, today, start, calendar, team);
        for (std::size_t t = 0; t < size; ++t) {
            const TaskDates& dates = made.tasks[t];
            ASSERT_LE(dates.start, dates.end);
            if (tasks[t].completed) {
                ASSERT_EQ(dates.end, *tasks[t].completed);
                continue;
            }
            ASSERT_TRUE(calendar.works(dates.end)) << write_day(dates.end);
            ASSERT_GE(dates.end, today);
            if (tasks[t].started) {
                ASSERT_EQ(dates.start, *tasks[t].started);
                continue;
            }
            ASSERT_TRUE(calendar.works(dates.start)) << write_day(dates.start);
            ASSERT_GE(dates.start, start ? std::max(*start, today) : today);
            for (const std::size_t d : waits_for[t]) {
                if (!tasks[d].completed) {
                    ASSERT_GE(dates.start, made.tasks[d].end);
                }
            }
        }
        ASSERT_LE(made.earliest, made.finish);
        ASSERT_LE(made.finish, made.latest);
        for (const Awaited& one : awaited) {
            ASSERT_GE(one.waited, 0);
            ASSERT_GE(one.moved, 0);
            ASSERT_LE(one.moved, one.waited);
            ASSERT_GE(one.week_later, 0);
            ASSERT_LE(one.week_later, calendar.days_a_week());
        }
    }
}

}  // namespace

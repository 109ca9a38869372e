// Schedule: properties that hold for every plan, tried on thousands of generated ones, and what a few small ones look like.
#include "domain/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace {

using domain::finish_at;
using domain::Schedule;
using domain::schedule;
using domain::WaitsFor;
using domain::Work;
using Minutes = std::int64_t;

struct Plan {
    std::vector<Work> tasks;
    WaitsFor waits_for;
    std::size_t team;
};

Plan random_plan(std::mt19937& random) {
    Plan plan;
    const std::size_t size = random() % 40;
    plan.team = 1 + random() % 4;
    plan.waits_for.resize(size);
    const auto density = random() % 4;
    for (std::size_t t = 0; t < size; ++t) {
        Work work{static_cast<Minutes>(1 + random() % 40) * 60, 0, false};
        if (random() % 5 == 0) work.minutes = 0;
        else if (random() % 8 == 0) work.begun = true;
        else if (random() % 6 == 0) work.earliest = static_cast<Minutes>(random() % 5000);
        plan.tasks.push_back(work);
        for (std::size_t d = 0; d < t; ++d)
            if (random() % 8 < density) plan.waits_for[t].push_back(d);
    }
    // A plan's order need not be that of its dependencies.
    std::vector<std::size_t> place(size);
    for (std::size_t t = 0; t < size; ++t) place[t] = t;
    std::shuffle(place.begin(), place.end(), random);
    Plan shuffled{std::vector<Work>(size), WaitsFor(size), plan.team};
    for (std::size_t t = 0; t < size; ++t) {
        shuffled.tasks[place[t]] = plan.tasks[t];
        for (const std::size_t d : plan.waits_for[t]) shuffled.waits_for[place[t]].push_back(place[d]);
    }
    return shuffled;
}

template <class Look>
void on_random_plans(int count, Look look) {
    std::mt19937 random{42};
    for (int round = 0; round < count; ++round) {
        const Plan plan = random_plan(random);
        const Schedule made = schedule(plan.tasks, plan.waits_for, plan.team);
        ASSERT_NO_FATAL_FAILURE(look(plan, made)) << "plan " << round;
    }
}

TEST(Schedule, EverythingThatIsLeftIsPlacedOnceAndAsLongAsItTakes) {
    on_random_plans(3000, [](const Plan& plan, const Schedule& made) {
        Minutes finish = 0;
        std::size_t open = 0;
        for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
            ASSERT_EQ(made.tasks[t].end - made.tasks[t].start, plan.tasks[t].minutes);
            finish = std::max(finish, made.tasks[t].end);
            open += plan.tasks[t].minutes > 0;
        }
        ASSERT_EQ(made.finish, finish);
        ASSERT_EQ(made.order.size(), open);
        ASSERT_EQ((std::set<std::size_t>{made.order.begin(), made.order.end()}.size()), open);
    });
}

TEST(Schedule, NoTaskStartsBeforeWhatItWaitsForHasEnded) {
    on_random_plans(3000, [](const Plan& plan, const Schedule& made) {
        for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
            if (plan.tasks[t].minutes == 0) continue;
            if (plan.tasks[t].begun) {
                ASSERT_EQ(made.tasks[t].start, 0);
                continue;
            }
            ASSERT_GE(made.tasks[t].start, plan.tasks[t].earliest);
            for (const std::size_t d : plan.waits_for[t]) ASSERT_GE(made.tasks[t].start, made.tasks[d].end);
        }
    });
}

TEST(Schedule, NoMoreIsWorkedOnAtOnceThanTheTeamCanUnlessItWasBegun) {
    on_random_plans(3000, [](const Plan& plan, const Schedule& made) {
        for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
            if (plan.tasks[t].minutes == 0 || plan.tasks[t].begun) continue;
            std::size_t beside = 0;
            for (std::size_t o = 0; o < plan.tasks.size(); ++o)
                beside += plan.tasks[o].minutes > 0 && made.tasks[o].start <= made.tasks[t].start && made.tasks[t].start < made.tasks[o].end;
            ASSERT_LE(beside, plan.team);
        }
    });
}

TEST(Schedule, NobodyIsIdleWhileSomethingCouldBegin) {
    on_random_plans(1000, [](const Plan& plan, const Schedule& made) {
        for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
            if (plan.tasks[t].minutes == 0 || plan.tasks[t].begun) continue;
            Minutes could = plan.tasks[t].earliest;
            for (const std::size_t d : plan.waits_for[t]) could = std::max(could, made.tasks[d].end);
            // At each end between when it could and when it does begin, all desks are taken.
            std::vector<Minutes> moments{could};
            for (const auto& other : made.tasks) moments.push_back(other.end);
            for (const Minutes moment : moments) {
                if (moment < could || moment >= made.tasks[t].start) continue;
                std::size_t busy = 0;
                for (const auto& other : made.tasks) busy += other.start <= moment && moment < other.end;
                ASSERT_GE(busy, plan.team);
            }
        }
    });
}

TEST(Schedule, AChainWithoutSlackAndWithoutAGapLeadsToTheFinish) {
    on_random_plans(3000, [](const Plan& plan, const Schedule& made) {
        if (made.order.empty()) return;
        std::size_t at = made.order.front();
        for (const std::size_t t : made.order)
            if (made.tasks[t].end == made.finish) at = t;
        for (;;) {
            ASSERT_TRUE(made.tasks[at].critical);
            ASSERT_EQ(made.tasks[at].slack, 0);
            const Minutes start = made.tasks[at].start;
            const auto before = std::ranges::find_if(made.after[at], [&](std::size_t b) { return made.tasks[b].end == start; });
            if (before == made.after[at].end()) {
                ASSERT_EQ(start, plan.tasks[at].begun ? 0 : plan.tasks[at].earliest) << "a gap before a critical task";
                return;
            }
            at = *before;
        }
    });
}

// The finish of the sequence when one task takes longer, found by asking each task for its end again and again.
Minutes finish_with(const Plan& plan, const Schedule& made, std::size_t slow, Minutes longer) {
    std::vector<Minutes> end(plan.tasks.size());
    for (bool moved = true; moved;) {
        moved = false;
        for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
            if (plan.tasks[t].minutes == 0) continue;
            Minutes start = plan.tasks[t].begun ? 0 : plan.tasks[t].earliest;
            for (const std::size_t b : made.after[t]) start = std::max(start, end[b]);
            const Minutes ends = start + plan.tasks[t].minutes + (t == slow ? longer : 0);
            moved = moved || ends != end[t];
            end[t] = ends;
        }
    }
    return end.empty() ? 0 : *std::ranges::max_element(end);
}

TEST(Schedule, SlackIsExactlyWhatATaskMaySlip) {
    on_random_plans(400, [](const Plan& plan, const Schedule& made) {
        for (const std::size_t t : made.order) {
            ASSERT_GE(made.tasks[t].slack, 0);
            ASSERT_EQ(finish_with(plan, made, t, made.tasks[t].slack), made.finish);
            ASSERT_EQ(finish_with(plan, made, t, made.tasks[t].slack + 1), made.finish + 1);
        }
    });
}

TEST(Schedule, TheSamePlanGivesTheSameSchedule) {
    on_random_plans(300, [](const Plan& plan, const Schedule& made) {
        const Schedule again = schedule(plan.tasks, plan.waits_for, plan.team);
        ASSERT_EQ(again.order, made.order);
        for (std::size_t t = 0; t < plan.tasks.size(); ++t) ASSERT_EQ(again.tasks[t].start, made.tasks[t].start);
    });
}

TEST(Schedule, TheFinishIsNeverBelowTheLongestChainNorTheTeamsWork) {
    on_random_plans(2000, [](const Plan& plan, const Schedule& made) {
        std::vector<Minutes> way(plan.tasks.size());
        Minutes work = 0;
        for (const std::size_t t : made.order) {
            Minutes start = plan.tasks[t].begun ? 0 : plan.tasks[t].earliest;
            if (!plan.tasks[t].begun)
                for (const std::size_t d : plan.waits_for[t]) start = std::max(start, way[d]);
            way[t] = start + plan.tasks[t].minutes;
            work += plan.tasks[t].minutes;
            ASSERT_GE(made.finish, way[t]);
        }
        const bool crowd = std::ranges::any_of(plan.tasks, &Work::begun);
        if (!crowd) {
            ASSERT_GE(made.finish * static_cast<Minutes>(plan.team), work);
        }
    });
}

TEST(Schedule, AsPlannedAnotherPaceGivesTheSameFinishAndASlowerOneNeverAnEarlier) {
    on_random_plans(2000, [](const Plan& plan, const Schedule& made) {
        ASSERT_EQ(finish_at(made, plan.tasks, 1000), made.finish);
        Minutes last = 0;
        for (const int pace : {500, domain::early_thousandths, 1000, domain::late_thousandths, 2000}) {
            const Minutes finish = finish_at(made, plan.tasks, pace);
            ASSERT_GE(finish, last);
            last = finish;
        }
    });
}

TEST(Schedule, TheRangeIsTheStatedRuleOfThreePoints) {
    const double mean = (0.67 + 4 + 1.5) / 6, deviation = (1.5 - 0.67) / 6;
    EXPECT_NEAR(domain::early_thousandths / 1000.0, mean - 1.2816 * deviation, 0.001);
    EXPECT_NEAR(domain::late_thousandths / 1000.0, mean + 1.2816 * deviation, 0.001);
    const Schedule made = schedule({{6000, 0, false}}, {{}}, 1);
    EXPECT_EQ(finish_at(made, {{6000, 0, false}}, domain::early_thousandths), 5106);
    EXPECT_EQ(finish_at(made, {{6000, 0, false}}, domain::late_thousandths), 7236);
}

TEST(Schedule, OneDeskKeepsThePlansOrder) {
    const Schedule made = schedule({{60, 0, false}, {60, 0, false}, {120, 0, false}}, {{}, {}, {0}}, 1);
    EXPECT_EQ(made.order, (std::vector<std::size_t>{0, 1, 2}));
    EXPECT_EQ(made.finish, 240);
    for (const auto& task : made.tasks) EXPECT_TRUE(task.critical);
}

TEST(Schedule, MoreDesksTakeTheLongestWayFirst) {
    // 2 → 3 is longer than 0 and 1: so 2 goes first, beside the first of the others.
    const Schedule made = schedule({{60, 0, false}, {60, 0, false}, {60, 0, false}, {120, 0, false}}, {{}, {}, {}, {2}}, 2);
    EXPECT_EQ(made.order, (std::vector<std::size_t>{2, 0, 3, 1}));
    EXPECT_EQ(made.finish, 180);
}

TEST(Schedule, TwoDesksLeaveSlackBesideTheCriticalPath) {
    const Schedule made = schedule({{60, 0, false}, {60, 0, false}, {120, 0, false}}, {{}, {}, {0}}, 2);
    EXPECT_EQ(made.finish, 180);
    EXPECT_TRUE(made.tasks[0].critical && made.tasks[2].critical);
    EXPECT_FALSE(made.tasks[1].critical);
    EXPECT_EQ(made.tasks[1].slack, 120);
}

TEST(Schedule, WhatIsBegunGoesOnEvenBeyondTheTeam) {
    const Schedule made = schedule({{60, 0, true}, {90, 0, true}, {30, 0, false}}, {{}, {}, {}}, 1);
    EXPECT_EQ(made.tasks[0].start, 0);
    EXPECT_EQ(made.tasks[1].start, 0);
    EXPECT_EQ(made.tasks[2].start, 90);
}

TEST(Schedule, NothingLeftIsFinishedNow) {
    EXPECT_EQ(schedule({}, {}, 1).finish, 0);
    EXPECT_EQ(schedule({{0, 0, false}, {0, 0, false}}, {{}, {0}}, 2).finish, 0);
}

TEST(Schedule, TheWorkGrowsWithThePlan) {
    const auto steps = [](std::size_t size) {
        std::mt19937 random{7};
        std::vector<Work> tasks(size, Work{60, 0, false});
        WaitsFor waits_for(size);
        for (std::size_t t = 0; t < size; ++t) {
            tasks[t].minutes = 60 + static_cast<Minutes>(random() % 600);
            for (int i = 0; i < 3 && t > 0; ++i) {
                const std::size_t d = random() % t;
                if (std::ranges::find(waits_for[t], d) == waits_for[t].end()) waits_for[t].push_back(d);
            }
        }
        return static_cast<double>(schedule(tasks, waits_for, 3).steps);
    };
    EXPECT_NEAR(steps(40000) / steps(10000), 4, 0.2);
}

}  // namespace

// Which tasks of two plans are the same, and what waits for what once some are left out.
#include "domain/plan_choice.h"

#include <gtest/gtest.h>

namespace domain {
namespace {

TEST(PlanChoice, TasksAreTheSameByTitleOrByMostOfTheirWords) {
    const std::vector<Titled> now{{"Build the contact form", "Frontend"}, {"Set up hosting", "Deployment"}, {"Write tests", "Testing"}};
    const std::vector<Titled> proposed{{"Build the long contact form", "Frontend"}, {"WRITE TESTS", "Backend"}, {"Set up hosting at home", "Design"}, {"", "Testing"}};
    const auto matched = match_tasks(now, proposed);
    ASSERT_EQ(matched.size(), 4U);
    EXPECT_EQ(matched[0], 0U);
    EXPECT_EQ(matched[1], 2U) << "the same title in another section";
    EXPECT_FALSE(matched[2]) << "like it, but of another section";
    EXPECT_FALSE(matched[3]);
}

TEST(PlanChoice, NoTaskIsMatchedTwiceAndTheBestMatchWins) {
    const auto matched = match_tasks({{"Draw the map", "Design"}}, {{"Draw the big map", "Design"}, {"Draw the map", "Design"}});
    EXPECT_FALSE(matched[0]);
    EXPECT_EQ(matched[1], 0U);
}

TEST(PlanChoice, WhoWaitedForWhatIsLeftOutWaitsForWhatThatWaitedFor) {
    const WaitsFor now{{}, {0}, {1}};  // 2 → 1 → 0
    const Arranged arranged = arrange_chosen({{2, std::nullopt}, {0, std::nullopt}}, now, {});
    EXPECT_EQ(arranged.waits, (WaitsFor{{1}, {}}));
    EXPECT_EQ(arranged.order, (std::vector<std::size_t>{1, 0}));
    EXPECT_TRUE(arranged.removed.empty());
}

TEST(PlanChoice, ACircleOfOldAndNewDependenciesIsBroken) {
    const WaitsFor now{{}, {0}}, proposed{{1}, {}};  // now 1 → 0; proposed 0 → 1
    const Arranged arranged = arrange_chosen({{std::size_t{0}, std::size_t{0}}, {std::size_t{1}, std::nullopt}}, now, proposed);
    EXPECT_TRUE(arranged.removed.empty()) << "the proposal's second task is not chosen";
    const Arranged both = arrange_chosen({{std::size_t{0}, std::size_t{0}}, {std::size_t{1}, std::nullopt}, {std::nullopt, std::size_t{1}}}, {{}, {0}}, {{1}, {}});
    EXPECT_EQ(both.waits, (WaitsFor{{2}, {0}, {}}));
    EXPECT_EQ(both.order, (std::vector<std::size_t>{2, 0, 1}));
}

}  // namespace
}  // namespace domain

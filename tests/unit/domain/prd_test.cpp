// Prd: sections found in, and put into, Markdown.
#include "domain/prd.h"

#include <gtest/gtest.h>

using namespace domain;

namespace {

std::string document(std::initializer_list<int> sections, const std::string& before = "## ") {
    std::string text = "# Requirements\n";
    for (const int i : sections) {
        const std::string name{prd_sections[static_cast<std::size_t>(i)]};
        text += "\n" + before + name + "\n\nText of " + name + ".\n";
    }
    return text;
}

std::size_t place(const std::string& text, int section) { return text.find("## " + std::string{prd_sections[static_cast<std::size_t>(section)]}); }

}  // namespace

TEST(MissingSections, FindsHeadingsOfAnyForm) {
    for (const char* before : {"## ", "# ", "#### 3. ", "**2) ", "##  **"}) EXPECT_TRUE(missing_sections(document({0, 1, 2, 3, 4, 5}, before)).empty()) << before;
    EXPECT_TRUE(missing_sections("## PROJECT OVERVIEW\n## target audience & users\n## Core Features:\n## Technical requirements\n"
                                 "## Design Specifications\n## Success Metrics (KPIs)").empty());
}

TEST(MissingSections, TakesNoPlainTextOrCodeForAHeading) {
    EXPECT_EQ(missing_sections("").size(), 6U);
    EXPECT_EQ(missing_sections("The Project Overview is short. Core Features\n").size(), 6U);
    EXPECT_EQ(missing_sections("```\n## Project Overview\n```\n").size(), 6U);
    EXPECT_EQ(missing_sections(document({0, 1, 3, 4})), (std::vector<std::string_view>{"Core Features", "Success Metrics"}));
}

TEST(CompletedPrd, PutsEachMissingSectionInItsPlace) {
    const std::string whole = document({0, 1, 2, 3, 4, 5});
    for (const std::initializer_list<int>& some : {std::initializer_list<int>{}, {0}, {5}, {2, 3}, {0, 5}, {1, 3, 5}, {0, 1, 2, 3, 4}}) {
        const std::string text = completed_prd(document(some), whole);
        EXPECT_TRUE(missing_sections(text).empty()) << text;
        for (int i = 1; i < 6; ++i) EXPECT_LT(place(text, i - 1), place(text, i)) << text;
        EXPECT_EQ(text.find("\n\n\n\n"), text.npos);
    }
    const std::string complete = document({0, 1, 2, 3, 4, 5});
    EXPECT_EQ(completed_prd(complete, whole), complete);
    EXPECT_EQ(completed_prd("x", "nothing"), "x");
}

TEST(TidiedPrd, TakesOffAFenceAroundTheWholeOnly) {
    EXPECT_EQ(tidied_prd("\r\n\n# A\r\n\r\nb\rc  \n"), "# A\n\nb\nc");
    EXPECT_EQ(tidied_prd("```markdown\n# A\n\ntext\n```\n"), "# A\n\ntext");
    EXPECT_EQ(tidied_prd("```\n# A\n```js\nx\n```\nb\n```"), "# A\n```js\nx\n```\nb");
    EXPECT_EQ(tidied_prd("```js\nx\n```\nb\n```js\ny\n```"), "```js\nx\n```\nb\n```js\ny\n```");
    EXPECT_EQ(tidied_prd("```"), "```");
    EXPECT_EQ(tidied_prd("``````\n```"), "``````\n```");
    EXPECT_EQ(tidied_prd(""), "");
}

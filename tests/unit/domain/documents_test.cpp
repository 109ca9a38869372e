// Documents: what is remembered is what would be rendered.
#include "domain/documents.h"

#include <gtest/gtest.h>

#include "domain/markdown.h"

namespace domain {
namespace {

TEST(Documents, AnswersWhatRenderingWouldTheFirstTimeAndAfter) {
    Documents documents;
    for (int round = 0; round < 3; ++round)
        for (const char* text : {"", "# One", "# One\n\nmore", "<b>x</b>"}) EXPECT_EQ(documents.html(text), render_markdown(text));
}

TEST(Documents, StillAnswersRightWhenMoreThanItsLimitCameBetween) {
    Documents documents;
    const std::string large(40 * 1024, 'x');
    EXPECT_EQ(documents.html(large), render_markdown(large));  // larger than the limit with its HTML
    for (int i = 0; i < 200; ++i) {
        const std::string text = "## Section " + std::to_string(i) + "\n\n" + std::string(1000, 'y');
        ASSERT_EQ(documents.html(text), render_markdown(text));
    }
    EXPECT_EQ(documents.html(large), render_markdown(large));
    EXPECT_EQ(documents.html("## Section 0"), render_markdown("## Section 0"));
}

}  // namespace
}  // namespace domain

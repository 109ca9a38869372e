// Theme: whatever the accent, every text on it can be read; the style sheet holds nothing that a name could break out of.
#include "domain/theme.h"

#include <gtest/gtest.h>

using namespace domain;

TEST(Theme, NoTextFallsBelowWhatCanBeReadWhateverTheAccent) {
    for (int red = 0; red < 256; red += 15)
        for (int green = 0; green < 256; green += 15)
            for (int blue = 0; blue < 256; blue += 15) {
                const Colour accent{static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green), static_cast<std::uint8_t>(blue)};
                for (const Reading& one : readings_of(theme_of(accent)))
                    ASSERT_GE(one.ratio(), readable) << text_of(accent) << (one.dark ? " dark: " : " light: ") << one.what << ' ' << text_of(one.text) << " on " << text_of(one.ground);
            }
}

TEST(Theme, AButtonIsSeenOnItsPage) {
    for (const char* accent : {"#ffffff", "#f5f5f1", "#000000", "#0e1220", "#808080"}) {
        const auto theme = theme_of(*read_colour(accent));
        EXPECT_GE(contrast(theme[0].light, Colour{0xf5, 0xf5, 0xf1}), 3) << accent;
        EXPECT_GE(contrast(theme[0].dark, Colour{0x16, 0x1b, 0x2d}), 3) << accent;
    }
}

TEST(Theme, ANameStaysWithinItsQuotes) {
    const std::string sheet = style_sheet({"A\"}body{display:none}\\ </style>\n", "#c2185b", "symbol", "", 0, 0});
    EXPECT_NE(sheet.find("--agency-name:\"A%22%7Dbody%7Bdisplay%3Anone%7D%5C%20%3C%2Fstyle%3E%0A\""), sheet.npos) << sheet;
    EXPECT_NE(sheet.find("--accent:#c2185b"), sheet.npos);
}

TEST(Theme, TheHousesOwnColoursAreLeftAsTheyAre) {
    const std::string sheet = style_sheet({"Lunaxcode", "#26346f", "symbol", "", 0, 0});
    EXPECT_EQ(sheet.find("--accent"), sheet.npos);
    EXPECT_EQ(sheet.find("visibility"), sheet.npos);
}

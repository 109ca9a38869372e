// Letters: two sides that say the same, in colours that can be read, and nobody's words as markup.
#include "domain/letter.h"

#include <gtest/gtest.h>

#include "domain/colour.h"

using namespace domain;

namespace {

const Brand brand{"Bayani & Sons", "#26346f", "https://bayani.example"};

Letter whole(const std::string& words) {
    LetterWriter writer{brand, words, words};
    writer.heading(words).paragraph(words).quote(words, words).facts({{words, words}}).button(words, "https://bayani.example/?a=1&b=" + words).copy_of("https://x/");
    return writer.end(words, "https://bayani.example/account", "https://bayani.example/unsubscribe?user=u&topic=t");
}

}  // namespace

TEST(Letter, NobodysWordsBecomeMarkup) {
    const Letter letter = whole(R"(<script>alert("1")</script>'&amp;)");
    EXPECT_EQ(letter.html.find("<script"), std::string::npos);
    EXPECT_EQ(letter.html.find("alert(\"1\")"), std::string::npos);
    EXPECT_NE(letter.html.find("&amp;amp;"), std::string::npos);
    EXPECT_NE(letter.html.find("Bayani &amp; Sons"), std::string::npos);
    EXPECT_NE(letter.html.find("unsubscribe?user=u&amp;topic=t"), std::string::npos);
    EXPECT_NE(letter.text.find("unsubscribe?user=u&topic=t"), std::string::npos);
}

TEST(Letter, ASubjectIsOneLineOfAtMost200Characters) {
    EXPECT_EQ(whole("One\r\nBcc: two@example.test").subject, "One  Bcc: two@example.test");
    const Letter letter = whole(std::string(500, 'x'));
    EXPECT_EQ(letter.subject, std::string(200, 'x') + "…");
}

TEST(Letter, LinesAreCutBetweenCharacters) {
    EXPECT_EQ(one_line("Niño Señora", 4), "Niño…");
    EXPECT_EQ(one_line("Niño Señora", 5), "Niño…");
    EXPECT_EQ(one_line("Niño", 4), "Niño");
    EXPECT_EQ(one_line("a\tb\n"), "a b");
    EXPECT_EQ(one_line(""), "");
}

TEST(Letter, EveryLinkStandsOnALineOfItsOwnInTheText) {
    const Letter letter = whole("x");
    EXPECT_NE(letter.text.find("\nhttps://bayani.example/?a=1&b=x\n"), std::string::npos);
    EXPECT_NE(letter.text.find("\nhttps://bayani.example/account\n"), std::string::npos);
    EXPECT_NE(letter.text.find("\n-- \nBayani & Sons\n"), std::string::npos) << "a signature that mail programs know";
}

TEST(Letter, NothingIsLoadedFromElsewhere) {
    const Letter letter = whole("x");
    for (const char* loads : {"<img", "<link", "url(", "@import", "src=", "<script"}) EXPECT_EQ(letter.html.find(loads), std::string::npos) << loads;
}

TEST(Colour, WordsOnAButtonCanBeReadOnAnyColour) {
    for (int r = 0; r < 256; r += 17)
        for (int g = 0; g < 256; g += 17)
            for (int b = 0; b < 256; b += 17) {
                const Colour any{static_cast<std::uint8_t>(r), static_cast<std::uint8_t>(g), static_cast<std::uint8_t>(b)};
                EXPECT_GE(contrast(any, text_on(any)), readable) << text_of(any);
                EXPECT_GE(contrast(white, readable_on(white, any)), readable) << text_of(any);
                EXPECT_GE(contrast(any, readable_on(any, any)), readable) << text_of(any);
            }
}

TEST(Colour, AReadableColourStaysWhatItIs) {
    EXPECT_EQ(readable_on(white, Colour{0x26, 0x34, 0x6f}), (Colour{0x26, 0x34, 0x6f}));
    EXPECT_NEAR(contrast(white, Colour{0, 0, 0}), 21, 0.001);
    EXPECT_NEAR(contrast(Colour{0x77, 0x77, 0x77}, white), 4.48, 0.01);
}

TEST(Colour, IsSixHexDigitsOrNone) {
    EXPECT_EQ(read_colour("#26346F"), (Colour{0x26, 0x34, 0x6f}));
    EXPECT_EQ(text_of({0x26, 0x34, 0x6f}), "#26346f");
    for (const char* none : {"", "#fff", "26346f0", "#26346g", "#26346f0", "red;}"}) EXPECT_FALSE(read_colour(none)) << none;
}

TEST(Colour, AColourThatIsNoneIsTheHousesOwn) {
    LetterWriter writer{{"X", "red;background:url(x)", ""}, "s", "g"};
    const Letter letter = writer.button("b", "https://x/").end("w");
    EXPECT_EQ(letter.html.find("url(x)"), std::string::npos);
    EXPECT_NE(letter.html.find("#26346f"), std::string::npos);
}

// Pdf: a file that is whole, with and without fonts, whatever it is told to write.
#include "core/pdf.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

using core::Pdf;

namespace {

constexpr const char* fonts = "/usr/share/fonts/truetype/dejavu";

void whole(const std::string& file) {
    EXPECT_TRUE(file.starts_with("%PDF-1."));
    const auto end = file.find_last_not_of("\r\n");
    EXPECT_EQ(file.substr(end - 4, 5), "%%EOF");
    EXPECT_NE(file.find("/Type /Pages"), std::string::npos);
}

}  // namespace

TEST(Pdf, IsWholeWithFontsOfItsOwn) {
    Pdf pdf{"Receipt 000001", fonts};
    pdf.text(64, 96, 12, true, "₱7,500.00 – Juana dela Cruz, Parañaque");
    pdf.text(531, 96, 12, false, "right", Pdf::Align::right);
    pdf.line(64, 110, 531, 110);
    const std::string file = pdf.bytes();
    whole(file);
    EXPECT_NE(file.find("/FontFile2"), std::string::npos);
}

TEST(Pdf, WithoutFontsIsWrittenInHelvetica) {
    Pdf pdf{"Receipt", "/nowhere"};
    pdf.text(64, 96, 12, false, "₱7,500.00 ñ 漢字");
    const std::string file = pdf.bytes();
    whole(file);
    EXPECT_NE(file.find("/Helvetica"), std::string::npos);
    EXPECT_LT(file.size(), 20'000U);
}

TEST(Pdf, TakesWhateverPeopleAreCalled) {
    for (const char* folder : {fonts, "/nowhere"}) {
        Pdf pdf{"Τίτλος \x01 title", folder};
        const std::string words[] = {"", " ", "a\nb\tc", "😀 emoji", "漢字かな", "\xff\xfe broken \xe2\x82", std::string(3'000, 'w'), std::string(500, ' ') + "x", "(\\) brackets (("};
        double y = 60;
        for (const std::string& word : words) y = std::min(pdf.paragraph(64, y, 10, false, word, 300), 700.0);
        pdf.page();
        pdf.text(64, 96, 12, false, words[4], Pdf::Align::right);
        whole(pdf.bytes());
    }
}

TEST(Pdf, AParagraphBreaksBetweenWords) {
    Pdf pdf{"x", fonts};
    const double one = pdf.paragraph(64, 100, 10, false, "short", 400);
    EXPECT_DOUBLE_EQ(one, 114);
    EXPECT_GT(pdf.paragraph(64, 100, 10, false, std::string(80, 'w'), 200), one + 14);
    std::string words;
    for (int i = 0; i < 60; ++i) words += "word ";
    EXPECT_GT(pdf.paragraph(64, 100, 10, false, words, 200), 180);
}

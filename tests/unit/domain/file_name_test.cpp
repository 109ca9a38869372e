// File names: what is kept, and what a download's header says.
#include "domain/file_name.h"

#include <gtest/gtest.h>

using namespace domain;

TEST(FileName, IsTheLastPartOfAPathWithoutWhatDoesHarm) {
    EXPECT_EQ(file_name("../../etc/passwd"), "passwd");
    EXPECT_EQ(file_name("C:\\fakepath\\logo.png"), "logo.png");
    EXPECT_EQ(file_name(" ..hidden.txt. "), "hidden.txt");
    EXPECT_EQ(file_name("a<b>:\"c|?*.txt"), "a_b___c___.txt");
    EXPECT_EQ(file_name("line\r\nSet-Cookie: x.txt"), "line Set-Cookie_ x.txt");
    EXPECT_EQ(file_name(std::string_view{"nul\0.txt", 8}), "nul.txt");
    EXPECT_EQ(file_name("\u202Etxt.exe"), "txt.exe");
    for (const char* nothing : {"", "/", "...", " ", "a/"}) EXPECT_EQ(file_name(nothing), "file") << nothing;
}

TEST(FileName, KeepsItsExtensionWhenItIsTooLong) {
    const std::string name = file_name(std::string(150, 'a') + std::string(40, '\xC3') + "é" + std::string(300, 'b') + ".docx");
    EXPECT_LE(name.size(), file_name_limit);
    EXPECT_TRUE(name.ends_with(".docx"));
    EXPECT_EQ(file_name("é" + std::string(199, 'a')).size(), file_name_limit);
    std::string accents;
    for (int i = 0; i < 150; ++i) accents += "é";
    EXPECT_EQ(file_name(accents).size(), 200U);
}

TEST(ContentDisposition, SaysTheNameTwiceWhereItMust) {
    EXPECT_EQ(content_disposition("plan.pdf", false), "attachment; filename=\"plan.pdf\"");
    EXPECT_EQ(content_disposition("plan.pdf", true), "inline; filename=\"plan.pdf\"");
    EXPECT_EQ(content_disposition("Menü €.pdf", false), "attachment; filename=\"Men_ _.pdf\"; filename*=UTF-8''Men%C3%BC%20%E2%82%AC.pdf");
    EXPECT_EQ(content_disposition("50%.txt", false), "attachment; filename=\"50_.txt\"; filename*=UTF-8''50%25.txt") << "some take %25 in a plain name for an escape";
}

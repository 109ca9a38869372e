// Form: what is taken of a JSON object's fields, and what is said about the others.
#include "core/form.h"

#include <gtest/gtest.h>

using namespace core;

namespace {

Form form(const char* json) { return Form{Json::parse(json)}; }

Fields faults(Form& form) {
    try {
        form.check();
    } catch (const Error& error) {
        EXPECT_EQ(error.status, 422);
        return error.fields;
    }
    return {};
}

}  // namespace

TEST(FormText, IsTrimmedAndMeasuredInCharacters) {
    Form f = form(R"({"a":"  Año \n","b":"ééé"})");
    EXPECT_EQ(f.text("a", {1, 3}, "The year"), "Año");
    EXPECT_EQ(f.text("b", {3, 3}, "B"), "ééé");
    EXPECT_TRUE(f.right());
}

TEST(FormText, SaysWhatIsMissingTooShortTooLongOrNoText) {
    Form f = form(R"({"short":"abc","long":"abcdef","number":5,"list":[],"nothing":null,"blank":" \t "})");
    f.text("short", {5, 9}, "The text");
    f.text("long", {0, 5}, "The text");
    f.text("number", {0, 5}, "The text");
    f.text("list", {0, 5}, "The text");
    f.text("nothing", {1, 5}, "The text");
    f.text("absent", {1, 5}, "The text");
    f.text("blank", {1, 5}, "The text");
    const Fields fields = faults(f);
    EXPECT_EQ(fields.at("short"), "The text needs at least 5 characters; it has 3.");
    EXPECT_EQ(fields.at("long"), "The text may have at most 5 characters; it has 6.");
    EXPECT_EQ(fields.at("number"), "The text must be text.");
    EXPECT_EQ(fields.at("list"), "The text must be text.");
    EXPECT_EQ(fields.at("nothing"), "The text is needed.");
    EXPECT_EQ(fields.at("absent"), "The text is needed.");
    EXPECT_EQ(fields.at("blank"), "The text is needed.");
}

TEST(FormText, WhatIsNotRequiredMayBeAbsent) {
    Form f = form("{}");
    EXPECT_EQ(f.text("a", {0, 5}, "A"), "");
    EXPECT_TRUE(f.right());
    EXPECT_TRUE(faults(f).empty());
}

TEST(FormEmail, TakesAddressesAndLowersTheHost) {
    Form f = form(R"({"e":" Ana.Cruz+x@Example.COM ","none":""})");
    EXPECT_EQ(f.email("e"), "Ana.Cruz+x@example.com");
    EXPECT_EQ(f.email("none", false), "");
    EXPECT_TRUE(f.right());
}

TEST(FormEmail, RefusesWhatIsNone) {
    for (const char* text : {"", "plain", "@example.com", "a@", "a@localhost", "a@.com", "a@b.", "a@b..c", "a b@c.de", "a@b@c.de", "a@b.c,d@e.f",
                             "<a@b.cd>", "a@b.c\nBcc: x@y.z", "\"a\"@b.cd", "a@[127.0.0.1]"})
        EXPECT_FALSE(is_email(text)) << text;
    EXPECT_FALSE(is_email(std::string(65, 'a') + "@example.com"));
    EXPECT_FALSE(is_email("a@" + std::string(250, 'b') + ".com"));
    for (const char* text : {"a@b.cd", "josé@exämple.ph", "a.b-c_d+e@sub.example.co.uk"}) EXPECT_TRUE(is_email(text)) << text;
    Form f = form(R"({"number":5})");
    f.email("number", false);
    f.email("absent");
    EXPECT_EQ(faults(f).size(), 2U);
}

TEST(FormToken, TakesOurOwnAlphabetOnly) {
    Form f = form(R"({"a":"AZaz09-_","b":"no spaces","c":"","d":5,"n":null})");
    EXPECT_EQ(f.token("a"), "AZaz09-_");
    EXPECT_FALSE(f.token("n"));
    EXPECT_FALSE(f.token("absent"));
    EXPECT_TRUE(f.right());
    for (const char* field : {"b", "c", "d"}) EXPECT_FALSE(f.token(field));
    EXPECT_EQ(faults(f).size(), 3U);
}

TEST(FormId, TakesAPositiveNumberOrItsDigits) {
    Form f = form(R"({"n":12,"s":"34","neg":-1,"zero":0,"text":"12a","big":2147483648,"real":1.5,"bool":true,"empty":""})");
    EXPECT_EQ(f.id("n", true), 12);
    EXPECT_EQ(f.id("s", true), 34);
    EXPECT_FALSE(f.id("absent", false));
    EXPECT_TRUE(f.right());
    for (const char* field : {"neg", "zero", "text", "big", "real", "bool", "empty", "absent"}) EXPECT_FALSE(f.id(field, true)) << field;
    EXPECT_EQ(faults(f).size(), 8U);
}

TEST(Form, GathersAllFaultsAndKeepsTheFirstOfAField) {
    Form f = form("{}");
    f.wrong("a", "first");
    f.wrong("a", "second");
    f.wrong("b", "third");
    EXPECT_EQ(faults(f), (Fields{{"a", "first"}, {"b", "third"}}));
}

TEST(Form, OneFaultIsAlsoTheAnswersDetail) {
    Form f = form("{}");
    f.wrong("a", "The only thing.");
    try {
        f.check();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.detail, "The only thing.");
    }
}

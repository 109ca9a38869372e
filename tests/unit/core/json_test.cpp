// JSON: what is taken from outside, and what goes out.
#include "core/json.h"

#include <gtest/gtest.h>

#include "core/error.h"

using core::Json;
using core::Writer;

namespace {

std::string as_json(std::string_view text) {
    std::string out;
    core::append_quoted(out, text);
    return out;
}

int status_of(std::string_view text) {
    try {
        Json::parse(text);
    } catch (const core::Error& error) {
        return error.status;
    }
    return 200;
}

}  // namespace

TEST(JsonReader, GivesValuesByKindAndNothingWhereTheyAreOfAnother) {
    const Json json = Json::parse(R"({"s":"é","i":-7,"r":2.5,"w":3.0,"t":true,"n":null,"a":[1,"x"],"o":{"k":"v"}})");
    EXPECT_EQ(json["s"].text(), "é");
    EXPECT_EQ(json["i"].integer(), -7);
    EXPECT_EQ(json["r"].number(), 2.5);
    EXPECT_EQ(json["r"].integer(), 0);
    EXPECT_EQ(json["w"].integer(), 3);
    EXPECT_TRUE(json["t"].boolean());
    EXPECT_TRUE(json["n"].is(Json::Kind::null));
    EXPECT_EQ(json["a"].size(), 2U);
    EXPECT_EQ(json["a"][1].text(), "x");
    EXPECT_EQ(json["o"]["k"].text(), "v");
    EXPECT_EQ(json["s"].integer(), 0);
    EXPECT_EQ(json["i"].text(), "");
    EXPECT_FALSE(json["i"].boolean());
}

TEST(JsonReader, WhatIsNotThereIsNoneAllTheWayDown) {
    const Json json = Json::parse(R"({"a":[1]})");
    EXPECT_FALSE(json["x"]);
    EXPECT_FALSE(json["x"]["y"][3]["z"]);
    EXPECT_FALSE(json["a"][1]);
    EXPECT_FALSE(json["a"]["key of an array"]);
    EXPECT_EQ(json["x"].size(), 0U);
    EXPECT_TRUE(json["x"].keys().empty());
    EXPECT_EQ(json["x"].text(), "");
}

TEST(JsonReader, ATextOutlivesTheObjectsThatLedToIt) {
    Json inner;
    {
        inner = Json::parse(R"({"deep":{"deeper":"still here, and longer than a short string"}})")["deep"]["deeper"];
    }
    EXPECT_EQ(inner.text(), "still here, and longer than a short string");
}

TEST(JsonReader, KeysComeInTheOrderOfTheDocument) {
    EXPECT_EQ(Json::parse(R"({"z":1,"a":2,"m":3})").keys(), (std::vector<std::string>{"z", "a", "m"}));
}

TEST(JsonReader, RefusesWhatIsAmbiguousOrBroken) {
    for (const char* text : {"", "{", R"({"a":1,"a":2})", R"({"a":"\u0000"})", "[1] 2", "{\"a\":\"\xff\"}", "{\"a\":\"\xed\xa0\x80\"}",
                             R"({"a":1e999})", "{'a':1}", "[1,]", "nul", R"({"a":99999999999999999999999})"})
        EXPECT_EQ(status_of(text), 400) << text;
    EXPECT_EQ(status_of(std::string_view{"{\"a\":\"\0\"}", 9}), 400);
}

TEST(JsonReader, RefusesNestingThatWouldExhaustTheStack) {
    EXPECT_EQ(status_of(std::string(1'000'000, '[')), 400);
    EXPECT_FALSE(Json::try_parse(std::string(100'000, '{')));
}

TEST(JsonReader, SaysWhereTheMistakeIs) {
    try {
        Json::parse("{\"a\": 1,\n \"b\": oops}");
        FAIL();
    } catch (const core::Error& error) {
        EXPECT_NE(error.detail.find("line 2"), std::string::npos) << error.detail;
    }
}

TEST(JsonReader, DumpKeepsOrderAndCanonicalSorts) {
    const Json json = Json::parse(R"({ "b" : [ 1 , {"y":1,"x":2} ], "a" : "é" })");
    EXPECT_EQ(json.dump(), R"({"b":[1,{"y":1,"x":2}],"a":"é"})");
    EXPECT_EQ(json.canonical(), R"({"a":"é","b":[1,{"x":2,"y":1}]})");
    EXPECT_EQ(json.canonical(), Json::parse(R"({"a":"\u00e9","b":[1,{"x":2,"y":1}]})").canonical());
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
    Writer writer;
    writer.object().member("a", 1).member("b", "x").key("c").array().value(true).null().object().end_object().array().end_array().end_array();
    writer.key("d").object().member("e", false).end_object().member_raw("f", "[1,2]").end_object();
    EXPECT_EQ(writer.str(), R"({"a":1,"b":"x","c":[true,null,{},[]],"d":{"e":false},"f":[1,2]})");
    EXPECT_TRUE(Json::try_parse(writer.str()));
}

TEST(JsonWriter, AValueThatEndsInABracketOrColonStillGetsItsComma) {
    Writer writer;
    writer.array().value("[").value("{").value(":").value("x").end_array();
    EXPECT_EQ(writer.str(), R"(["[","{",":","x"])");
}

TEST(JsonWriter, NumbersAreWrittenWhole) {
    Writer writer;
    writer.array().value(std::int64_t{INT64_MIN}).value(std::int64_t{INT64_MAX}).value(0).end_array();
    EXPECT_EQ(writer.str(), "[-9223372036854775808,9223372036854775807,0]");
}

TEST(JsonWriter, EscapesWhatMustBeAndNothingElse) {
    EXPECT_EQ(as_json("a\"b\\c\nd\te\rf"), R"("a\"b\\c\nd\te\rf")");
    EXPECT_EQ(as_json(std::string_view{"\0\x01\x1f\x7f", 4}), "\"\\u0000\\u0001\\u001f\x7f\"");
    EXPECT_EQ(as_json("₱ é 😀 </script>"), "\"₱ é 😀 </script>\"");
    EXPECT_EQ(as_json(""), "\"\"");
}

// The writer looks at eight bytes at a time: so each byte stands at each place among them once, beside each neighbour that matters.
TEST(JsonWriter, EveryByteIsEscapedOrNotWhereverItStands) {
    for (const char beside : {'a', ' ', '\x7F', '!', '#', '[', ']', '\n'})
        for (int byte = 0; byte < 0x80; ++byte)
            for (std::size_t place = 0; place < 17; ++place) {
                std::string text(17, beside);
                text[place] = static_cast<char>(byte);
                std::string quoted;
                core::append_quoted(quoted, text);
                std::string expected = "\"";
                for (const char c : text) {
                    std::string alone;
                    core::append_quoted(alone, {&c, 1});
                    expected += alone.substr(1, alone.size() - 2);
                }
                ASSERT_EQ(quoted, expected + '"') << "byte " << byte << " at " << place << " beside " << int{beside};
            }
}

TEST(JsonWriter, BytesThatAreNotUtf8BecomeTheReplacementCharacter) {
    const char* replacement = "\xEF\xBF\xBD";
    const auto r = [&](int times) {
        std::string text = "\"";
        for (int i = 0; i < times; ++i) text += replacement;
        return text + "\"";
    };
    EXPECT_EQ(as_json("\xff"), r(1));
    EXPECT_EQ(as_json("\xc0\xaf"), r(2));          // overlong
    EXPECT_EQ(as_json("\xe0\x80\x80"), r(3));      // overlong
    EXPECT_EQ(as_json("\xed\xa0\x80"), r(3));      // surrogate
    EXPECT_EQ(as_json("\xf4\x90\x80\x80"), r(4));  // above U+10FFFF
    EXPECT_EQ(as_json("\xf0\x9f\x98"), r(3));      // cut short
    EXPECT_EQ(as_json("a\x80z"), std::string{"\"a"} + replacement + "z\"");
}

TEST(JsonWriter, EveryTextComesBackFromTheReader) {
    std::string text;
    for (unsigned code = 1; code < 0x3000; code += 7) {
        if (code < 0x80) text += static_cast<char>(code);
        else if (code < 0x800) text += {static_cast<char>(0xC0U | code >> 6U), static_cast<char>(0x80U | (code & 63U))};
        else text += {static_cast<char>(0xE0U | code >> 12U), static_cast<char>(0x80U | (code >> 6U & 63U)), static_cast<char>(0x80U | (code & 63U))};
    }
    EXPECT_EQ(Json::parse(as_json(text)).text(), text);
}

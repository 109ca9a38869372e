// Conditions: what a broken one does, what editors are told, and cases for the page's twin (tests/browser/show_if_test.py).
#include "domain/show_if.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <random>

#include "domain/intake.h"

namespace domain {
namespace {

using core::Json;

const std::vector<Question> questions = read_questions(R"([
  {"id":1,"key":"shop","text":"Sell online?","type":"radio","required":true,"showIf":null,"options":["Yes","No"]},
  {"id":2,"key":"pay","text":"Ways to pay","type":"checkbox","required":true,"showIf":{"questionKey":"shop","equals":"Yes"},"options":["Cash","Card"]},
  {"id":3,"key":"pages","text":"How many pages?","type":"number","required":false,"showIf":null,"options":[]},
  {"id":4,"key":"name","text":"Which name?","type":"text","required":false,"showIf":null,"options":[]},
  {"id":5,"key":"cv","text":"Your file","type":"file","required":false,"showIf":null,"options":[]}])");

Question asking(std::string_view rule, std::string key = "new") {
    Question question;
    question.key = std::move(key);
    question.text = "The new one";
    question.type = "text";
    question.show_if = Json::parse(rule);
    return question;
}

bool holds(std::string_view rule, std::string_view answers) { return is_asked(asking(rule), questions, Json::parse(answers)); }
std::string fault(std::string_view rule) { return condition_fault(asking(rule), questions); }

TEST(ShowIf, ComparesNumbersAsNumbersAndTextAsText) {
    for (const char* answer : {"3", "3.0", "\"3\"", "\"3.00\"", "[\"x\",3]"})
        EXPECT_TRUE(holds(R"({"questionKey":"pages","equals":3})", std::string{"{\"pages\":"} + answer + "}")) << answer;
    EXPECT_TRUE(holds(R"({"questionKey":"pages","equals":"12.5"})", R"({"pages":12.5})"));
    EXPECT_FALSE(holds(R"({"questionKey":"pages","equals":"3"})", R"({"pages":"3.0"})"));  // text with text
    for (const char* answer : {"\"\"", "\"3x\"", "\".\"", "true", "null", "{}", "[]", "\"3e0\"", "\" 3\""})
        EXPECT_FALSE(holds(R"({"questionKey":"pages","equals":3})", std::string{"{\"pages\":"} + answer + "}")) << answer;
}

TEST(ShowIf, AnEmptyAnswerMeetsNoCondition) {
    EXPECT_FALSE(holds(R"({"questionKey":"name","equals":""})", R"({"name":""})"));
    EXPECT_FALSE(holds(R"({"questionKey":"name"})", R"({"name":""})"));
    EXPECT_FALSE(holds(R"({"questionKey":"name"})", "{}"));
}

TEST(ShowIf, TakesWhatMakesSense) {
    for (const char* rule : {R"({"questionKey":"shop","equals":"Yes"})", R"({"questionKey":"pay","in":["Cash","Card"]})", R"({"questionKey":"pages","equals":12.5})",
                             R"({"questionKey":"pages","equals":"12"})", R"({"questionKey":"name","equals":"Ana"})", "null",
                             R"({"all":[{"questionKey":"shop","equals":"Yes"},{"any":[{"questionKey":"pages","equals":1},{"all":[{"questionKey":"name","equals":"x"}]}]}]})"})
        EXPECT_EQ(fault(rule), "") << rule;
}

TEST(ShowIf, SaysWhatIsWrong) {
    const std::pair<const char*, const char*> wrong[] = {
        {"[]", "object"}, {R"({})", "Choose the question"}, {R"({"questionKey":"shop"})", "equals"},
        {R"({"questionKey":"shop","equals":"Yes","in":["Yes"]})", "either"}, {R"({"questionKey":"shop","equals":"Maybe"})", "“Maybe” is not among the options of “Sell online?”"},
        {R"({"questionKey":"shop","in":[]})", "at least one"}, {R"({"questionKey":"shop","in":"Yes"})", "at least one"}, {R"({"questionKey":"gone","equals":"x"})", "gone"},
        {R"({"questionKey":"new","equals":"x"})", "own answer"}, {R"({"questionKey":"pages","equals":"many"})", "number"}, {R"({"questionKey":"name","equals":""})", "which answer"},
        {R"({"questionKey":"cv","equals":"x"})", "file"}, {R"({"all":[]})", "1 to 10"}, {R"({"all":[{"questionKey":"shop","equals":"Yes"}],"any":[]})", "alone"},
        {R"({"all":"x"})", "list"}, {R"({"all":[{"any":[{"all":[{"any":[{"questionKey":"shop","equals":"Yes"}]}]}]}]})", "deep"},
    };
    for (const auto& [rule, word] : wrong) EXPECT_NE(fault(rule).find(word), std::string::npos) << rule << " → " << fault(rule);
}

TEST(ShowIf, NamesTheWayRoundACircle) {
    std::vector<Question> all{asking(R"({"questionKey":"b","equals":"x"})", "a"), asking(R"({"any":[{"questionKey":"c","equals":"x"}]})", "b")};
    all[0].text = "A?", all[1].text = "B?";
    Question last = asking(R"({"questionKey":"a","equals":"x"})", "c");
    last.text = "C?";
    EXPECT_NE(condition_fault(last, all).find("“C?” → “A?” → “B?” → “C?”"), std::string::npos) << condition_fault(last, all);
}

TEST(ShowIf, RefusesChainsThatTheReadingWouldCutOff) {
    std::vector<Question> all{questions[3]};
    std::string fault;
    for (int i = 0; i < 20 && fault.empty(); ++i) {
        Question next = asking(R"({"questionKey":")" + all.back().key + R"(","equals":"x"})", "k" + std::to_string(i));
        fault = condition_fault(next, all);
        if (fault.empty()) all.push_back(next);
    }
    EXPECT_NE(fault.find("Too many"), std::string::npos);
    std::string answers = R"({"name":"x")";
    for (const Question& question : all) answers += ",\"" + question.key + "\":\"x\"";
    answers.replace(answers.find(",\"name\":\"x\""), 11, "");
    for (const Question& question : all) EXPECT_TRUE(is_asked(question, all, Json::parse(answers + "}"))) << question.key;
}

TEST(ShowIf, KnowsWhoDependsOnAQuestion) {
    EXPECT_EQ(depending_on("shop", questions).size(), 1U);
    EXPECT_EQ(depending_on("pages", questions).size(), 0U);
}

// Random questions, conditions (also broken ones) and answers.
struct Dice {
    std::mt19937 engine{20261121};
    unsigned roll(unsigned sides) { return std::uniform_int_distribution<unsigned>{0, sides - 1}(engine); }
    template <std::size_t N>
    const char* pick(const char* const (&from)[N]) { return from[roll(N)]; }

    std::string value() {
        return pick({"\"a\"", "\"b\"", "\"\"", "1", "1.0", "-1.5", "0", "\"1\"", "\"1.0\"", "\"01\"", "\"1e0\"", "\".5\"", "0.5", "\"0.5\"", "\"-0\"", "1e3", "\"1000\"",
                     "9007199254740993", "\"9007199254740993\"", "0.1", "\"0.1000\"", "true", "null", "{}", "[]", "\"Ñ 🌙\"", "\"-\"", "\"1.\"", "[\"a\"]", "\"constructor\""});
    }
    std::string key() { return pick({"k0", "k1", "k2", "k3", "k4", "k5", "nobody", "constructor", ""}); }
    std::string list(int depth, bool rules) {
        std::string text = "[";
        for (unsigned i = roll(4); i > 0; --i) text += (text.size() > 1 ? "," : "") + (rules ? rule(depth + 1) : value());
        return text + "]";
    }
    std::string rule(int depth) {
        switch (roll(depth > 5 ? 5 : 9)) {
            case 0: case 1: case 2: return "{\"questionKey\":\"" + key() + "\",\"equals\":" + value() + "}";
            case 3: return "{\"questionKey\":\"" + key() + "\",\"in\":" + list(depth, false) + "}";
            case 4: return pick({"{}", "null", "7", "[]", "\"k0\"", "{\"questionKey\":3,\"equals\":1}", "{\"all\":{},\"questionKey\":\"k0\",\"equals\":\"a\"}", "{\"questionKey\":\"k1\",\"in\":\"a\",\"equals\":\"a\"}"});
            case 5: case 6: return "{\"all\":" + list(depth, true) + "}";
            default: return "{\"any\":" + list(depth, true) + "}";
        }
    }
};

TEST(ShowIf, DecidesAnythingTheSameEachTime) {
    const char* const path = std::getenv("SHOW_IF_CASES");  // for the page's twin to decide, too
    std::ofstream cases{path ? path : "/dev/null"};
    Dice dice;
    int asked = 0, not_asked = 0;
    for (int round = 0; round < 4000; ++round) {
        std::string given = "[", answers = "{";
        for (int i = 0; i < 6; ++i) {
            const std::string key = "k" + std::to_string(i), rule = dice.roll(3) == 0 ? "null" : "{\"all\":[" + dice.rule(0) + "]}";
            given += (i ? "," : "") + std::string{"{\"id\":1,\"key\":\""} + key + "\",\"questionKey\":\"" + key + "\",\"text\":\"t\",\"type\":\"text\",\"options\":[],\"showIf\":" + rule + "}";
            if (dice.roll(4)) answers += (answers.size() > 1 ? "," : "") + std::string{"\""} + key + "\":" + (dice.roll(4) ? dice.value() : dice.list(9, false));
        }
        given += "]", answers += "}";
        const std::vector<Question> all = read_questions(given);
        const Json parsed = Json::parse(answers);
        std::string keys;
        for (const Question& question : all) {
            const bool is = is_asked(question, all, parsed);
            (is ? asked : not_asked) += question.show_if.is(Json::Kind::null) ? 0 : 1;
            if (is) keys += (keys.empty() ? "\"" : ",\"") + question.key + "\"";
        }
        cases << "{\"questions\":" << given << ",\"answers\":" << answers << ",\"asked\":[" << keys << "]}\n";
    }
    EXPECT_GT(asked, 1000);
    EXPECT_GT(not_asked, 1000);
}

}  // namespace
}  // namespace domain

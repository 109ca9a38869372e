// Intake: which questions are asked, and which answers are taken.
#include "domain/intake.h"

#include <gtest/gtest.h>

namespace domain {
namespace {

using core::Form;
using core::Json;

const std::vector<Question> questions = read_questions(R"([
  {"id":1,"key":"goal","text":"What is the goal?","type":"text","required":true,"showIf":null,"options":[]},
  {"id":2,"key":"about","text":"Tell us more","type":"textarea","required":false,"showIf":null,"options":[]},
  {"id":3,"key":"style","text":"Style","type":"select","required":true,"showIf":null,"options":["Modern","Minimal"]},
  {"id":4,"key":"shop","text":"Sell online?","type":"radio","required":true,"showIf":null,"options":["Yes","No"]},
  {"id":5,"key":"pay","text":"Ways to pay","type":"checkbox","required":true,
   "showIf":{"questionKey":"shop","equals":"Yes"},"options":["GCash","Card","Bank"]},
  {"id":6,"key":"bank","text":"Which bank?","type":"text","required":true,
   "showIf":{"questionKey":"pay","in":["Bank"]},"options":[]},
  {"id":7,"key":"pages","text":"How many pages?","type":"number","required":false,"showIf":null,"options":[]},
  {"id":8,"key":"both","text":"Both?","type":"text","required":true,
   "showIf":{"all":[{"questionKey":"style","equals":"Minimal"},{"any":[{"questionKey":"shop","equals":"No"},{"questionKey":"pages","equals":"3"}]}]},"options":[]}
])");

const char* const complete = R"({"goal":"Sell bread","style":"Modern","shop":"No"})";

std::string taken(std::string_view answers) {
    Form form{Json::parse("{}")};
    std::string json = take_answers(questions, Json::parse(answers), form);
    form.check();
    return json;
}

core::Fields faults(std::string_view answers) {
    try {
        taken(answers);
    } catch (const core::Error& error) {
        EXPECT_EQ(error.status, 422);
        return error.fields;
    }
    return {};
}

std::string with(const std::string& members) {
    return std::string{complete}.insert(std::string_view{complete}.size() - 1, "," + members);
}

TEST(Intake, StoresEachAnswerUnderItsQuestion) {
    EXPECT_EQ(taken(complete), R"([{"question_id":1,"question_key":"goal","answer_value":"Sell bread"},)"
                               R"({"question_id":3,"question_key":"style","answer_value":"Modern"},)"
                               R"({"question_id":4,"question_key":"shop","answer_value":"No"}])");
}

TEST(Intake, AddsUpWhatTheChosenOptionsCost) {
    const std::vector<Question> priced = read_questions(R"([
      {"id":1,"key":"extras","text":"Extras?","type":"checkbox","required":false,"showIf":null,"options":["Logo","Copy","Photos"],"prices":[5000,0,-750]},
      {"id":2,"key":"speed","text":"How soon?","type":"radio","required":false,"showIf":{"questionKey":"extras","equals":"Logo"},"options":["Soon","Later"],"prices":[9000,0]}])");
    const auto take = [&](std::string_view answers) {
        Form form{Json::parse("{}")};
        return take_answers(priced, Json::parse(answers), form);
    };
    EXPECT_EQ(take(R"({"extras":["Photos","Logo","Logo"],"speed":"Soon"})"), R"([{"question_id":1,"question_key":"extras","answer_value":"[\"Photos\",\"Logo\"]","price_modifier":4250},)"
                                                                            R"({"question_id":2,"question_key":"speed","answer_value":"Soon","price_modifier":9000}])");
    EXPECT_EQ(take(R"({"extras":["Copy"],"speed":"Soon"})"), R"([{"question_id":1,"question_key":"extras","answer_value":"[\"Copy\"]"}])") << "what is not asked costs nothing";
}

TEST(Intake, NamesEveryRequiredQuestionThatHasNoAnswer) {
    const auto fields = faults("{}");
    EXPECT_EQ(fields.size(), 3U);
    EXPECT_TRUE(fields.contains("questionAnswers.goal"));
    EXPECT_NE(fields.at("questionAnswers.goal").find("What is the goal?"), std::string::npos);
}

TEST(Intake, BlankTextIsNoAnswer) {
    EXPECT_TRUE(faults(R"({"goal":"  \n ","style":"Modern","shop":"No"})").contains("questionAnswers.goal"));
}

TEST(Intake, RefusesAChoiceThatIsNotOffered) {
    EXPECT_TRUE(faults(R"({"goal":"x","style":"Baroque","shop":"No"})").contains("questionAnswers.style"));
    EXPECT_TRUE(faults(R"({"goal":"x","style":["Modern"],"shop":"No"})").contains("questionAnswers.style"));
    EXPECT_TRUE(faults(R"({"goal":"x","style":"modern","shop":"No"})").contains("questionAnswers.style"));
}

TEST(Intake, ChecksEveryChoiceOfACheckboxAndKeepsEachOnce) {
    const std::string shop = R"({"goal":"x","style":"Modern","shop":"Yes","pay":)";
    EXPECT_TRUE(faults(shop + R"(["GCash","Bitcoin"]})").contains("questionAnswers.pay"));
    EXPECT_TRUE(faults(shop + R"("GCash"})").contains("questionAnswers.pay"));
    EXPECT_TRUE(faults(shop + R"([]})").contains("questionAnswers.pay"));
    EXPECT_NE(taken(shop + R"(["Card","GCash","Card"]})").find(R"("answer_value":"[\"Card\",\"GCash\"]")"), std::string::npos);
}

TEST(Intake, TakesNumbersAsNumbersOrText) {
    EXPECT_NE(taken(with(R"("pages":12)")).find(R"("answer_value":"12")"), std::string::npos);
    EXPECT_NE(taken(with(R"("pages":" 12.5 ")")).find(R"("answer_value":"12.5")"), std::string::npos);
    for (const char* wrong : {R"("twelve")", R"("1e400")", R"("NaN")", R"("0x10")", "true", "[1]", R"("12 pages")"})
        EXPECT_TRUE(faults(with(std::string{R"("pages":)"} + wrong)).contains("questionAnswers.pages")) << wrong;
}

TEST(Intake, CountsCharactersNotBytes) {
    std::string bayan;
    for (std::size_t i = 0; i < line_limit; ++i) bayan += "ñ";
    EXPECT_TRUE(faults(R"({"goal":")" + bayan + R"(","style":"Modern","shop":"No"})").empty());
    EXPECT_TRUE(faults(R"({"goal":")" + bayan + R"(ñ","style":"Modern","shop":"No"})").contains("questionAnswers.goal"));
}

TEST(Intake, AsksAConditionalQuestionOnlyWhereItsConditionHolds) {
    EXPECT_TRUE(faults(R"({"goal":"x","style":"Modern","shop":"Yes"})").contains("questionAnswers.pay"));
    EXPECT_TRUE(faults(R"({"goal":"x","style":"Modern","shop":"Yes","pay":["Bank"]})").contains("questionAnswers.bank"));
    EXPECT_TRUE(faults(R"({"goal":"x","style":"Minimal","shop":"No"})").contains("questionAnswers.both"));
    EXPECT_TRUE(faults(R"({"goal":"x","style":"Minimal","shop":"Yes","pay":["Card"],"pages":3})").contains("questionAnswers.both"));
    EXPECT_TRUE(faults(R"({"goal":"x","style":"Minimal","shop":"Yes","pay":["Card"],"pages":4})").empty());
}

TEST(Intake, LeavesOutAnswersToQuestionsThatAreNotAsked) {
    // "pay" is not asked, so "bank", which hangs on it, is not asked either.
    EXPECT_EQ(taken(with(R"("pay":["Bank"],"bank":"BPI","unknown":"x")")), taken(complete));
}

TEST(Intake, SurvivesConditionsThatHangOnOneAnother) {
    const auto circle = read_questions(R"([
      {"id":1,"key":"a","text":"A","type":"text","required":true,"showIf":{"questionKey":"b","equals":"x"},"options":[]},
      {"id":2,"key":"b","text":"B","type":"text","required":true,"showIf":{"questionKey":"a","equals":"x"},"options":[]}])");
    Form form{Json::parse("{}")};
    EXPECT_EQ(take_answers(circle, Json::parse(R"({"a":"x","b":"x"})"), form), "[]");
    EXPECT_TRUE(form.right());
}

TEST(Intake, RefusesAnswersThatAreNoObject) {
    EXPECT_TRUE(faults("[]").contains("questionAnswers"));
}

}  // namespace
}  // namespace domain

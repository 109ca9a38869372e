// Plan: what is read from a model's reply, that nothing of it is lost silently, and that the result is always sound.
#include "domain/plan.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <functional>
#include <map>
#include <random>
#include <set>

#include "../../fuzz/sound_plan.h"
#include "core/json.h"
#include "domain/planner.h"

namespace {

using core::Json;
using core::Writer;
using domain::import_plan;
using domain::Plan;
using domain::settle_plan;

// A task as JSON, in the schema's words; `change` replaces or adds members by their JSON text.
std::string task(int id, const std::string& dependencies = "[]", const std::map<std::string, std::string>& change = {}) {
    std::map<std::string, std::string> members = {
        {"id", std::to_string(id)}, {"title", "\"Task number " + std::to_string(id) + "\""}, {"description", "\"Do what is number " + std::to_string(id) + ".\""},
        {"section", "\"Frontend\""}, {"priority", "\"medium\""}, {"estimatedHours", "4"}, {"dependencies", dependencies}};
    for (const auto& [name, json] : change) members[name] = json;
    std::string all;
    for (const auto& [name, json] : members)
        if (!json.empty()) all += (all.empty() ? "{\"" : ",\"") + name + "\":" + json;
    return all + "}";
}

// A reply of `count` tasks, some of them replaced: number → JSON.
std::string reply(int count, const std::map<int, std::string>& instead = {}) {
    std::string all;
    for (int id = 1; id <= count; ++id) all += (all.empty() ? "" : ",") + (instead.contains(id) ? instead.at(id) : task(id));
    return "{\"tasks\":[" + all + "]}";
}

// All tasks without their ids, so that numbers are positions.
std::string reply_without_ids(int count, const std::map<int, std::string>& dependencies) {
    std::map<int, std::string> tasks;
    for (int id = 1; id <= count; ++id) tasks[id] = task(id, dependencies.contains(id) ? dependencies.at(id) : "[]", {{"id", ""}});
    return reply(count, tasks);
}

const domain::Brief brief{"Landing Page", "A page for our bakery in Iloilo.", "Ana Reyes", "1-2 weeks", "landing-page", 15'000, {}};

// Where the task with this title stands, and the titles that it waits for.
std::size_t place(const Plan& plan, const std::string& title) {
    for (std::size_t t = 0; t < plan.tasks.size(); ++t)
        if (plan.tasks[t].title == title) return t;
    return plan.tasks.size();
}
std::set<std::string> waits_for(const Plan& plan, const std::string& title) {
    std::set<std::string> titles;
    for (const std::size_t d : plan.tasks.at(place(plan, title)).depends_on) titles.insert(plan.tasks[d].title);
    return titles;
}
std::size_t count_of(const std::vector<domain::Note>& notes, const std::string& kind, const std::string& part = "") {
    std::size_t count = 0;
    for (const auto& note : notes) count += note.kind == kind && note.detail.find(part) != std::string::npos;
    return count;
}
using Titles = std::set<std::string>;

TEST(Import, AReplyByTheSchemaIsReadWithoutANote) {
    const auto import = import_plan(reply(18, {{2, task(2, "[1]")}, {3, task(3, "[1,2]")}}));
    ASSERT_TRUE(import.plan);
    EXPECT_TRUE(import.faults.empty());
    EXPECT_TRUE(import.plan->notes.empty()) << import.plan->notes[0].detail;
    EXPECT_EQ(import.plan->tasks.size(), 18U);
    EXPECT_EQ(import.plan->tasks[2].title, "Task number 3");
    EXPECT_EQ(import.plan->tasks[2].description, "Do what is number 3.");
    EXPECT_EQ(import.plan->tasks[2].hours, 4);
    EXPECT_EQ(import.plan->tasks[2].depends_on, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(fuzz::wrong_in_plan(*import.plan), "");
}

void only_supported_keys(const Json& schema) {
    static const std::set<std::string> supported = {"$id", "$defs", "$ref", "$anchor", "type", "format", "title", "description", "enum", "items", "prefixItems",
                                                    "minItems", "maxItems", "minimum", "maximum", "anyOf", "oneOf", "properties", "additionalProperties", "required",
                                                    "propertyOrdering"};
    for (const auto& key : schema.keys()) {
        EXPECT_TRUE(supported.contains(key)) << key;
        if (key == "properties")
            for (const auto& name : schema[key].keys()) only_supported_keys(schema[key][name]);
        if (key == "items") only_supported_keys(schema[key]);
    }
}

TEST(Import, TheSchemaUsesOnlyWhatGeminiSupports) {
    const auto schema = Json::try_parse(domain::task_schema);
    ASSERT_TRUE(schema);
    only_supported_keys(*schema);
    EXPECT_EQ((*schema)["properties"]["tasks"]["minItems"].integer(), 15);
    EXPECT_EQ((*schema)["properties"]["tasks"]["maxItems"].integer(), 25);
}

TEST(Import, FencesProseAndOtherShapesAreFoundAndNoted) {
    const std::string good = reply(15);
    const std::string list = good.substr(9, good.size() - 10);
    for (const std::string& text : {"```json\n" + good + "\n```", "Here [as asked] it is:\n" + good + "\nGood luck!", "Note [1: " + good, list, "```\n" + list + "```",
                                    "{\"plan\":{\"tasks\":" + list + "}}", "{\"taskList\":" + list + "}", "{\"Tasks\":" + list + "}"}) {
        const auto import = import_plan(text);
        ASSERT_TRUE(import.plan) << text.substr(0, 60) << (import.faults.empty() ? "" : import.faults[0]);
        EXPECT_EQ(import.plan->tasks.size(), 15U);
        EXPECT_EQ(count_of(import.plan->notes, "reply"), text == "```\n" + list + "```" ? 2U : 1U) << text.substr(0, 60);
    }
    std::string groups;
    for (const char* section : {"Backend", "Testing", "Design"}) {
        groups += (groups.empty() ? "{\"" : ",\"") + std::string{section} + "\":[";
        for (int i = 0; i < 5; ++i)
            groups += (i ? "," : "") + task(0, "[]", {{"id", ""}, {"section", ""}, {"title", "\"" + std::string{section} + " work " + std::to_string(i) + "\""}});
        groups += "]";
    }
    const auto import = import_plan(groups + "}");
    ASSERT_TRUE(import.plan) << import.faults[0];
    EXPECT_EQ(import.plan->tasks[place(*import.plan, "Testing work 3")].section, "Testing");
}

TEST(Import, SlipsThatAStrictReaderRefusesAreMendedAndNoted) {
    const std::pair<std::string, const char*> slips[] = {
        {task(2, "[1,]"), "a comma too many"},
        {task(2, "[1]", {{"estimatedHours", "1000000000000000000000000000000"}}), "a number out of range"},
        {task(2, "[1]", {{"estimatedHours", "-1e999"}}), "a number out of range"},
        {task(2, "[1]", {{"description", "\"Two lines,\nnot \\\"escaped\\\".\""}}), "a control character"},
        {task(2, "[1]", {{"description", R"("A \u0000 and \ud83d\ude03 and \ud83d cut.")"}}), "a control character, half of a surrogate pair"}};
    for (const auto& [second, what] : slips) {
        const auto import = import_plan(reply(15, {{2, second}}));
        ASSERT_TRUE(import.plan) << what << import.faults[0];
        EXPECT_EQ(import.notes[0].detail, std::string{"The JSON had slips that were mended: "} + what + ".");
        EXPECT_EQ(import.plan->tasks.size(), 15U);
        EXPECT_EQ(waits_for(*import.plan, "Task number 2"), Titles{"Task number 1"});
        EXPECT_EQ(fuzz::wrong_in_plan(*import.plan), "");
    }
    EXPECT_EQ(settle_plan(reply(15, {{2, slips[3].first}}), brief).tasks[1].description, "Two lines,\nnot \"escaped\".");
    EXPECT_EQ(settle_plan(reply(15, {{2, slips[4].first}}), brief).tasks[1].description, "A and 😃 and \xEF\xBF\xBD cut.");
}

TEST(Import, ATruncatedReplyIsNotRepaired) {
    const std::string whole = reply(25);
    for (const std::size_t size : {whole.size() - 1, whole.size() - 2, whole.size() / 2, std::size_t{40}, std::size_t{1}, std::size_t{0}}) {
        const auto import = import_plan(std::string_view{whole}.substr(0, size));
        EXPECT_FALSE(import.plan) << size;
        EXPECT_FALSE(import.faults.empty());
    }
    EXPECT_EQ(import_plan("").faults[0], "The reply is empty.");
    EXPECT_EQ(import_plan("{\"tasks\":[}").faults[0], "The JSON is not valid at line 1, column 11.");
    EXPECT_EQ(import_plan("{\"tasks\":[]}").faults[0], "The array “tasks” is empty.");
    EXPECT_EQ(import_plan("7").faults[0], "The reply is a number without an array “tasks”.");
}

TEST(Import, DependenciesMayBeIdsTitlesOrNamesOfNumbers) {
    const auto plan = import_plan(reply(15, {{1, task(1, "[]", {{"id", "\"T-01\""}})},
                                             {2, task(2, "[\"t-01\"]", {{"id", "\"T-02\""}})},
                                             {3, task(3, "[\"Task number 1\",\"task  NUMBER 2\"]")},
                                             {4, task(4, "[\"Task 3\"]")},
                                             {5, task(5, "\"3, 4\"")},
                                             {6, task(6, "[{\"id\":5},{\"title\":\"Task number 4\"}]")},
                                             {7, task(7, "6")},
                                             {8, task(8, "\"None\"")},
                                             {9, task(9, "null")},
                                             {10, task(10, "[9.0, \"8\"]")}}))
                          .plan;
    ASSERT_TRUE(plan);
    EXPECT_EQ(waits_for(*plan, "Task number 2"), Titles{"Task number 1"});
    EXPECT_EQ(waits_for(*plan, "Task number 3"), (Titles{"Task number 1", "Task number 2"}));
    EXPECT_EQ(waits_for(*plan, "Task number 4"), Titles{"Task number 3"});
    EXPECT_EQ(waits_for(*plan, "Task number 5"), (Titles{"Task number 3", "Task number 4"}));
    EXPECT_EQ(waits_for(*plan, "Task number 6"), (Titles{"Task number 4", "Task number 5"}));
    EXPECT_EQ(waits_for(*plan, "Task number 7"), Titles{"Task number 6"});
    EXPECT_EQ(waits_for(*plan, "Task number 8"), Titles{});
    EXPECT_EQ(waits_for(*plan, "Task number 10"), (Titles{"Task number 8", "Task number 9"}));
    EXPECT_EQ(count_of(plan->notes, "removed"), 0U);
}

TEST(Import, PositionsCountFromZeroOrOneForTheWholeReply) {
    const auto zero = import_plan(reply_without_ids(15, {{2, "[0]"}, {3, "[1]"}, {15, "[13, \"0\"]"}})).plan;
    ASSERT_TRUE(zero);
    EXPECT_EQ(waits_for(*zero, "Task number 2"), Titles{"Task number 1"});
    EXPECT_EQ(waits_for(*zero, "Task number 3"), Titles{"Task number 2"});
    EXPECT_EQ(waits_for(*zero, "Task number 15"), (Titles{"Task number 1", "Task number 14"}));
    EXPECT_EQ(count_of(zero->notes, "reply", "from 0"), 1U);
    const auto one = import_plan(reply_without_ids(15, {{2, "[1]"}, {3, "[2]"}, {14, "[15]"}})).plan;
    ASSERT_TRUE(one);
    EXPECT_EQ(waits_for(*one, "Task number 2"), Titles{"Task number 1"});
    EXPECT_EQ(waits_for(*one, "Task number 14"), Titles{"Task number 15"});
    EXPECT_EQ(count_of(one->notes, "reply", "from 1"), 1U);
    // An entry that is no task keeps its place among the positions.
    const auto junk = settle_plan("[7," + task(1, "[]", {{"id", ""}}) + "," + task(2, "[1]", {{"id", ""}}) + "," + task(3, "[0,2]", {{"id", ""}}) + "]", brief);
    EXPECT_EQ(waits_for(junk, "Task number 2"), Titles{"Task number 1"});
    EXPECT_EQ(waits_for(junk, "Task number 3"), Titles{"Task number 2"});
    EXPECT_EQ(count_of(junk.notes, "removed", "“0”"), 1U);
    EXPECT_EQ(count_of(junk.notes, "ignored", "Entry 1 of the reply is a number"), 1U);
}

TEST(Import, WhatIsNoDependencyIsRemovedAndSaid) {
    const auto import = import_plan(reply(15, {{1, task(1, "[99]")}, {2, task(2, "[2]")}, {3, task(3, "[1,\"1\"]")}, {4, task(4, "[true,{\"x\":1}]")}, {5, task(5, "[-1,1.5]")}}));
    ASSERT_TRUE(import.plan);
    const auto& notes = import.plan->notes;
    EXPECT_EQ(count_of(notes, "removed"), 7U);
    EXPECT_EQ(count_of(notes, "removed", "Task 1 (“Task number 1”): the dependency on “99” is removed: there is no such task."), 1U);
    EXPECT_EQ(count_of(notes, "removed", "a task cannot wait for itself"), 1U);
    EXPECT_EQ(count_of(notes, "removed", "it is named twice"), 1U);
    EXPECT_EQ(count_of(notes, "removed", "it is a boolean"), 1U);
    EXPECT_EQ(count_of(notes, "removed", "it is an object"), 1U);
    EXPECT_EQ(waits_for(*import.plan, "Task number 3"), Titles{"Task number 1"});
}

TEST(Import, ACircleLosesOneDependencyThatPointsToALaterTask) {
    const auto plan = import_plan(reply(18, {{1, task(1, "[3]")}, {2, task(2, "[1]")}, {3, task(3, "[2]")}, {5, task(5, "[6]")}, {6, task(6, "[5]")}})).plan;
    ASSERT_TRUE(plan);
    EXPECT_EQ(count_of(plan->notes, "removed"), 2U);
    EXPECT_EQ(count_of(plan->notes, "removed", "“Task number 1” waits for “Task number 3”"), 1U);
    EXPECT_EQ(count_of(plan->notes, "removed", "“Task number 5” waits for “Task number 6”"), 1U);
    EXPECT_EQ(waits_for(*plan, "Task number 3"), Titles{"Task number 2"});
}

TEST(Import, TheModelsOrderStaysWhereItCan) {
    const auto plan = import_plan(reply(15, {{2, task(2, "[9]")}, {3, task(3, "[2]")}})).plan;
    ASSERT_TRUE(plan);
    const int order[] = {1, 4, 5, 6, 7, 8, 9, 2, 3, 10, 11, 12, 13, 14, 15};
    for (std::size_t i = 0; i < 15; ++i) EXPECT_EQ(plan->tasks[i].title, "Task number " + std::to_string(order[i]));
    std::map<int, std::string> tasks;
    for (int id = 1; id <= 15; ++id) tasks[id] = task(id, "[]", {{"order", std::to_string(16 - id)}});
    const auto stated = import_plan(reply(15, tasks)).plan;
    ASSERT_TRUE(stated);
    EXPECT_EQ(stated->tasks[0].title, "Task number 15");
    EXPECT_EQ(count_of(stated->notes, "reply", "order that they state"), 1U);
}

TEST(Import, WordsAndNumbersAreReadInManyWays) {
    const auto plan = import_plan(reply(15, {{1, task(1, "[]", {{"section", "\"front-end\""}, {"priority", "\"HIGH\""}, {"estimatedHours", "\"8h\""}})},
                                             {2, task(2, "[]", {{"section", "\"UI/UX\""}, {"priority", "\"P3\""}, {"estimatedHours", "2.2"}})},
                                             {3, task(3, "[]", {{"section", "\"Quality Assurance\""}, {"priority", "\"must have\""}, {"estimatedHours", "\"2 days\""}})},
                                             {4, task(4, "[]", {{"section", "\"DevOps & Infrastructure\""}, {"priority", "\"normal\""}, {"estimatedHours", "\"4-6 hours\""}})},
                                             {5, task(5, "[]", {{"section", "\"DB\""}, {"estimatedHours", "0"}})},
                                             {6, task(6, "[]", {{"section", "\"API\""}, {"estimatedHours", "9e9"}})},
                                             {7, task(7, "[]", {{"section", "\"backend\""}, {"estimatedHours", "-3"}})},
                                             {8, task(8, "[]", {{"estimatedHours", ""}, {"hours", "5"}, {"section", ""}, {"Category", "\"Testing\""}})},
                                             {9, task(9, "[]", {{"estimatedHours", "\"30 min\""}})}}))
                          .plan;
    ASSERT_TRUE(plan);
    const std::tuple<const char*, const char*, int> expected[] = {{"Frontend", "high", 8}, {"Design", "low", 3}, {"Testing", "high", 16}, {"Deployment", "medium", 6},
                                                                  {"Database", "medium", 1}, {"Backend", "medium", 200}, {"Backend", "medium", 1}, {"Testing", "medium", 5},
                                                                  {"Frontend", "medium", 1}};
    for (std::size_t i = 0; i < std::size(expected); ++i) {
        EXPECT_EQ(plan->tasks[i].section, std::get<0>(expected[i])) << i;
        EXPECT_EQ(plan->tasks[i].priority, std::get<1>(expected[i])) << i;
        EXPECT_EQ(plan->tasks[i].hours, std::get<2>(expected[i])) << i;
    }
    EXPECT_EQ(count_of(plan->notes, "corrected", "the hours “9000000000” are read as 200"), 1U);
    EXPECT_EQ(count_of(plan->notes, "corrected", "the section “front-end” is read as Frontend"), 1U);
    EXPECT_EQ(count_of(plan->notes, "corrected", "the priority “P3” is read as low"), 1U);
}

TEST(Import, TitlesAreMadeDistinctAndTextsCleaned) {
    const std::string longer(3000, 'x');
    const auto import = import_plan(reply(17, {{2, task(2, "[]", {{"title", "\"task Number 1\""}})},
                                               {3, task(1, "[2]", {{"estimatedHours", "9"}, {"id", "3"}})},
                                               {4, task(4, "[3]", {{"title", R"("A\u0007 \u202etitle\n in  two\tlines")"}, {"description", R"("One more.\r\n\r\n\r\n\u001bTwo.")"}})},
                                               {5, task(5, "[]", {{"description", "\"word " + longer + "\""}})},
                                               {6, task(6, "[]", {{"owner", "\"Ben\""}, {"status", "\"done\""}})},
                                               {7, task(7, "[]", {{"owner", "\"Ben\""}})}}));
    ASSERT_TRUE(import.plan) << import.faults[0];
    const auto& tasks = import.plan->tasks;
    EXPECT_EQ(tasks.size(), 16U);
    EXPECT_EQ(tasks[1].title, "Task number 1");
    EXPECT_EQ(tasks[1].hours, 9);
    EXPECT_EQ(waits_for(*import.plan, "Task number 1"), Titles{"task Number 1 (2)"});
    EXPECT_EQ(count_of(import.plan->notes, "merged", "repeats an earlier task"), 1U);
    EXPECT_EQ(count_of(import.plan->notes, "corrected", "is called “task Number 1 (2)”"), 1U);
    const std::size_t cleaned = place(*import.plan, "A title in two lines");
    ASSERT_LT(cleaned, tasks.size());
    EXPECT_EQ(tasks[cleaned].description, "One more.\n\nTwo.");
    EXPECT_EQ(count_of(import.plan->notes, "corrected", "control characters"), 2U);
    EXPECT_EQ(count_of(import.plan->notes, "corrected", "description of 3005 characters is shortened"), 1U);
    EXPECT_EQ(count_of(import.plan->notes, "ignored", "2 tasks have “owner”"), 1U);
    EXPECT_EQ(count_of(import.plan->notes, "ignored", "1 task has “status”"), 1U);
    EXPECT_EQ(fuzz::wrong_in_plan(*import.plan), "");
}

TEST(Import, TooFewTooManyAndUnusableTasksAreNamedExactly) {
    EXPECT_EQ(import_plan(reply(14)).faults, std::vector<std::string>{"There are 14 tasks; there must be 15 to 25."});
    EXPECT_EQ(import_plan(reply(26)).faults, std::vector<std::string>{"There are 26 tasks; there must be 15 to 25."});
    EXPECT_TRUE(import_plan(reply(15)).plan);
    EXPECT_TRUE(import_plan(reply(25)).plan);
    const auto faults = import_plan(reply(18, {{1, "7"},
                                               {2, "\"Only words\""},
                                               {3, task(3, "[]", {{"title", "\"\""}})},
                                               {4, task(4, "[]", {{"description", "\"short\""}})},
                                               {5, task(5, "[]", {{"section", "\"Marketing\""}})},
                                               {6, task(6, "[]", {{"priority", "null"}})},
                                               {7, task(7, "[]", {{"estimatedHours", "\"many\""}})},
                                               {8, task(8, "[]", {{"id", "9"}})},
                                               {10, task(10, "[99]")},
                                               {11, task(11, "[12]")},
                                               {12, task(12, "[11]")}}))
                            .faults;
    const std::vector<std::string> expected = {
        "Task 1 is a number, not an object.",
        "Task 2 (“Only words”) is a string, not an object.",
        "Task 2 (“Only words”) has no description, or one under 10 characters.",
        "Task 2 (“Only words”) has the section “”; it must be Frontend, Backend, Database, Design, Testing or Deployment.",
        "Task 2 (“Only words”) has the priority “”; it must be low, medium or high.",
        "Task 2 (“Only words”) has no number of hours from 1 to 200.",
        "Task 3 has no title, or one under 3 characters.",
        "Task 4 (“Task number 4”) has no description, or one under 10 characters.",
        "Task 5 (“Task number 5”) has the section “Marketing”; it must be Frontend, Backend, Database, Design, Testing or Deployment.",
        "Task 6 (“Task number 6”) has the priority “”; it must be low, medium or high.",
        "Task 7 (“Task number 7”) has no number of hours from 1 to 200.",
        "The id “9” stands for “Task number 8” and for “Task number 9”; each task needs an id of its own.",
        "Task 10 (“Task number 10”): the dependency on “99” is wrong: there is no such task.",
        "“Task number 11” waits for “Task number 12”, which waits, over however many steps, for the first: a circle."};
    EXPECT_EQ(faults, expected);
    EXPECT_EQ(import_plan(reply(200, {{1, "7"}})).faults[0], "There are 199 tasks; there must be 15 to 25.");
}

TEST(Import, FaultsAreNotEndless) {
    std::string all;
    for (int i = 0; i < 1000; ++i) all += (i ? ",7" : "7");
    const auto import = import_plan("[" + all + "]");
    EXPECT_EQ(import.faults.size(), 61U);
    EXPECT_EQ(import.faults.back(), "There are 940 more faults of these kinds.");
    EXPECT_EQ(import.notes.size(), 1001U);
}

TEST(Settle, AGoodReplyIsTakenAsItIs) {
    const Plan plan = settle_plan(reply(18, {{2, task(2, "[1]")}}), brief);
    EXPECT_EQ(plan.tasks.size(), 18U);
    EXPECT_TRUE(plan.notes.empty());
}

TEST(Settle, TooFewAreFilledFromTheTemplateWithoutNearDuplicates) {
    const Plan plan = settle_plan(reply(3, {{1, task(1, "[]", {{"title", "\"Build the navigation, header and footer\""}})},
                                            {2, task(2, "[1]", {{"title", "\"Enquiry form\""}})},
                                            {3, task(3, "[2]", {{"title", "\"Launch\""}, {"section", "\"Deployment\""}})}}),
                                  brief);
    EXPECT_EQ(fuzz::wrong_in_plan(plan), "");
    EXPECT_EQ(plan.tasks.size(), 15U);
    EXPECT_EQ(count_of(plan.notes, "filled", "is added from the template"), 12U);
    EXPECT_EQ(place(plan, "Build header, navigation and footer"), 15U);
    EXPECT_EQ(place(plan, "Build the enquiry form"), 15U);
    // What the template lets wait for the frame waits for the model's own.
    EXPECT_TRUE(waits_for(plan, "Build the opening section with the call to action").contains("Build the navigation, header and footer"));
    EXPECT_EQ(waits_for(plan, "Launch"), Titles{"Enquiry form"});
    Titles sections;
    for (const auto& one : plan.tasks) sections.insert(one.section);
    EXPECT_EQ(sections.size(), 6U);
}

TEST(Settle, TooManyAreMergedWithinTheirSections) {
    std::map<int, std::string> tasks;
    for (int id = 1; id <= 40; ++id)
        tasks[id] = task(id, id > 4 ? "[" + std::to_string(id - 4) + "]" : "[]",
                         {{"section", id % 2 ? "\"Backend\"" : "\"Frontend\""}, {"estimatedHours", id <= 10 ? "1" : "9"}, {"priority", id == 3 ? "\"high\"" : "\"low\""}});
    const Plan plan = settle_plan(reply(40, tasks), brief);
    EXPECT_EQ(fuzz::wrong_in_plan(plan), "");
    EXPECT_EQ(plan.tasks.size(), 25U);
    int hours = 0;
    for (const auto& one : plan.tasks) hours += one.hours;
    EXPECT_EQ(hours, 10 + 30 * 9);
    for (int id = 1; id <= 40; ++id) {
        const std::string name = "Do what is number " + std::to_string(id) + ".";
        std::size_t in = 0;
        for (const auto& one : plan.tasks)
            if (one.description.find(name) != std::string::npos) {
                ++in;
                EXPECT_EQ(one.section, id % 2 ? "Backend" : "Frontend");
            }
        EXPECT_EQ(in, 1U) << id;
    }
    EXPECT_EQ(plan.tasks[0].priority, "high");  // one of the parts was
    EXPECT_GE(count_of(plan.notes, "merged"), 1U);
    EXPECT_EQ(count_of(plan.notes, "removed"), 0U);
}

TEST(Settle, WhereSectionsAlternateInAChainNeighboursAreMerged) {
    std::map<int, std::string> tasks;
    for (int id = 1; id <= 30; ++id) tasks[id] = task(id, id > 1 ? "[" + std::to_string(id - 1) + "]" : "[]", {{"section", id % 2 ? "\"Backend\"" : "\"Testing\""}});
    const Plan plan = settle_plan(reply(30, tasks), brief);
    EXPECT_EQ(fuzz::wrong_in_plan(plan), "");
    EXPECT_EQ(plan.tasks.size(), 25U);
    for (std::size_t t = 1; t < 25; ++t) EXPECT_EQ(plan.tasks[t].depends_on, std::vector<std::size_t>{t - 1});
}

TEST(Settle, HoursOfMergedTasksStayWithinTheirBounds) {
    std::map<int, std::string> tasks;
    for (int id = 1; id <= 60; ++id) tasks[id] = task(id, "[]", {{"estimatedHours", "150"}});
    const Plan plan = settle_plan(reply(60, tasks), brief);
    EXPECT_EQ(fuzz::wrong_in_plan(plan), "");
    EXPECT_GE(count_of(plan.notes, "corrected", "hours of its parts are set to 200"), 1U);
}

TEST(Settle, WhatCannotBeReadBecomesTheTemplate) {
    for (const char* text : {"", "no", "{\"tasks\":[]}", "[1,2,3]", "{\"tasks\":[{\"hours\":3}]}", "{\"tasks\":[{\"title\":\"cut of"}) {
        const Plan plan = settle_plan(text, brief);
        EXPECT_EQ(fuzz::wrong_in_plan(plan), "");
        EXPECT_EQ(count_of(plan.notes, "template"), 1U);
        EXPECT_EQ(plan.tasks.size(), domain::draft_plan(brief).tasks.size());
    }
}

TEST(Settle, WhatATaskLacksIsFilledAndSaid) {
    const Plan plan = settle_plan(reply(15, {{1, "\"Only words\""}, {2, task(2, "[]", {{"title", "\"\""}})}, {3, task(3, "[]", {{"section", "\"?\""}, {"title", "\"Write unit tests\""}})},
                                             {4, task(4, "[]", {{"estimatedHours", "null"}, {"priority", "\"?\""}, {"description", "null"}})}}),
                                  brief);
    EXPECT_EQ(fuzz::wrong_in_plan(plan), "");
    EXPECT_EQ(plan.tasks[0].title, "Only words");
    EXPECT_EQ(plan.tasks[1].title, "Do what is number 2.");
    EXPECT_EQ(plan.tasks[2].section, "Testing");
    EXPECT_EQ(plan.tasks[3].priority, "medium");
    EXPECT_EQ(plan.tasks[3].hours, 6);
    EXPECT_EQ(count_of(plan.notes, "filled"), 9U);
}

// ---- Ten thousand replies

// Every task begins its title with a mark that nothing else in the reply has.
std::string mark(std::size_t i) { return "mk" + std::to_string(i) + "x"; }

struct Generated {
    std::string text;
    std::size_t count = 0;
    std::vector<char> usable;
    std::set<std::pair<std::size_t, std::size_t>> edges;  // between usable tasks
};

class Generator {
public:
    explicit Generator(unsigned seed) : random_{seed} {}

    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_()) % bound; }

    std::string pick(std::initializer_list<const char*> choices) { return *(choices.begin() + below(choices.size())); }

    std::string junk() {
        return pick({"null", "true", "7", "-1", "1e300", "0.5", "\"\"", "\"???\"", "[]", "{}", "[[[]]]", "{\"a\":{\"b\":[1]}}", "\"\\u202e\\u0007\"", "\"<script>alert(1)</script>\"",
                     "\"'; drop table tasks; --\"", "\"\\ud83d\\ude03\"", "[\"x\",3]", "123456789012"});
    }

    Generated reply() {
        Generated made;
        made.count = below(4) == 0 ? below(15) : below(3) == 0 ? 26 + below(34) : 15 + below(11);
        made.usable.assign(made.count, 1);
        const auto ids = below(4);  // numbers, strings, none with positions from 1, none with titles
        const std::size_t mangled = below(3) == 0 ? 1 + below(4) : 0;
        const std::size_t density = below(4);
        std::string tasks;
        std::vector<std::string> titles;
        for (std::size_t i = 0; i < made.count; ++i)
            titles.push_back(mark(i) + " " + pick({"Build the page", "Ünïcode ✓ 😃", "x", "\\\"quoted\\\"", "<b>bold</b>", "a; b, c"}));
        for (std::size_t i = 0; i < made.count; ++i) made.usable[i] = !(mangled > 0 && below(12) == 0);
        for (std::size_t i = 0; i < made.count; ++i) {
            tasks += tasks.empty() ? "" : ",";
            if (!made.usable[i]) {
                tasks += pick({"null", "7", "[]", "{}", "true", "{\"section\":\"Backend\"}"});
                continue;
            }
            Writer task;
            task.object();
            if (ids == 0) task.member("id", static_cast<std::int64_t>(i + 1));
            if (ids == 1) task.member("id", "T" + std::to_string(i + 1) + "a");
            task.member("title", titles[i]);
            field(task, "description", "\"" + mark(i) + " has to be done with care.\"", mangled);
            field(task, "section", "\"" + pick({"Frontend", "Backend", "Database", "Design", "Testing", "Deployment", "back-end", "QA"}) + "\"", mangled);
            field(task, "priority", "\"" + pick({"low", "medium", "high", "Urgent"}) + "\"", mangled);
            field(task, "estimatedHours", pick({"1", "4", "8", "\"6\"", "2.5"}), mangled);
            task.key("dependencies").array();
            for (std::size_t n = density * below(3); n > 0; --n) {
                const std::size_t other = below(made.count);
                if (below(15) == 0) task.raw(junk());
                if (ids == 0 || ids == 2) task.value(static_cast<std::int64_t>(other + 1));
                if (ids == 1) task.value("t" + std::to_string(other + 1) + "A");
                if (ids == 3) task.value(below(2) == 0 ? titles[other] : "  M" + titles[other].substr(1));
                if (other != i && made.usable[other]) made.edges.emplace(i, other);
            }
            task.end_array().end_object();
            tasks += task.str();
        }
        made.text = "[" + tasks + "]";
        if (below(2) == 0) made.text = "{\"tasks\":" + made.text + "}";
        if (below(5) == 0) made.text = "Sure!\n```json\n" + made.text + "\n```";
        return made;
    }

private:
    void field(Writer& task, std::string_view name, const std::string& json, std::size_t mangled) {
        if (mangled > 0 && below(20) == 0) task.member_raw(name, junk());
        else if (mangled == 0 || below(20) != 0) task.member_raw(name, json);
    }

    std::mt19937 random_;
};

#ifdef __SANITIZE_ADDRESS__  // some ten times slower
constexpr std::size_t rounds = 1000;
constexpr int many_tasks = 3000;
#else
constexpr std::size_t rounds = 10'000;
constexpr int many_tasks = 9000;
#endif

TEST(Property, TenThousandRepliesGiveSoundPlansThatLoseNothingSilently) {
    Generator generator{20261121};
    std::size_t imported = 0;
    std::size_t removed = 0;
    std::size_t merged = 0;
    std::size_t filled = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        const Generated made = generator.reply();
        const auto import = import_plan(made.text);
        ASSERT_EQ(import.plan.has_value(), import.faults.empty()) << made.text;
        imported += import.plan.has_value();
        ASSERT_EQ(import.plan ? fuzz::wrong_in_plan(*import.plan) : "", "") << made.text;
        const Plan plan = settle_plan(made.text, brief);
        ASSERT_EQ(fuzz::wrong_in_plan(plan), "") << made.text;
        std::string all_notes;
        for (const auto& note : plan.notes) {
            all_notes += note.detail + "\n";
            removed += note.kind == "removed";
            merged += note.kind == "merged";
            filled += note.kind == "filled";
        }
        // Each task of the reply is in one task of the plan, or a note says why not.
        std::vector<std::size_t> holder(made.count, plan.tasks.size());
        for (std::size_t i = 0; i < made.count; ++i)
            for (std::size_t t = 0; t < plan.tasks.size(); ++t)
                if ((plan.tasks[t].title + " " + plan.tasks[t].description).find(mark(i)) != std::string::npos) holder[i] = t;
        for (std::size_t i = 0; i < made.count; ++i) {
            const bool noted = all_notes.find("Entry " + std::to_string(i + 1) + " of the reply") != std::string::npos;
            ASSERT_TRUE(made.usable[i] ? holder[i] < plan.tasks.size() : noted) << mark(i) << "\n" << made.text << "\n" << all_notes;
        }
        // Each dependency between them still holds, is within one merged task, or is noted as removed.
        for (const auto& [from, to] : made.edges) {
            const auto& after = plan.tasks[holder[from]].depends_on;
            bool found = holder[from] == holder[to] || std::find(after.begin(), after.end(), holder[to]) != after.end();
            for (const auto& note : plan.notes)
                found = found || (note.kind == "removed" && note.detail.find(mark(from)) != std::string::npos && note.detail.find(mark(to)) != std::string::npos);
            ASSERT_TRUE(found) << mark(from) << " → " << mark(to) << "\n" << made.text << "\n" << all_notes;
        }
    }
    // The generator reaches all of it.
    EXPECT_GT(imported, rounds / 5);
    EXPECT_GT(removed, rounds / 5);
    EXPECT_GT(merged, rounds / 10);
    EXPECT_GT(filled, rounds / 10);
}

// ---- Hostile size

TEST(Hostile, ThousandsOfTasksOfAnyGraphBecomeAPlan) {
    constexpr int count = many_tasks;
    const std::map<std::string, std::function<std::string(int)>> graphs = {
        {"chain", [](int i) { return i > 1 ? "[" + std::to_string(i - 1) + "]" : "[]"; }},
        {"chain backwards", [](int i) { return i < count ? "[" + std::to_string(i + 1) + "]" : "[]"; }},
        {"one circle", [](int i) { return "[" + std::to_string(i % count + 1) + "]"; }},
        {"pairs", [](int i) { return "[" + std::to_string(i % 2 ? i + 1 : i - 1) + "]"; }},
        {"star", [](int i) { return i > 1 ? "[1]" : "[]"; }},
        {"both ways", [](int i) { return "[" + std::to_string(i % count + 1) + "," + std::to_string(i > 1 ? i - 1 : count) + "]"; }},
        {"unknown", [](int) { return "[0,99999,\"x\"]"; }}};
    for (const auto& [name, graph] : graphs) {
        std::string all;
        for (int i = 1; i <= count; ++i)
            all += (i > 1 ? ",{\"id\":" : "{\"id\":") + std::to_string(i) + ",\"title\":\"Task " + std::to_string(i) + "\",\"section\":\"" + (i % 3 ? "Backend" : "Testing") +
                   "\",\"dependencies\":" + graph(i) + "}";
        const Plan plan = settle_plan("[" + all + "]", brief);
        EXPECT_EQ(fuzz::wrong_in_plan(plan), "") << name;
        EXPECT_EQ(plan.tasks.size(), 25U) << name;
        EXPECT_FALSE(import_plan("[" + all + "]").plan);
    }
}

TEST(Hostile, DeepLongAndRepeatedTextsAreBorne) {
    std::string same;
    for (int i = 0; i < 9000; ++i) same += std::string{i ? "," : ""} + "{\"title\":\"Same\",\"description\":\"d" + std::to_string(i) + "\"}";
    std::string strings;
    for (int i = 0; i < 200'000; ++i) strings += i ? ",\"a\"" : "\"a\"";
    const std::string cases[] = {"[" + same + "]", "[" + strings + "]", std::string(500'000, '['), std::string(500'000, '{'), "[" + std::string(1000, '[') + std::string(1000, ']') + "]",
                                 "{\"tasks\":\"" + std::string(900'000, 'x') + "\"}", "[{\"title\":\"" + std::string(900'000, 'x') + "\"}]", std::string(2'000'000, ' ') + "x",
                                 "[{\"title\":\"abc\",\"dependencies\":\"" + std::string(400'000, ',') + "\"}]", std::string(3'000'000, 'x'), "\xEF\xBB\xBF" + reply(18)};
    for (const auto& text : cases) EXPECT_EQ(fuzz::wrong_in_plan(settle_plan(text, brief)), "") << text.substr(0, 40);
    EXPECT_TRUE(import_plan(cases[10]).plan);
}

// The worker reads replies on threads with a stack of 1 MiB.
TEST(Hostile, ADeepReplyNeedsLittleStack) {
    pthread_attr_t attributes;
    ASSERT_EQ(pthread_attr_init(&attributes), 0);
    ASSERT_EQ(pthread_attr_setstacksize(&attributes, 768 * 1024), 0);
    const auto read = [](void*) -> void* {
        std::string objects;
        for (int i = 0; i < 2000; ++i) objects += "{\"tasks\":[";
        for (const std::string& deep : {std::string(2040, '[') + std::string(2040, ']'), std::string(2000, '[') + "7" + std::string(2000, ']'), objects})
            for (const std::string& text : {deep, "[" + deep + "]", "{\"tasks\":[{\"title\":\"Deep\",\"dependencies\":[" + deep + "],\"x\":" + deep + "}]}"})
                EXPECT_EQ(fuzz::wrong_in_plan(settle_plan(text, brief)), "");
        return nullptr;
    };
    pthread_t thread;
    ASSERT_EQ(pthread_create(&thread, &attributes, read, nullptr), 0);
    EXPECT_EQ(pthread_join(thread, nullptr), 0);
    pthread_attr_destroy(&attributes);
}

}  // namespace

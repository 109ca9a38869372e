// Gemini: every failure that wire-facts name, judged; and requests as they go over the wire.
#include "gateways/gemini.h"

#include <gtest/gtest.h>

#include <mutex>

#include "../core/listener.h"
#include "core/json.h"

using namespace gateways;
using namespace std::chrono_literals;
using core::Incoming;
using core::Json;
using Fault = Incoming::Fault;

namespace {

std::string chunk(std::string_view text, std::string_view finish = "") {
    core::Writer out;
    out.object().key("candidates").array().object().key("content").object().member("role", "model").key("parts").array();
    if (!text.empty()) out.object().member("text", text).end_object();
    out.end_array().end_object();
    if (!finish.empty()) out.member("finishReason", finish);
    return out.end_object().end_array().end_object().take();
}

Reply judged(const std::vector<std::string>& answers, Incoming transport = {.status = 200, .body = {}, .headers = {}, .fault = {}, .why = {}}) {
    Reading reading;
    for (const std::string& one : answers) reading.take(one);
    return reading.judged(transport);
}

Incoming http(int status, std::string body, std::vector<std::pair<std::string, std::string>> headers = {}) {
    Incoming answer;
    answer.status = status;
    answer.body = std::move(body);
    answer.headers = std::move(headers);
    return answer;
}

Incoming broken(Fault fault, int status = 0) {
    Incoming answer;
    answer.status = status;
    answer.fault = fault;
    answer.why = "why";
    return answer;
}

std::string error(int code, const char* status, const char* details = "[]") {
    return "{\"error\":{\"code\":" + std::to_string(code) + ",\"message\":\"SECRET client words\",\"status\":\"" + status +
           "\",\"details\":" + details + "}}";
}

constexpr const char* per_day = R"([
    {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]},
    {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"1s"}])";
constexpr const char* per_minute = R"([
    {"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{"quotaId":"GenerateRequestsPerMinutePerProjectPerModel"}]},
    {"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38.2s"}])";

}  // namespace

TEST(GeminiReading, JoinsTheTextWithoutThoughtsAndSignatures) {
    const Reply reply = judged({
        R"({"candidates":[{"content":{"parts":[{"text":"SECRET","thought":true},{"text":"One "},{"thoughtSignature":"x"}]}}]})",
        R"({"candidates":[{"content":{"parts":[{"text":"two","thought":false}]}}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":3}})",
        R"({"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":9,"candidatesTokenCount":7,"thoughtsTokenCount":5}})"});
    EXPECT_EQ(reply.next, Next::none);
    EXPECT_EQ(reply.text, "One two");
    EXPECT_EQ(reply.usage.prompt, 9);
    EXPECT_EQ(reply.usage.output, 7);
    EXPECT_EQ(reply.usage.thought, 5);
}

TEST(GeminiReading, JudgesHttpErrors) {
    const struct {
        Incoming answer;
        Next next;
        std::chrono::seconds wait;
    } cases[] = {
        {http(400, error(400, "INVALID_ARGUMENT")), Next::give_up, 0s},
        {http(400, error(400, "FAILED_PRECONDITION")), Next::give_up, 0s},
        {http(401, error(401, "UNAUTHENTICATED")), Next::give_up, 0s},
        {http(403, error(403, "PERMISSION_DENIED")), Next::give_up, 0s},
        {http(404, error(404, "NOT_FOUND")), Next::other_model, 0s},
        {http(302, ""), Next::give_up, 0s},
        {http(413, "<html>"), Next::give_up, 0s},
        {http(408, ""), Next::wait, 0s},
        {http(429, error(429, "RESOURCE_EXHAUSTED")), Next::wait, 0s},
        {http(429, error(429, "RESOURCE_EXHAUSTED", per_minute)), Next::wait, 39s},
        {http(429, error(429, "RESOURCE_EXHAUSTED", per_day)), Next::tomorrow, 0s},
        {http(429, "slow down", {{"retry-after", "7"}}), Next::wait, 7s},
        {http(500, error(500, "INTERNAL")), Next::wait, 0s},
        {http(502, "<!DOCTYPE html>"), Next::wait, 0s},
        {http(503, error(503, "UNAVAILABLE")), Next::wait, 0s},
        {http(504, error(504, "DEADLINE_EXCEEDED")), Next::wait, 0s},
        {http(529, ""), Next::wait, 0s},
        {http(503, R"({"error":[1]})"), Next::wait, 0s},
        {http(503, R"({"error":{"details":{"a":1}}})"), Next::wait, 0s},
    };
    for (const auto& one : cases) {
        const Reply reply = judged({}, one.answer);
        EXPECT_EQ(reply.next, one.next) << one.answer.status << one.answer.body;
        EXPECT_EQ(reply.wait, one.wait) << one.answer.status << one.answer.body;
        EXPECT_FALSE(reply.people.empty());
        EXPECT_EQ(reply.why.find("SECRET"), std::string::npos);
        EXPECT_EQ(reply.people.find("SECRET"), std::string::npos);
    }
}

TEST(GeminiReading, JudgesTheTransport) {
    EXPECT_EQ(judged({}, broken(Fault::connect)).next, Next::wait);
    EXPECT_EQ(judged({}, broken(Fault::timeout)).next, Next::wait);
    EXPECT_EQ(judged({}, broken(Fault::broken)).next, Next::wait);
    EXPECT_EQ(judged({chunk("half")}, broken(Fault::broken, 200)).next, Next::wait);
    EXPECT_EQ(judged({chunk("half")}, broken(Fault::timeout, 200)).next, Next::wait);
    EXPECT_EQ(judged({}, broken(Fault::too_large, 200)).next, Next::again);
    EXPECT_EQ(judged({chunk("half")}, broken(Fault::cancelled)).next, Next::cancelled);
    // Everything was there already when the connection was lost.
    EXPECT_EQ(judged({chunk("all", "STOP")}, broken(Fault::broken, 200)).next, Next::none);
}

TEST(GeminiReading, LooksAtTheFinishReasonFirst) {
    const struct {
        const char *text, *finish;
        Next next;
    } cases[] = {
        {"text", "STOP", Next::none},           {"", "STOP", Next::again},          {" \n", "STOP", Next::again},
        {"text", "MAX_TOKENS", Next::again},    {"", "MAX_TOKENS", Next::again},    {"text", "SAFETY", Next::give_up},
        {"text", "BLOCKLIST", Next::give_up},   {"", "SPII", Next::give_up},        {"x", "PROHIBITED_CONTENT", Next::give_up},
        {"text", "RECITATION", Next::again},    {"text", "LANGUAGE", Next::again},  {"text", "OTHER", Next::again},
        {"x", "MALFORMED_FUNCTION_CALL", Next::again}, {"x", "MALFORMED_RESPONSE", Next::again}, {"x", "NEVER_SEEN", Next::again},
        {"text", "", Next::again},              {"", "", Next::again},
    };
    for (const auto& one : cases) EXPECT_EQ(judged({chunk(one.text, one.finish)}).next, one.next) << one.text << one.finish;
    EXPECT_TRUE(judged({chunk("x", "MAX_TOKENS")}).cut);
    EXPECT_FALSE(judged({chunk("x", "OTHER")}).cut);
}

TEST(GeminiReading, JudgesBlocksErrorsMidStreamAndRubbish) {
    EXPECT_EQ(judged({R"({"promptFeedback":{"blockReason":"PROHIBITED_CONTENT"},"usageMetadata":{"promptTokenCount":5}})"}).next, Next::give_up);
    EXPECT_EQ(judged({R"({"promptFeedback":{"blockReason":"SOMETHING_NEW"}})"}).next, Next::give_up);
    EXPECT_EQ(judged({chunk("some"), error(503, "UNAVAILABLE")}).next, Next::wait);
    EXPECT_EQ(judged({chunk("some"), error(429, "RESOURCE_EXHAUSTED", per_day)}).next, Next::tomorrow);
    EXPECT_EQ(judged({chunk("some"), error(400, "INVALID_ARGUMENT")}).next, Next::give_up);
    EXPECT_EQ(judged({R"({"error":{"message":"no code"}})"}).next, Next::wait);
    EXPECT_EQ(judged({}).next, Next::again);
    for (const char* rubbish : {"<html>", "", "[]", "7", "{\"candidates\":[{\"content\"", "{\"a\":\"\\u0000\"}", "{\"a\":\"\\ud800\"}"})
        EXPECT_EQ(judged({chunk("some"), rubbish, chunk("", "STOP")}).next, Next::again) << rubbish;
    for (const char* odd : {"{}", R"({"candidates":7})", R"({"candidates":[]})", R"({"candidates":[{"content":{"parts":[7,{"text":7},{"text":null}]}}]})"})
        EXPECT_EQ(judged({odd}).next, Next::again) << odd;
}

TEST(GeminiReading, TakesNoEndlessText) {
    Reading reading;
    const std::string one = chunk(std::string(100'000, 'x'));
    int taken = 0;
    while (!reading.over() && taken < 100) {
        reading.take(one);
        ++taken;
    }
    EXPECT_LT(taken, 10);
    EXPECT_EQ(reading.judged(http(200, "")).next, Next::again);
}

TEST(GeminiReading, PutsOnlyPlainWordsIntoTheLog) {
    const Reply reply = judged({chunk("x", "SA FE\"TY\n{client}")});
    EXPECT_EQ(reply.why.find_first_of("\"\n{}"), std::string::npos);
}

TEST(PacificMidnight, FollowsDaylightSaving) {
    using namespace std::chrono;
    const auto at = [](year_month_day day, minutes time) { return system_clock::time_point{sys_days{day} + time}; };
    const auto y = year{2026};
    // Winter: UTC-8. Summer: UTC-7. The days on which the clocks change end by the other offset.
    EXPECT_EQ(next_pacific_midnight(at(y / 1 / 15, 8h)), at(y / 1 / 16, 8h));
    EXPECT_EQ(next_pacific_midnight(at(y / 1 / 15, 7h + 59min)), at(y / 1 / 15, 8h));
    EXPECT_EQ(next_pacific_midnight(at(y / 7 / 1, 6h + 59min)), at(y / 7 / 1, 7h));
    EXPECT_EQ(next_pacific_midnight(at(y / 7 / 1, 7h)), at(y / 7 / 2, 7h));
    EXPECT_EQ(next_pacific_midnight(at(y / 3 / 8, 9h)), at(y / 3 / 9, 7h));    // clocks go forward on 8 March 2026
    EXPECT_EQ(next_pacific_midnight(at(y / 11 / 1, 8h)), at(y / 11 / 2, 8h));  // and back on 1 November
    EXPECT_EQ(next_pacific_midnight(at(y / 12 / 31, 12h)), at(year{2027} / 1 / 1, 8h));
}

TEST(CostMicros, MultipliesTokensByTheTable) {
    const Usage usage{1000, 200, 300};
    EXPECT_EQ(cost_micros(R"({"m":{"input":0.3,"output":2.5}})", "m", usage), 300 + 1250);
    EXPECT_EQ(cost_micros(R"({"m":{"input":0.3,"output":2.5}})", "other", usage), 0);
    EXPECT_EQ(cost_micros("nonsense", "m", usage), 0);
    EXPECT_EQ(cost_micros(R"({"m":{"input":-5}})", "m", usage), 0);
    EXPECT_EQ(cost_micros(R"({"m":7})", "m", usage), 0);
}

// Over the wire

namespace {

class GeminiCalls : public testing::Test {
protected:
    std::mutex mutex;  // a call that ends a stream early leaves its answer being said while the next one is set
    std::vector<std::string> requests;
    std::string answer;
    tests::Listener server{[this](int socket) {
        for (std::string request = tests::read_request(socket); !request.empty(); request = tests::read_request(socket)) {
            std::string said;
            {
                const std::lock_guard lock{mutex};
                requests.push_back(request);
                said = answer;
            }
            tests::say(socket, said);
        }
    }};
    core::Config config = [this] {
        core::Config made;
        made.gemini_api_key = "the-key";
        made.gemini_base_url = "http://" + server.host_and_port();
        made.gemini_timeout_seconds = 5;
        return made;
    }();
    core::Fetcher fetcher;
    Gemini gemini{config};
    const Prompt prompt{"Be brief", {{false, "Hi \"you\""}, {true, "What?"}, {false, "Write"}}};

    void answers(std::string_view type, std::string_view body, int status = 200) {
        const std::lock_guard lock{mutex};
        answer = "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Type: " + std::string{type} + "\r\nContent-Length: " +
                 std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
    }
    Json sent() {
        const std::lock_guard lock{mutex};
        return Json::parse(requests.back().substr(requests.back().find("\r\n\r\n") + 4));
    }
};

}  // namespace

TEST_F(GeminiCalls, StreamsWithTheKeyInAHeader) {
    answers("text/event-stream", "data: " + chunk("Hel") + "\r\n\r\ndata: " + chunk("lo") + "\n\ndata: " + chunk("", "STOP") + "\n\n");
    std::vector<std::string> grown;
    const Reply reply = gemini.write(fetcher, Model{"the-key", "gemini-3.5-flash"}, prompt, [&](const std::string& text) {
        grown.push_back(text);
        return true;
    });
    EXPECT_EQ(reply.next, Next::none) << reply.why;
    EXPECT_EQ(reply.text, "Hello");
    ASSERT_FALSE(grown.empty());
    EXPECT_EQ(grown.back(), "Hello");
    const std::string& head = requests.at(0);
    EXPECT_TRUE(head.starts_with("POST /v1beta/models/gemini-3.5-flash:streamGenerateContent?alt=sse HTTP/1.1\r\n")) << head;
    EXPECT_NE(head.find("x-goog-api-key: the-key\r\n"), head.npos);
    const Json body = sent();
    EXPECT_EQ(body["systemInstruction"]["parts"][std::size_t{0}]["text"].text(), "Be brief");
    EXPECT_EQ(body["contents"].size(), 3U);
    EXPECT_EQ(body["contents"][1]["role"].text(), "model");
    EXPECT_EQ(body["contents"][std::size_t{0}]["parts"][std::size_t{0}]["text"].text(), "Hi \"you\"");
    EXPECT_EQ(body["generationConfig"]["maxOutputTokens"].integer(), 32768);
    EXPECT_FALSE(body["generationConfig"]["responseMimeType"]);
}

TEST_F(GeminiCalls, AsksForJsonByTheSchema) {
    answers("application/json", chunk("{}", "STOP"));
    Prompt json = prompt;
    json.schema = R"({"type":"object"})";
    EXPECT_EQ(gemini.ask(fetcher, Model{"the-key", "gemini-3.5-flash"}, json).text, "{}");
    EXPECT_TRUE(requests.at(0).starts_with("POST /v1beta/models/gemini-3.5-flash:generateContent HTTP/1.1\r\n"));
    const Json asked = sent()["generationConfig"];
    EXPECT_EQ(asked["responseMimeType"].text(), "application/json");
    EXPECT_EQ(asked["responseJsonSchema"]["type"].text(), "object");
}

TEST_F(GeminiCalls, SaysHowMuchToThinkInTheModelsWords) {
    answers("application/json", chunk("{}", "STOP"));
    gemini.ask(fetcher, Model{"the-key", "gemini-3.8-flash"}, prompt);
    EXPECT_EQ(sent()["generationConfig"]["thinkingConfig"]["thinkingLevel"].text(), "low");
    EXPECT_FALSE(sent()["generationConfig"]["thinkingConfig"]["thinkingBudget"]);
    gemini.ask(fetcher, Model{"the-key", "gemini-2.5-flash"}, prompt);
    EXPECT_GT(sent()["generationConfig"]["thinkingConfig"]["thinkingBudget"].integer(), 0);
    EXPECT_FALSE(sent()["generationConfig"]["thinkingConfig"]["thinkingLevel"]);
    gemini.ask(fetcher, Model{"the-key", "something-else"}, prompt);
    EXPECT_FALSE(sent()["generationConfig"]["thinkingConfig"]);
}

TEST_F(GeminiCalls, ParksAModelWhoseDayIsUsedUpAndNoOther) {
    answers("application/json", error(429, "RESOURCE_EXHAUSTED", per_day), 429);
    EXPECT_EQ(gemini.ask(fetcher, Model{"the-key", "one"}, prompt).next, Next::tomorrow);
    EXPECT_EQ(gemini.ask(fetcher, Model{"the-key", "one"}, prompt).next, Next::tomorrow);
    EXPECT_EQ(gemini.write(fetcher, Model{"the-key", "one"}, prompt, [](const std::string&) { return true; }).next, Next::tomorrow);
    EXPECT_EQ(requests.size(), 1U);
    answers("application/json", chunk("{}", "STOP"));
    EXPECT_EQ(gemini.ask(fetcher, Model{"the-key", "two"}, prompt).next, Next::none);
}

TEST_F(GeminiCalls, EndsAStreamThatCannotBecomeGood) {
    answers("text/event-stream", "data: " + chunk("some") + "\n\ndata: " + error(503, "UNAVAILABLE") + "\n\n");
    EXPECT_EQ(gemini.write(fetcher, Model{"the-key", "m"}, prompt, [](const std::string&) { return true; }).next, Next::wait);
    answers("text/event-stream", "data: {\"candidates\"\n\n");
    EXPECT_EQ(gemini.write(fetcher, Model{"the-key", "m"}, prompt, [](const std::string&) { return true; }).next, Next::again);
    answers("text/event-stream", "data: " + std::string(5 << 20, 'x'));
    EXPECT_EQ(gemini.write(fetcher, Model{"the-key", "m"}, prompt, [](const std::string&) { return true; }).next, Next::again);
    answers("text/event-stream", "data: " + chunk("some") + "\n\n");
    EXPECT_EQ(gemini.write(fetcher, Model{"the-key", "m"}, prompt, [](const std::string&) { return false; }).next, Next::cancelled);
    answers("text/html", "<html>Sign in to the network</html>");
    EXPECT_EQ(gemini.write(fetcher, Model{"the-key", "m"}, prompt, [](const std::string&) { return true; }).next, Next::again);
    EXPECT_EQ(gemini.ask(fetcher, Model{"the-key", "m"}, prompt).next, Next::again);
}

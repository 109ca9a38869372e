// Log: one line of JSON an event.
#include "core/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <thread>
#include <vector>

#include "core/json.h"

using namespace core;

namespace {

template <class F>
std::string said(F what) {
    testing::internal::CaptureStderr();
    what();
    return testing::internal::GetCapturedStderr();
}

class Logging : public testing::Test {
protected:
    void TearDown() override {
        set_log_level("info");
        set_log_request("");
    }
};

}  // namespace

TEST_F(Logging, WritesOneJsonLineAnEvent) {
    const std::string line = said([] { log(Level::info, "something \"happened\"", {{"count", 3}, {"why", "a\nb\xff"}, {"done", true}}); });
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
    const Json json = Json::parse(line);
    EXPECT_EQ(json["event"].text(), "something \"happened\"");
    EXPECT_EQ(json["level"].text(), "info");
    EXPECT_EQ(json["count"].integer(), 3);
    EXPECT_TRUE(json["done"].boolean());
    EXPECT_EQ(json["why"].text(), "a\nb\xEF\xBF\xBD");
    EXPECT_FALSE(json["request"]);
    const std::string time{json["time"].text()};
    ASSERT_EQ(time.size(), 24U);
    EXPECT_EQ(time[10], 'T');
    EXPECT_EQ(time.back(), 'Z');
}

TEST_F(Logging, DropsWhatIsAboveItsLevel) {
    set_log_level("warn");
    EXPECT_EQ(said([] { log(Level::info, "x"); }), "");
    EXPECT_NE(said([] { log(Level::warn, "x"); }), "");
    EXPECT_NE(said([] { log(Level::error, "x"); }), "");
    set_log_level("debug");
    EXPECT_NE(said([] { log(Level::debug, "x"); }), "");
    EXPECT_THROW(set_log_level("loud"), std::runtime_error);
}

TEST_F(Logging, ALineCarriesTheRequestOfItsThreadOnly) {
    set_log_request("abc-1");
    const std::string mine = said([] { log(Level::info, "x"); });
    const std::string other = said([] { std::thread{[] { log(Level::info, "x"); }}.join(); });
    EXPECT_EQ(Json::parse(mine)["request"].text(), "abc-1");
    EXPECT_FALSE(Json::parse(other)["request"]);
}

TEST_F(Logging, LinesOfThreadsDoNotMix) {
    const std::string all = said([] {
        std::vector<std::jthread> threads;
        for (int t = 0; t < 4; ++t)
            threads.emplace_back([t] {
                for (int i = 0; i < 200; ++i) log(Level::info, "event", {{"text", std::string(300, static_cast<char>('a' + t))}});
            });
    });
    std::size_t lines = 0;
    for (std::size_t at = 0; at < all.size(); ++lines) {
        const auto end = all.find('\n', at);
        ASSERT_NE(end, std::string::npos);
        ASSERT_TRUE(Json::try_parse(std::string_view{all}.substr(at, end - at)));
        at = end + 1;
    }
    EXPECT_EQ(lines, 800U);
}

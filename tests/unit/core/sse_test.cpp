// SseReader: the same events however the bytes are cut.
#include "core/sse.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

using core::SseReader;

namespace {

using Events = std::vector<std::string>;

Events read(const std::vector<std::string_view>& pieces, std::size_t limit = 1 << 20) {
    Events events;
    SseReader reader{limit, [&](std::string_view data) { events.emplace_back(data); }};
    for (const std::string_view piece : pieces) reader.feed(piece);
    return events;
}

Events read(std::string_view whole) { return read(std::vector<std::string_view>{whole}); }

}  // namespace

TEST(SseReader, GivesDataLinesAndSkipsTheRest) {
    EXPECT_EQ(read("data: {\"a\":1}\n\ndata:b\n\n"), (Events{"{\"a\":1}", "b"}));
    EXPECT_EQ(read("data: one\ndata: two\n\n"), (Events{"one\ntwo"}));
    EXPECT_EQ(read(": comment\nid: 7\nretry: 10\nevent: x\ndata: y\nother\n\n"), (Events{"y"}));
    EXPECT_EQ(read("data:  two spaces\n\n"), (Events{" two spaces"}));
    EXPECT_EQ(read("data\n\n"), (Events{""}));
    EXPECT_EQ(read("data:\ndata:\n\n"), (Events{"\n"}));
    EXPECT_EQ(read("database: no\ndat: no\n\n\n\n"), Events{});
    EXPECT_EQ(read("\xEF\xBB\xBF" "data: after the mark\n\n"), (Events{"after the mark"}));
    EXPECT_EQ(read("data: \xEF\xBB\xBF inside\n\n"), (Events{"\xEF\xBB\xBF inside"}));
}

TEST(SseReader, TakesEveryLineEnd) {
    EXPECT_EQ(read("data: a\r\n\r\ndata: b\r\rdata: c\n\r\ndata: d\r\n\n"), (Events{"a", "b", "c", "d"}));
}

TEST(SseReader, NeverGivesAnUnfinishedEvent) {
    EXPECT_EQ(read("data: a\n\ndata: b\n"), (Events{"a"}));
    EXPECT_EQ(read("data: a\n\ndata: b"), (Events{"a"}));
}

TEST(SseReader, GivesTheSameForEverySplitInTwoAndForSingleBytes) {
    const std::string stream =
        "\xEF\xBB\xBF: hi\r\ndata: {\"t\":\"Ñandú ₱ 🇵🇭\"}\r\n\r\ndata: one\ndata: two\r\rid: 1\ndata:three\n\ndata: left over";
    const Events whole = read(stream);
    ASSERT_EQ(whole.size(), 3U);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut)
        EXPECT_EQ(read({std::string_view{stream}.substr(0, cut), std::string_view{stream}.substr(cut)}), whole) << cut;
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(std::string_view{stream}.substr(i, 1));
    EXPECT_EQ(read(bytes), whole);
}

TEST(SseReader, GivesTheSameForRandomStreamsAndSplits) {
    std::mt19937 random{20261121};
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>{0, n - 1}(random); };
    constexpr std::string_view words[] = {"data:", "data: ", "data", "id: 1", ":", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "x", "é", "₱", "🇵🇭", " ", "\xEF\xBB\xBF", "{\"a\":[1]}"};
    for (int round = 0; round < 3000; ++round) {
        std::string stream;
        for (std::size_t i = below(40); i > 0; --i) stream += words[below(std::size(words))];
        std::vector<std::string_view> pieces;
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t size = 1 + below(std::min<std::size_t>(stream.size() - at, 9));
            pieces.push_back(std::string_view{stream}.substr(at, size));
            at += size;
        }
        ASSERT_EQ(read(pieces), read(stream)) << stream;
    }
}

TEST(SseReader, StopsAtItsLimitAndStaysStopped) {
    Events events;
    SseReader reader{100, [&](std::string_view data) { events.emplace_back(data); }};
    EXPECT_TRUE(reader.feed("data: " + std::string(90, 'x') + "\n\n"));
    EXPECT_TRUE(reader.feed("data: " + std::string(40, 'y') + "\n"));
    EXPECT_TRUE(reader.feed("data: " + std::string(40, 'y') + "\n"));
    EXPECT_FALSE(reader.feed("data: " + std::string(40, 'y')));
    EXPECT_FALSE(reader.feed("\n\ndata: z\n\n"));
    ASSERT_EQ(events.size(), 1U);
    SseReader endless{1000, [](std::string_view) {}};
    bool fits = true;
    for (int i = 0; i < 20 && fits; ++i) fits = endless.feed(std::string(100, 'x'));
    EXPECT_FALSE(fits);
}

// HTTP: cookies, queries and replies.
#include "core/http.h"

#include <gtest/gtest.h>

using namespace core;

namespace {

std::string cookie(std::string header, std::string_view name) {
    Request request;
    request.cookie = std::move(header);
    return std::string{request.cookie_value(name)};
}

std::string query(std::string text, std::string_view name) {
    Request request;
    request.query = std::move(text);
    return request.query_value(name);
}

}  // namespace

TEST(Cookies, AreFoundByTheirWholeName) {
    EXPECT_EQ(cookie("session=abc", "session"), "abc");
    EXPECT_EQ(cookie("a=1; session=abc; b=2", "session"), "abc");
    EXPECT_EQ(cookie("a=1;session=abc;b=2", "session"), "abc");
    EXPECT_EQ(cookie("xsession=no; session2=no; session=yes", "session"), "yes");
    EXPECT_EQ(cookie("__Host-session=yes; session=no", "__Host-session"), "yes");
    EXPECT_EQ(cookie("a=session=no", "session"), "");
    EXPECT_EQ(cookie("abcdefg=session", "session"), "");
    EXPECT_EQ(cookie("", "session"), "");
    EXPECT_EQ(cookie("session", "session"), "");
    EXPECT_EQ(cookie(";;; =; session=x", "session"), "x");
}

TEST(Cookies, TheFirstOfAPairOfTwinsCounts) { EXPECT_EQ(cookie("session=first; session=second", "session"), "first"); }

TEST(Cookies, AValueMayHoldEqualsSigns) { EXPECT_EQ(cookie("t=a=b==", "t"), "a=b=="); }

TEST(Queries, AreDecodedOnce) {
    EXPECT_EQ(query("a=1&b=two+words&c=%C3%A9%26", "b"), "two words");
    EXPECT_EQ(query("a=1&b=two+words&c=%C3%A9%26", "c"), "é&");
    EXPECT_EQ(query("a=%2541", "a"), "%41");
    EXPECT_EQ(query("%61=x", "a"), "x");
    EXPECT_EQ(query("a=first&a=second", "a"), "first");
    EXPECT_EQ(query("a&b=", "a"), "");
    EXPECT_EQ(query("&&=&a=1", "a"), "1");
    EXPECT_EQ(query("&=nameless", ""), "nameless");
    EXPECT_EQ(query("ab=1", "a"), "");
}

TEST(Queries, ABrokenEscapeStaysAsItIs) {
    for (const char* text : {"%", "%4", "%zz", "a%", "%%"}) EXPECT_EQ(url_decoded(text, false), text);
    EXPECT_EQ(url_decoded("%%41", false), "%A");
    EXPECT_EQ(url_decoded("a+b", false), "a+b");
}

TEST(Replies, AreMadeByTheirKind) {
    EXPECT_EQ(ok("{}").status, 200);
    EXPECT_EQ(ok("{}").content_type, "application/json");
    EXPECT_EQ(created("{}").status, 201);
    EXPECT_EQ(accepted("{}").status, 202);
    EXPECT_EQ(no_content().status, 204);
    EXPECT_TRUE(no_content().content_type.empty());
    const Reply away = redirect("/login");
    EXPECT_EQ(away.status, 303);
    EXPECT_EQ(away.headers.front(), (std::pair<std::string, std::string>{"Location", "/login"}));
    const Reply kept = ok("{}").cache(std::chrono::minutes{2});
    EXPECT_EQ(kept.headers.front(), (std::pair<std::string, std::string>{"Cache-Control", "public, max-age=120"}));
}

TEST(Http, AValueForAQueryComesBackTheSame) {
    EXPECT_EQ(url_encoded("a b&c=d/ä~._-"), "a%20b%26c%3Dd%2F%C3%A4~._-");
    std::string all;
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    EXPECT_EQ(url_decoded(url_encoded(all), true), all);
}

// Sessions: the cookie's attributes, the user as JSON, and what is kept of a User-Agent.
#include "domain/session.h"

#include <gtest/gtest.h>

using namespace domain;

TEST(SessionCookie, OnHttpIsHiddenFromScriptsAndOtherSites) {
    EXPECT_EQ(session_cookie_line("session", "abc"), "session=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax");
}

TEST(SessionCookie, OnHttpsIsSecureAndBoundToTheHost) {
    const std::string line = session_cookie_line("__Host-session", "abc");
    EXPECT_EQ(line, "__Host-session=abc; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax; Secure");
    EXPECT_EQ(line.find("Domain"), std::string::npos);  // with a Domain, browsers refuse __Host-
}

TEST(SessionCookie, IsTakenAwayWithTheAttributesThatItWasSetWith) {
    EXPECT_EQ(no_session_cookie_line("session"), "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    EXPECT_EQ(no_session_cookie_line("__Host-session"), "__Host-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure");
}

TEST(SessionUser, IsTheContractsObject) {
    EXPECT_EQ(user_json({"u-1", "Ana \"A\" Cruz", "ana@example.test", true, "staff", 7}),
              R"({"id":"u-1","name":"Ana \"A\" Cruz","email":"ana@example.test","role":"staff","emailVerified":true})");
}

TEST(SessionUserAgent, BytesThatPostgresqlWouldRefuseAreReplaced) {
    EXPECT_EQ(plain_user_agent("Mozilla/5.0 (X11)"), "Mozilla/5.0 (X11)");
    EXPECT_EQ(plain_user_agent("a\xff\xfe\tb\x7f"), "a???b?");
    EXPECT_EQ(plain_user_agent(std::string(5000, 'x')).size(), 300U);
}

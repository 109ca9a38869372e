// CGI: a Request out of RFC 3875's variables, and the text of a Reply.
#include "core/cgi.h"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "core/error.h"

using namespace core;

namespace {

Request request(std::vector<const char*> variables, std::string_view body = "", std::size_t at_once = 1000) {
    variables.push_back(nullptr);
    return read_request(variables.data(), [&](char* to, std::size_t size) {
        const std::size_t n = std::min({size, body.size(), at_once});
        std::memcpy(to, body.data(), n);
        body.remove_prefix(n);
        return n;
    });
}

std::string path(const char* uri) { return request({uri}).path; }

}  // namespace

TEST(CgiRequest, TakesItsPartsFromTheVariables) {
    const Request r = request({"REQUEST_METHOD=PATCH", "REQUEST_URI=/api/leads/a%20b?x=1&y=%20", "QUERY_STRING=x=1&y=%20", "HTTP_HOST=Agency.Example:8080",
                               "HTTP_COOKIE=session=s", "HTTP_ORIGIN=http://agency.example:8080", "HTTP_USER_AGENT=Firefox",
                               "HTTP_IDEMPOTENCY_KEY=k-1", "HTTP_IF_NONE_MATCH=\"etag\"", "CONTENT_TYPE=application/json", "CONTENT_LENGTH=2",
                               "HTTP_CONTENT_LENGTH=99", "REMOTE_ADDR=203.0.113.9", "REQUEST_ID=0123abc-9", "REQUEST_SCHEME=http", "NONSENSE"},
                              "{}tail");
    EXPECT_EQ(r.method, Method::patch);
    EXPECT_EQ(r.path, "/api/leads/a b");
    EXPECT_EQ(r.query, "x=1&y=%20");
    EXPECT_EQ(r.host, "agency.example");
    EXPECT_EQ(r.authority, "Agency.Example:8080");
    EXPECT_EQ(r.scheme, "http");
    EXPECT_EQ(r.cookie, "session=s");
    EXPECT_EQ(r.origin, "http://agency.example:8080");
    EXPECT_EQ(r.user_agent, "Firefox");
    EXPECT_EQ(r.idempotency_key, "k-1");
    EXPECT_EQ(r.header("if-none-match"), "\"etag\"");
    EXPECT_EQ(r.header("content-length"), "");
    EXPECT_EQ(r.content_type, "application/json");
    EXPECT_EQ(r.remote_address, "203.0.113.9");
    EXPECT_EQ(r.id, "0123abc-9");
    EXPECT_EQ(r.body, "{}");
    EXPECT_FALSE(r.cut);
    EXPECT_FALSE(r.too_large);
}

TEST(CgiRequest, KnowsTheMethodsByTheirExactNames) {
    EXPECT_EQ(request({"REQUEST_METHOD=GET"}).method, Method::get);
    EXPECT_EQ(request({"REQUEST_METHOD=HEAD"}).method, Method::head);
    EXPECT_EQ(request({"REQUEST_METHOD=POST"}).method, Method::post);
    EXPECT_EQ(request({"REQUEST_METHOD=PUT"}).method, Method::put);
    EXPECT_EQ(request({"REQUEST_METHOD=DELETE"}).method, Method::remove);
    EXPECT_EQ(request({"REQUEST_METHOD=OPTIONS"}).method, Method::options);
    EXPECT_EQ(request({"REQUEST_METHOD=get"}).method, Method::other);
    EXPECT_EQ(request({"REQUEST_METHOD=TRACE"}).method, Method::other);
    EXPECT_EQ(request({}).method, Method::other);
}

TEST(CgiPath, IsDecodedOnceAndWithoutTheQuery) {
    EXPECT_EQ(path("REQUEST_URI=/a"), "/a");
    EXPECT_EQ(path("REQUEST_URI=/"), "/");
    EXPECT_EQ(path("REQUEST_URI=/a%20b+c?d/e"), "/a b+c");
    EXPECT_EQ(path("REQUEST_URI=/%2561"), "/%61");
    EXPECT_EQ(path("REQUEST_URI=/%C3%A9"), "/é");
    EXPECT_EQ(path("REQUEST_URI=/a#b"), "/a");
    EXPECT_EQ(path("REQUEST_URI=http://other.example/a?b"), "/a");
    EXPECT_EQ(path("REQUEST_URI=http://other.example"), "/");
}

TEST(CgiPath, IsEmptyWhereServersWouldReadItDifferently) {
    for (const char* uri : {"REQUEST_URI=/a%2Fb", "REQUEST_URI=/a%2fb", "REQUEST_URI=/a%00b", "REQUEST_URI=/a%", "REQUEST_URI=/a%2", "REQUEST_URI=/a%zz",
                            "REQUEST_URI=*", "REQUEST_URI=a/b", "REQUEST_URI=?x", "REQUEST_URI=%2Fa"})
        EXPECT_EQ(path(uri), "") << uri;
}

TEST(CgiPath, FallsBackToScriptNameAndPathInfo) {
    EXPECT_EQ(request({"SCRIPT_NAME=", "PATH_INFO=/api/services"}).path, "/api/services");
    EXPECT_EQ(request({"SCRIPT_NAME=/api", "PATH_INFO=/services"}).path, "/api/services");
    EXPECT_EQ(request({"REQUEST_URI=/x", "PATH_INFO=/y"}).path, "/x");
    EXPECT_EQ(request({"SCRIPT_NAME=", "PATH_INFO=services"}).path, "");
    EXPECT_EQ(request({}).path, "");
}

TEST(CgiHost, IsLowerCaseWithoutThePort) {
    EXPECT_EQ(request({"HTTP_HOST=A.Example"}).host, "a.example");
    EXPECT_EQ(request({"HTTP_HOST=[2001:DB8::1]:8080"}).host, "[2001:db8::1]");
    EXPECT_EQ(request({"HTTP_HOST=[::1]"}).host, "[::1]");
    EXPECT_EQ(request({"SERVER_NAME=a.example", "SERVER_PORT=8080"}).authority, "a.example:8080");
    EXPECT_EQ(request({"SERVER_NAME=a.example", "SERVER_PORT=80"}).authority, "a.example");
    EXPECT_EQ(request({"SERVER_NAME=a.example", "SERVER_PORT=443", "HTTPS=on"}).authority, "a.example");
}

TEST(CgiScheme, IsHttpsWhereTheServerSaysSo) {
    EXPECT_EQ(request({"HTTPS=on"}).scheme, "https");
    EXPECT_EQ(request({"REQUEST_SCHEME=https"}).scheme, "https");
    EXPECT_EQ(request({"HTTPS=off"}).scheme, "http");
    EXPECT_EQ(request({"HTTPS="}).scheme, "http");
    EXPECT_EQ(request({"HTTP_X_FORWARDED_PROTO=https"}).scheme, "http");
}

TEST(CgiId, IsTheServersWhereItIsPlainAndElseOurOwn) {
    EXPECT_EQ(request({"REQUEST_ID=abc-DEF-019"}).id, "abc-DEF-019");
    for (const char* id : {"REQUEST_ID=", "REQUEST_ID=a b", "REQUEST_ID=a\"b", "REQUEST_ID=a\nb", "REQUEST_ID=a_b"}) {
        const std::string own = request({id}).id;
        EXPECT_EQ(own.size(), 32U) << id;
        EXPECT_EQ(own.find_first_not_of("0123456789abcdef"), std::string::npos);
    }
    EXPECT_EQ(request({("REQUEST_ID=" + std::string(65, 'a')).c_str()}).id.size(), 32U);
    EXPECT_NE(request({}).id, request({}).id);
}

TEST(CgiBody, IsReadAsItComesAndToItsAnnouncedEnd) {
    EXPECT_EQ(request({"CONTENT_LENGTH=5"}, "hello, and more", 1).body, "hello");
    EXPECT_EQ(request({}, "not announced").body, "");
    EXPECT_EQ(request({"CONTENT_LENGTH="}, "not announced").body, "");
    const std::string all(body_limit, 'x');
    EXPECT_EQ(request({"CONTENT_LENGTH=262144"}, all).body, all);
}

TEST(CgiBody, ThatEndsEarlyIsMarked) {
    const Request r = request({"CONTENT_LENGTH=10"}, "short");
    EXPECT_TRUE(r.cut);
    EXPECT_EQ(r.body, "short");
}

TEST(CgiBody, OverTheLimitIsReadOffAndNotKept) {
    std::size_t read = 0;
    const auto body = [&](char* to, std::size_t size) {
        std::memset(to, 'x', size);
        read += size;
        return size;
    };
    const char* variables[] = {"CONTENT_LENGTH=262145", nullptr};
    const Request r = read_request(variables, body);
    EXPECT_TRUE(r.too_large);
    EXPECT_TRUE(r.body.empty());
    EXPECT_EQ(read, 262145U);
    read = 0;
    const char* endless[] = {"CONTENT_LENGTH=99999999999999999999999999", nullptr};
    EXPECT_TRUE(read_request(endless, body).too_large);
    EXPECT_LE(read, 16U * 1024 * 1024);
}

TEST(CgiBody, WithALengthThatIsNoneIsNotTrusted) {
    for (const char* length : {"CONTENT_LENGTH=-1", "CONTENT_LENGTH=five", "CONTENT_LENGTH=5 ", "CONTENT_LENGTH=0x5"}) {
        const Request r = request({length}, "hello");
        EXPECT_TRUE(r.cut) << length;
        EXPECT_EQ(r.body, "") << length;
    }
}

TEST(CgiReply, IsAHeadAndABody) {
    const Reply reply = ok("{\"a\":1}").with("X-One", "1").with("Set-Cookie", "a=b; Path=/");
    EXPECT_EQ(head_of(reply),
              "Status: 200 OK\r\nContent-Type: application/json\r\nX-One: 1\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 7\r\n\r\n");
    EXPECT_EQ(body_of(reply, Method::get), "{\"a\":1}");
    EXPECT_EQ(body_of(reply, Method::head), "");
}

TEST(CgiReply, WithoutABodyHasNoLength) {
    EXPECT_EQ(head_of(no_content()), "Status: 204 No Content\r\n\r\n");
    Reply unchanged;
    unchanged.status = 304;
    unchanged.body = "must not go out";
    EXPECT_EQ(head_of(unchanged).find("Content-Length"), std::string::npos);
    EXPECT_EQ(body_of(unchanged, Method::get), "");
    EXPECT_EQ(head_of(redirect("/x")), "Status: 303 See Other\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n");
}

TEST(CgiReply, RefusesAHeaderThatWouldBreakOutOfItsLine) {
    for (const std::string& value : {std::string{"a\r\nSet-Cookie: b"}, std::string{"a\nb"}, std::string{"a\rb"}, std::string{"a\0b", 3}})
        EXPECT_THROW(head_of(ok("{}").with("X-A", value)), Error);
    for (const char* name : {"", "X A", "X:A", "X\nA"}) EXPECT_THROW(head_of(ok("{}").with(name, "v")), Error) << name;
    Reply typed = ok("{}");
    typed.content_type = "text/html\r\nX: y";
    EXPECT_THROW(head_of(typed), Error);
}

TEST(CgiReply, WhatIsMadeWhileItIsSentHasNoLengthAndEndsWithItsLastPiece) {
    Reply reply = ok("a");
    int left = 3;
    reply.more = [&](std::string& to) { return to = std::to_string(left), --left > 0; };
    EXPECT_EQ(head_of(reply).find("Content-Length"), std::string::npos);
    std::string sent;
    EXPECT_TRUE(send_more(reply.more, [&](std::string_view piece) { return sent += piece, true; }));
    EXPECT_EQ(sent, "321");
    left = 3;
    EXPECT_FALSE(send_more(reply.more, [&](std::string_view) { return false; })) << "nobody reads it";
    EXPECT_EQ(left, 2) << "and nothing more is made";
    sent.clear();
    EXPECT_FALSE(send_more([](std::string& to) -> bool { to = "not whole"; throw failed("gone"); }, [&](std::string_view piece) { return sent += piece, true; }));
    EXPECT_EQ(sent, "not whole");
}

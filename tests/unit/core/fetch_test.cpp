// Fetch: HTTP and SMTP against servers in this process that keep to the protocol, or do not.
#include "core/fetch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "core/error.h"
#include "listener.h"

using namespace core;
using namespace std::chrono_literals;
using tests::Listener;
using tests::say;
using Fault = Incoming::Fault;
using Clock = std::chrono::steady_clock;

namespace {

std::string answer(std::string_view body, std::string_view more = "", int status = 200) {
    return "HTTP/1.1 " + std::to_string(status) + " Word\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string{more} +
           "\r\n" + std::string{body};
}

Outgoing to(const Listener& server) {
    Outgoing request;
    request.url = server.url();
    return request;
}

class Fetching : public testing::Test {
protected:
    Network network;
    Fetcher fetcher{network};
};

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

}  // namespace

TEST_F(Fetching, SendsWhatWasAskedAndGivesWhatCame) {
    std::string seen;
    Listener server{[&](int socket) {
        seen = tests::read_request(socket);
        say(socket, answer("{\"a\":1}", "X-Thing:  two \r\n", 201));
    }};
    Outgoing request = to(server);
    request.method = "POST";
    request.url += "path?x=1";
    request.headers = {{"X-Key", "secret"}};
    request.body = std::string{"a\0b", 3};
    const Incoming got = fetcher.fetch(request);
    EXPECT_EQ(got.fault, Fault::none);
    EXPECT_EQ(got.status, 201);
    EXPECT_EQ(got.body, "{\"a\":1}");
    EXPECT_EQ(got.header("x-thing"), "two ");
    EXPECT_TRUE(seen.starts_with("POST /path?x=1 HTTP/1.1\r\n"));
    EXPECT_NE(seen.find("X-Key: secret\r\n"), seen.npos);
    EXPECT_EQ(seen.find("Expect:"), seen.npos);
    EXPECT_TRUE(seen.ends_with(std::string{"\r\n\r\na\0b", 7}));
}

TEST_F(Fetching, SendsBasicCredentialsWithAnEmptyPassword) {
    std::string seen;
    Listener server{[&](int socket) {
        seen = tests::read_request(socket);
        say(socket, answer("x"));
    }};
    Outgoing request = to(server);
    request.basic_user = "sk_test";
    fetcher.fetch(request);
    EXPECT_NE(seen.find("Authorization: Basic c2tfdGVzdDo=\r\n"), seen.npos);
}

TEST_F(Fetching, KeepsConnectionsForTheNextCall) {
    Listener server{[&](int socket) {
        while (!tests::read_request(socket).empty()) say(socket, answer("x"));
    }};
    for (int i = 0; i < 5; ++i) EXPECT_EQ(fetcher.fetch(to(server)).body, "x");
    Fetcher second{network};
    EXPECT_EQ(second.fetch(to(server)).body, "x");
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(Fetching, DoesNotFollowRedirects) {
    Listener server{[&](int socket) {
        tests::read_request(socket);
        say(socket, answer("", "Location: /elsewhere\r\n", 302));
    }};
    EXPECT_EQ(fetcher.fetch(to(server)).status, 302);
    EXPECT_EQ(server.connections(), 1);
}

TEST_F(Fetching, SpeaksNothingButHttp) {
    for (const char* url : {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "smtp://127.0.0.1/", "", "nonsense"}) {
        Outgoing request;
        request.url = url;
        const Incoming got = fetcher.fetch(request);
        EXPECT_NE(got.fault, Fault::none) << url;
        EXPECT_EQ(got.body, "");
    }
}

TEST_F(Fetching, RefusesHeadersWithLineEnds) {
    Outgoing request;
    request.url = "http://127.0.0.1:9/";
    request.headers = {{"X-A", "b\r\nX-C: d"}};
    EXPECT_THROW(fetcher.fetch(request), std::invalid_argument);
}

TEST_F(Fetching, TellsConnectingFromTheRest) {
    int port = 0;
    {
        Listener gone{[](int) {}};
        port = std::stoi(gone.host_and_port().substr(10));
    }
    Outgoing request;
    request.url = "http://127.0.0.1:" + std::to_string(port) + "/";
    EXPECT_EQ(fetcher.fetch(request).fault, Fault::connect);
    request.url = "http://does-not-exist.invalid/";
    EXPECT_EQ(fetcher.fetch(request).fault, Fault::connect);
    Listener plain{[](int socket) { say(socket, "not TLS at all\r\n\r\n"); }};
    request.url = "https://" + plain.host_and_port() + "/";
    EXPECT_EQ(fetcher.fetch(request).fault, Fault::connect);
}

TEST_F(Fetching, EndsAtTheLimitOfTheWhole) {
    Listener server{[&](int socket) {
        tests::read_request(socket);
        say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (say(socket, "x")) std::this_thread::sleep_for(20ms);  // never silent, never done
    }};
    Outgoing request = to(server);
    request.limit = 300ms;
    const auto began = Clock::now();
    const Incoming got = fetcher.fetch(request);
    EXPECT_EQ(got.fault, Fault::timeout);
    EXPECT_LT(seconds_since(began), 10);
}

TEST_F(Fetching, EndsAStreamThatFallsSilent) {
    Listener server{[&](int socket) {
        tests::read_request(socket);
        say(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst");
        tests::wait_for_end(socket);
    }};
    Outgoing request = to(server);
    request.silence_limit = 500ms;
    std::string came;
    const auto began = Clock::now();
    const Incoming got = fetcher.stream(request, [&](std::string_view bytes) {
        came += bytes;
        return true;
    });
    EXPECT_EQ(got.fault, Fault::timeout);
    EXPECT_EQ(came, "first");
    EXPECT_LT(seconds_since(began), 10);
}

TEST_F(Fetching, RefusesWhatIsTooLargeAsSoonAsItIs) {
    std::atomic<bool> cut = false;
    Listener server{[&](int socket) {
        tests::read_request(socket);
        say(socket, "HTTP/1.1 200 OK\r\n\r\n");
        const std::string block(65536, 'x');
        while (say(socket, block)) {}
        cut = true;
    }};
    Outgoing request = to(server);
    request.size_limit = 1'000'000;
    const Incoming got = fetcher.fetch(request);
    EXPECT_EQ(got.fault, Fault::too_large);
    EXPECT_LE(got.body.size(), request.size_limit);
    for (int i = 0; i < 500 && !cut; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(cut);
}

TEST_F(Fetching, UnpacksGzipAndCountsWhatComesOut) {
    const std::string small = tests::gzip_of_same('a', 1 + 258 * 10);
    const std::string bomb = tests::gzip_of_same('a', 1 + 258 * 80'000);  // 20 MB in 130 kB
    std::string seen;
    Listener server{[&](int socket) {
        for (const std::string& body : {small, bomb}) {
            seen = tests::read_request(socket);
            say(socket, answer(body, "Content-Encoding: gzip\r\n"));
        }
    }};
    EXPECT_EQ(fetcher.fetch(to(server)).body, std::string(1 + 258 * 10, 'a'));
    EXPECT_NE(seen.find("Accept-Encoding: gzip\r\n"), seen.npos);
    ASSERT_LT(bomb.size(), 150'000U);
    const Incoming got = fetcher.fetch(to(server));
    EXPECT_EQ(got.fault, Fault::too_large);
    EXPECT_LE(got.body.size(), 4U << 20U);
}

TEST_F(Fetching, CallsAnAnswerThatBreaksOffBroken) {
    std::atomic<int> turn = 0;
    Listener server{[&](int socket) {
        tests::read_request(socket);
        const char* said[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
                              "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nplain"};
        say(socket, said[turn++]);
    }};
    while (turn < 4) EXPECT_EQ(fetcher.fetch(to(server)).fault, Fault::broken) << turn;
}

TEST_F(Fetching, StreamsInTheCallersThreadWhateverThePieces) {
    Listener server{[&](int socket) {
        tests::read_request(socket);
        say(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (int i = 0; i < 20; ++i) {
            say(socket, "3\r\nab");
            std::this_thread::sleep_for(2ms);
            say(socket, "c\r\n");
        }
        say(socket, "0\r\n\r\n");
    }};
    std::string came, expected;
    for (int i = 0; i < 20; ++i) expected += "abc";
    const auto caller = std::this_thread::get_id();
    const Incoming got = fetcher.stream(to(server), [&](std::string_view bytes) {
        EXPECT_EQ(std::this_thread::get_id(), caller);
        came += bytes;
        return true;
    });
    EXPECT_EQ(got.fault, Fault::none);
    EXPECT_EQ(came, expected);
    EXPECT_EQ(got.body, "");
}

TEST_F(Fetching, KeepsTheBodyOfAStreamsErrorInTheResult) {
    Listener server{[&](int socket) {
        tests::read_request(socket);
        say(socket, answer("{\"error\":1}", "", 429));
    }};
    const Incoming got = fetcher.stream(to(server), [](std::string_view) -> bool { throw std::logic_error("called"); });
    EXPECT_EQ(got.status, 429);
    EXPECT_EQ(got.body, "{\"error\":1}");
}

TEST_F(Fetching, EndsWhenTheReaderWantsNoMoreOrThrows) {
    Listener server{[&](int socket) {
        tests::read_request(socket);
        say(socket, "HTTP/1.1 200 OK\r\n\r\n");
        while (say(socket, "x")) std::this_thread::sleep_for(5ms);
    }};
    EXPECT_EQ(fetcher.stream(to(server), [](std::string_view) { return false; }).fault, Fault::cancelled);
    EXPECT_THROW(fetcher.stream(to(server), [](std::string_view) -> bool { throw std::runtime_error("enough"); }), std::runtime_error);
    EXPECT_EQ(fetcher.stream(to(server), [](std::string_view) { return false; }).fault, Fault::cancelled);  // and lives on
}

TEST_F(Fetching, IsCancelledFromAnotherThreadSoonAndForGood) {
    Listener server{[&](int socket) { tests::wait_for_end(socket); }};
    std::thread other{[&] {
        std::this_thread::sleep_for(150ms);
        fetcher.cancel();
    }};
    const auto began = Clock::now();
    EXPECT_EQ(fetcher.fetch(to(server)).fault, Fault::cancelled);
    EXPECT_LT(seconds_since(began), 10);
    other.join();
    EXPECT_EQ(fetcher.fetch(to(server)).fault, Fault::cancelled);
    EXPECT_EQ(server.connections(), 1);
    Fetcher another{network};
    Outgoing request = to(server);
    request.limit = 100ms;
    EXPECT_EQ(another.fetch(request).fault, Fault::timeout);  // the others go on
}

TEST_F(Fetching, RunsManyAtOnceOverOneNetwork) {
    std::atomic<int> inside = 0, most = 0;
    Listener server{[&](int socket) {
        tests::read_request(socket);
        most = std::max(most.load(), ++inside);
        for (int i = 0; i < 2000 && most <= 20; ++i) std::this_thread::sleep_for(10ms);  // nobody is answered before so many have come
        --inside;
        say(socket, answer(std::string(20'000, 'y')));
    }};
    std::vector<std::thread> threads;
    std::atomic<int> good = 0;
    for (int i = 0; i < 40; ++i)
        threads.emplace_back([&] {
            Fetcher own{network};
            good += own.fetch(to(server)).body.size() == 20'000 ? 1 : 0;
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(good, 40);
    EXPECT_GT(most, 20);
}

TEST(FetcherAlone, HasANetworkOfItsOwn) {
    Listener server{[](int socket) {
        tests::read_request(socket);
        say(socket, answer("x"));
    }};
    Fetcher fetcher;
    EXPECT_EQ(fetcher.fetch(to(server)).body, "x");
}

// SMTP

namespace {

// Speaks ESMTP up to the end of the mail; `refuse` is said in place of the command's own answer.
struct MailServer {
    std::string refused_verb, refusal;
    bool offers_tls = false;
    std::mutex mutex;
    std::vector<std::string> commands;
    std::string data;

    void operator()(int socket) {
        say(socket, refused_verb == "GREETING" ? refusal + "\r\n" : "220 here\r\n");
        for (std::string line = tests::read_line(socket); !line.empty(); line = tests::read_line(socket)) {
            const std::lock_guard lock{mutex};
            commands.push_back(line);
            const std::string verb = line.substr(0, 4);
            if (verb == refused_verb) say(socket, refusal + "\r\n");
            else if (verb == "STAR") say(socket, "220 go\r\nbut this is no handshake\r\n");
            else if (verb == "EHLO") say(socket, offers_tls ? "250-here\r\n250 STARTTLS\r\n" : "250-here\r\n250 SIZE 1000000\r\n");
            else if (verb == "DATA") {
                say(socket, "354 go\r\n");
                for (std::string text = tests::read_line(socket); text != "."; text = tests::read_line(socket)) data += text + "\n";
                say(socket, refused_verb == "DOT" ? refusal + "\r\n" : "250 taken\r\n");
            } else if (verb == "QUIT") {
                say(socket, "221 bye\r\n");
                return;
            } else say(socket, "250 ok\r\n");
        }
    }
};

const Mail mail{"Lunaxcode <agency@example.ph>", "Juan <juan@example.com>", "Hello", "One\n.dot\n..two\n", "", "1-a@lunaxcode"};

struct Outcome {
    std::string why;
    bool permanent = false;
};

Outcome sent(MailServer& speaks, const Mail& what = mail) {
    Listener server{std::ref(speaks)};
    Fetcher fetcher;
    Outcome outcome;
    outcome.why = fetcher.send(what, "smtp://" + server.host_and_port(), "", "", outcome.permanent);
    return outcome;
}

}  // namespace

TEST(FetcherSend, DeliversWithBareAddressesAndStuffedDots) {
    MailServer server;
    EXPECT_EQ(sent(server).why, "");
    EXPECT_EQ(server.commands[1].substr(0, 30), "MAIL FROM:<agency@example.ph> ");
    EXPECT_EQ(server.commands[2], "RCPT TO:<juan@example.com>");
    EXPECT_NE(server.data.find("\nOne\n..dot\n...two\n"), std::string::npos) << server.data;
}

TEST(FetcherSend, TellsARefusedMailFromAServerInTrouble) {
    const struct {
        const char *verb, *said;
        bool permanent;
    } cases[] = {
        {"RCPT", "550 no such person", true},  {"RCPT", "450 busy", false},         {"RCPT", "530 sign in first", false},
        {"DATA", "554 no", true},              {"DATA", "452 no room", false},      {"DOT", "554 spam", true},
        {"DOT", "451 later", false},           {"MAIL", "550 not you", false},      {"MAIL", "421 going down", false},
        {"GREETING", "554 no service", false}, {"GREETING", "421 later", false},
    };
    for (const auto& one : cases) {
        MailServer server;
        server.refused_verb = one.verb;
        server.refusal = one.said;
        const Outcome outcome = sent(server);
        EXPECT_NE(outcome.why, "") << one.verb << one.said;
        EXPECT_EQ(outcome.permanent, one.permanent) << one.verb << " " << one.said << ": " << outcome.why;
    }
}

TEST(FetcherSend, GivesUpRatherThanGoOnInPlainTextWhenTlsBreaks) {
    MailServer server;
    server.offers_tls = true;
    const Outcome outcome = sent(server);
    EXPECT_NE(outcome.why, "");
    EXPECT_FALSE(outcome.permanent);
    EXPECT_EQ(server.data, "");
}

TEST(FetcherSend, DemandsTlsOfEveryHostButThisMachine) {
    MailServer speaks;
    Listener server{std::ref(speaks), "127.0.0.2"};  // stands for another host: it is none of the three names
    Fetcher fetcher;
    bool permanent = true;
    EXPECT_NE(fetcher.send(mail, "smtp://" + server.host_and_port(), "", "", permanent), "");
    EXPECT_FALSE(permanent);
    ASSERT_FALSE(speaks.commands.empty());
    EXPECT_EQ(speaks.commands[0].substr(0, 4), "EHLO");
    for (const std::string& command : speaks.commands) EXPECT_NE(command.substr(0, 4), "MAIL");
}

TEST(FetcherSend, RefusesInjectedHeadersBeforeAnythingIsSent) {
    MailServer server;
    Mail injected = mail;
    injected.to = "juan@example.com>\r\nRCPT TO:<other@example.com";
    EXPECT_THROW(sent(server, injected), Error);
    EXPECT_TRUE(server.commands.empty());
}

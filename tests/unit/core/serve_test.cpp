// Serve: the same routes over FastCGI, plain CGI and on the command line, by processes that are started for it.
#include "core/serve.h"

#include <gtest/gtest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <sstream>
#include <thread>

#include "core/error.h"
#include "core/log.h"
#include "fastcgi.h"
#include "postgres.h"

using namespace core;
using namespace std::chrono_literals;
using tests::Answer;
using tests::Peer;
using tests::request;

namespace {

constexpr Sql tenant_one = "select 'one'::text where $1::text is not null";
constexpr Sql backend = "select pg_backend_pid()";
constexpr Sql unknown_column = "select a_column_that_is_not_there from notes";

Query tenant(const Call& call) { return ask<tenant_one>(call.request.host); }
const Access nobody{"anyone", nullptr, nullptr, nullptr};
const Access in_tenant{"staff", tenant, nullptr, nullptr};

Reply hello(Call& call) {
    Writer writer;
    writer.object().member("path", call.request.path).member("query", call.request.query).member("id", call.request.id).end_object();
    return ok(writer.take());
}
Reply echo(Call& call) { return ok(call.body().canonical()); }
Reply note(Call&) {
    log(Level::info, "noted");
    return ok("{}");
}
Reply slow(Call&, Id milliseconds) {
    log(Level::info, "slow begins");
    std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds.value});
    return ok("{\"slow\":true}");
}
Reply big(Call&, Id bytes) { return ok(std::string(static_cast<std::size_t>(bytes.value), 'x')); }
Reply broken_header(Call&) { return ok("{}").with("X-A", "b\r\nSet-Cookie: stolen=1"); }
Reply nothing(Call&) { return no_content(); }
Reply whose_backend(Call& call) { return ok(call.db().last(ask<backend>())[0].one().text(0)); }
Reply ask_wrongly(Call& call) { return ok(call.db().one<unknown_column>().text(0)); }

constexpr Route routes[] = {
    get<hello>("/hello", nobody),      post<echo>("/echo", nobody),
    post<note>("/note", nobody),       get<slow>("/slow/{milliseconds}", nobody),
    get<big>("/big/{bytes}", nobody),  get<broken_header>("/broken-header", nobody),
    get<nothing>("/nothing", nobody),  get<whose_backend>("/backend", in_tenant),
    get<ask_wrongly>("/wrong", in_tenant),
};

// A process of its own that runs serve() over these routes.
class Program {
public:
    struct Start {
        std::vector<std::string> arguments;
        std::vector<std::pair<std::string, std::string>> environment;
        int input = -1;          // becomes descriptor 0; else /dev/null
        std::string standard_input;
        rlim_t descriptors = 0;  // limit of open files
    };

    explicit Program(const Start& start) {
        static std::atomic<int> count{0};
        name_ = "/tmp/lunaxcode-serve-" + std::to_string(getpid()) + "-" + std::to_string(++count);
        std::ofstream{name_ + ".in"} << start.standard_input;
        std::cout.flush();
        std::fflush(nullptr);  // what is buffered here must not be written by the child as well
        process_ = fork();
        if (process_ == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            const auto become = [](int from, int to) {
                dup2(from, to);
                if (from != to && from > 2) close(from);
            };
            become(start.input >= 0 ? start.input : open((name_ + ".in").c_str(), O_RDONLY), 0);
            become(open((name_ + ".out").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
            become(open((name_ + ".err").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600), 2);
            for (const char* variable : {"REQUEST_METHOD", "DATABASE_URL", "THREADS", "LUNAXCODE_ENV"}) unsetenv(variable);
            for (const auto& [name, value] : start.environment) setenv(name.c_str(), value.c_str(), 1);
            if (start.descriptors > 0) {
                const rlimit limit{start.descriptors, start.descriptors};
                setrlimit(RLIMIT_NOFILE, &limit);
            }
            std::vector<char*> words{const_cast<char*>("program")};
            for (const auto& word : start.arguments) words.push_back(const_cast<char*>(word.c_str()));
            const int code = serve(routes, static_cast<int>(words.size()), words.data());
            std::cout.flush();
            _exit(code);
        }
    }
    ~Program() {
        if (process_ > 0) {
            kill(process_, SIGKILL);
            waitpid(process_, nullptr, 0);
        }
        for (const char* what : {".in", ".out", ".err"}) unlink((name_ + what).c_str());
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    void signal(int number) const { kill(process_, number); }
    int process() const { return process_; }
    // Its exit code; 128 + n when signal n ended it; -1 after 30 s.
    int wait() {
        for (int i = 0; i < 3000; ++i) {
            int status = 0;
            if (waitpid(process_, &status, WNOHANG) == process_) {
                process_ = 0;
                return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            }
            std::this_thread::sleep_for(10ms);
        }
        return -1;
    }
    std::string said() const { return file(".err"); }
    std::string wrote() const { return file(".out"); }
    bool said_soon(std::string_view text) const {
        for (int i = 0; i < 2000; ++i) {
            if (said().find(text) != std::string::npos) return true;
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }

private:
    std::string file(const char* which) const {
        std::ifstream in{name_ + which};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    std::string name_;
    int process_ = 0;
};

std::size_t times(std::string_view text, std::string_view what) {
    std::size_t count = 0;
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++count;
    return count;
}

class FastCgi : public testing::Test {
protected:
    const std::string path = "/tmp/lunaxcode-serve-" + std::to_string(getpid()) + ".sock";
    std::unique_ptr<Program> program;

    void TearDown() override {
        program.reset();
        unlink(path.c_str());
    }
    std::unique_ptr<Program> start(const char* threads = "2", rlim_t descriptors = 0) {
        auto made = std::make_unique<Program>(Program::Start{{"--listen", path}, {{"THREADS", threads}}, -1, "", descriptors});
        EXPECT_TRUE(made->said_soon("serving")) << made->said();
        return made;
    }
    void serve_with(const char* threads, rlim_t descriptors = 0) { program = start(threads, descriptors); }
    Answer get(std::string_view uri) { return Peer{path}.ask(request("GET", uri)); }
    void still_serves() {
        EXPECT_EQ(get("/hello").status(), 200);
        program->signal(SIGTERM);
        EXPECT_EQ(program->wait(), 0) << program->said();
    }
};

Program cgi(std::vector<std::pair<std::string, std::string>> environment, std::string input = "") {
    return Program{{{}, std::move(environment), -1, std::move(input), 0}};
}

}  // namespace

TEST_F(FastCgi, ARequestIsAnswered) {
    serve_with("2");
    const Answer answer = Peer{path}.ask(request("GET", "/hello?a=b%20c", "", true, {{"QUERY_STRING", "a=b%20c"}, {"REQUEST_ID", "id-7"}}));
    EXPECT_TRUE(answer.complete);
    EXPECT_EQ(answer.status(), 200);
    EXPECT_EQ(answer.header("Content-Type"), "application/json");
    EXPECT_EQ(answer.header("X-Request-Id"), "id-7");
    EXPECT_EQ(answer.body(), R"({"path":"/hello","query":"a=b%20c","id":"id-7"})");
    EXPECT_EQ(answer.header("Content-Length"), std::to_string(answer.body().size()));
    EXPECT_TRUE(answer.after.empty());
    still_serves();
}

TEST_F(FastCgi, HeadAnd204HaveNoBody) {
    serve_with("2");
    Peer peer{path};
    const Answer head = peer.ask(request("HEAD", "/hello"));
    EXPECT_EQ(head.status(), 200);
    EXPECT_EQ(head.body(), "");
    EXPECT_GT(std::stoi(head.header("Content-Length")), 20);
    const Answer none = peer.ask(request("GET", "/nothing"));
    EXPECT_EQ(none.status(), 204);
    EXPECT_EQ(none.body(), "");
    EXPECT_EQ(none.header("Content-Length"), "");
}

TEST_F(FastCgi, ARequestMayComeByteByByte) {
    serve_with("1");
    Peer peer{path};
    const std::string bytes = request("POST", "/echo", R"({"text":"byte by byte"})");
    for (const char c : bytes) ASSERT_TRUE(peer.send({&c, 1}));
    EXPECT_EQ(peer.receive().body(), R"({"text":"byte by byte"})");
    EXPECT_EQ(peer.ask(bytes).status(), 200);
}

TEST_F(FastCgi, ManyRequestsGoOverOneKeptConnection) {
    serve_with("1");
    Peer peer{path};
    for (int i = 0; i < 200; ++i) {
        const std::string body = "{\"n\":" + std::to_string(i) + ",\"fill\":\"" + std::string(static_cast<std::size_t>(i * 500), 'f') + "\"}";
        const Answer answer = peer.ask(request("POST", "/echo", body));
        ASSERT_TRUE(answer.complete) << i;
        ASSERT_NE(answer.body().find("\"n\":" + std::to_string(i)), std::string::npos);
        ASSERT_EQ(answer.body().size(), Json::parse(body).canonical().size());
    }
}

TEST_F(FastCgi, IdleKeptConnectionsHoldNoThread) {
    serve_with("1");
    std::vector<Peer> peers;
    for (int i = 0; i < 50; ++i) {
        peers.emplace_back(path);
        ASSERT_EQ(peers.back().ask(request("GET", "/hello")).status(), 200) << i;
    }
    for (auto& peer : peers) ASSERT_EQ(peer.ask(request("GET", "/hello")).status(), 200);
    for (auto peer = peers.rbegin(); peer != peers.rend(); ++peer) ASSERT_EQ(peer->ask(request("GET", "/hello")).status(), 200);
}

TEST_F(FastCgi, AConnectionThatSaysNothingYetHoldsNoThread) {
    serve_with("1");
    Peer silent{path};
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(get("/hello").status(), 200);
    EXPECT_EQ(silent.ask(request("GET", "/hello")).status(), 200);
}

TEST_F(FastCgi, WithoutKeepConnTheConnectionIsClosedAfterTheAnswer) {
    serve_with("1");
    for (int i = 0; i < 20; ++i) {
        Peer peer{path};
        EXPECT_EQ(peer.ask(request("GET", "/hello", "", false)).status(), 200);
        EXPECT_TRUE(peer.closed());
    }
}

TEST_F(FastCgi, LargeAnswersArriveWhole) {
    serve_with("2");
    Peer peer{path};
    for (const int size : {1, 7900, 8192, 65'536, 3'000'000}) EXPECT_EQ(peer.ask(request("GET", "/big/" + std::to_string(size))).body(), std::string(static_cast<std::size_t>(size), 'x'));
}

TEST_F(FastCgi, ABodyOverTheLimitIs413AndTheConnectionGoesOn) {
    serve_with("1");
    Peer peer{path};
    EXPECT_EQ(peer.ask(request("POST", "/echo", std::string(body_limit + 1, ' '))).status(), 413);
    EXPECT_EQ(peer.ask(request("POST", "/echo", std::string(5'000'000, ' '))).status(), 413);
    EXPECT_EQ(peer.ask(request("POST", "/echo", "{}")).status(), 200);
    EXPECT_EQ(peer.ask(request("POST", "/echo", std::string(body_limit - 2, ' ') + "{}")).status(), 200);
}

// Where reading such a body stops, what follows could be taken for the next request: here the body is made of requests,
// each behind records that mean nothing, in each of the eight ways that they can lie.
TEST_F(FastCgi, ABodyThatIsTooLongToReadOffIsNeverTakenForRequests) {
    serve_with("1");
    std::string hidden = request("POST", "/note", "{}");
    hidden += std::string((8 - hidden.size() % 8) % 8, '\0');
    std::string sled;
    while (sled.size() + hidden.size() < 32'000) sled += std::string{1, 9, 0, 0, 0, 0, 0, 0};
    sled += hidden;
    for (std::size_t shift = 0; shift < 8; ++shift) {
        std::string bytes = tests::begin(true) + tests::record(tests::params, tests::encoded({{"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/echo"}, {"HTTP_HOST", "a"},
                            {"HTTP_ORIGIN", "http://a"}, {"CONTENT_TYPE", "application/json"}, {"CONTENT_LENGTH", "40000000"}})) + tests::record(tests::params, "");
        bytes += tests::record(tests::stdin_data, std::string(8 - bytes.size() % 8 + shift, ' '));
        for (int i = 0; i < 600; ++i) bytes += tests::record(tests::stdin_data, sled);
        Peer peer{path};
        std::jthread sender{[&] { peer.send(bytes); }};
        EXPECT_EQ(peer.receive().status(), 413);
        EXPECT_TRUE(peer.closed());
    }
    EXPECT_EQ(times(program->said(), "noted"), 0U);
    still_serves();
}

TEST_F(FastCgi, ABodyShorterThanAnnouncedIs400) {
    serve_with("1");
    Peer peer{path};
    std::string bytes = tests::begin(true) + tests::record(tests::params, tests::encoded({{"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/echo"}, {"HTTP_HOST", "a"},
                        {"HTTP_ORIGIN", "http://a"}, {"CONTENT_TYPE", "application/json"}, {"CONTENT_LENGTH", "100"}})) + tests::record(tests::params, "") +
                        tests::record(tests::stdin_data, "{}") + tests::record(tests::stdin_data, "");
    EXPECT_EQ(peer.ask(bytes).status(), 400);
    EXPECT_EQ(peer.ask(request("GET", "/hello")).status(), 200);
}

TEST_F(FastCgi, BytesBeyondTheAnnouncedBodyAreNotTheNextRequest) {
    serve_with("1");
    Peer peer{path};
    std::string bytes = tests::begin(true) + tests::record(tests::params, tests::encoded({{"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/echo"}, {"HTTP_HOST", "a"},
                        {"HTTP_ORIGIN", "http://a"}, {"CONTENT_TYPE", "application/json"}, {"CONTENT_LENGTH", "2"}})) + tests::record(tests::params, "") +
                        tests::record(tests::stdin_data, "{}" + std::string(30'000, '!')) + tests::record(tests::stdin_data, "");
    EXPECT_EQ(peer.ask(bytes).body(), "{}");
    EXPECT_EQ(peer.ask(request("GET", "/hello")).status(), 200);
}

TEST_F(FastCgi, AnAbortedRequestDoesNothing) {
    serve_with("1");
    const std::string whole = request("POST", "/note", std::string(1000, ' '));
    Peer peer{path};
    peer.send(whole.substr(0, whole.size() - 200));
    peer.send(tests::record(tests::abort_request, ""));
    peer.hang_up();
    Peer aborted{path};
    aborted.send(tests::begin(true) + tests::record(tests::params, tests::encoded({{"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/note"}, {"HTTP_HOST", "a"},
                 {"HTTP_ORIGIN", "http://a"}, {"CONTENT_LENGTH", "10"}})) + tests::record(tests::params, "") + tests::record(tests::abort_request, ""));
    aborted.receive();
    Peer gone{path};
    gone.send(whole.substr(0, 100));
    gone.hang_up();
    EXPECT_EQ(get("/hello").status(), 200);
    EXPECT_EQ(times(program->said(), "noted"), 0U);
    EXPECT_EQ(Peer{path}.ask(whole).status(), 200);
    EXPECT_EQ(times(program->said(), "noted"), 1U);
    still_serves();
}

TEST_F(FastCgi, GarbageIsClosedAndCostsNoThread) {
    serve_with("1");
    const std::string good = request("GET", "/hello");
    std::vector<std::string> garbage{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", std::string(100, '\0'), std::string(100'000, '\xff'), std::string{"\x02"} + good.substr(1),
                                     tests::record(tests::params, "before any begin"), tests::record(tests::begin_request, "short"),
                                     tests::begin(true) + tests::record(tests::stdin_data, "no params"),
                                     tests::begin(true) + tests::record(tests::params, "\x7f\x7fshort") + tests::record(tests::params, ""),
                                     tests::begin(true) + tests::record(tests::params, std::string{"\xff\xff\xff", 3}) + tests::record(tests::params, ""),
                                     tests::begin(true, 2), tests::begin(true, 77)};
    for (std::size_t i = 0; i < good.size(); i += 5) {
        std::string bent = good;
        bent[i] = static_cast<char>(bent[i] ^ 0x55);
        garbage.push_back(bent);
    }
    for (const auto& bytes : garbage) {
        Peer peer{path};
        peer.send(bytes);
        peer.hang_up();
    }
    still_serves();
    EXPECT_EQ(times(program->said(), "\"level\":\"error\""), 0U) << program->said();
}

TEST_F(FastCgi, OnlyRespondersAreServed) {
    serve_with("1");
    Peer peer{path};
    std::string bytes = request("POST", "/note", "{}");
    bytes.replace(0, 16, tests::begin(true, 2));  // an authorizer
    peer.send(bytes);
    EXPECT_EQ(peer.receive().status(), 0);
    EXPECT_EQ(times(program->said(), "noted"), 0U);
    still_serves();
}

TEST_F(FastCgi, HalfARecordHoldsAThreadForSomeSecondsOnly) {
    serve_with("1");
    Peer half{path};
    half.send(request("GET", "/hello").substr(0, 20));
    std::this_thread::sleep_for(100ms);
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(get("/hello").status(), 200);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
    EXPECT_TRUE(half.closed());
}

TEST_F(FastCgi, AHeaderThatWouldBreakOutOfItsLineIsAnError500) {
    serve_with("1");
    const Answer answer = get("/broken-header");
    EXPECT_EQ(answer.status(), 500);
    EXPECT_EQ(answer.header("Content-Type"), "application/problem+json");
    EXPECT_EQ(answer.text.find("stolen"), std::string::npos);
    EXPECT_TRUE(program->said_soon("break out of its line"));
}

TEST_F(FastCgi, AtManyConnectionsAtOnceNoRequestIsLost) {
    serve_with("4");
    std::vector<std::future<int>> clients;
    for (int n = 0; n < 64; ++n)
        clients.push_back(std::async(std::launch::async, [&, n] {
            int right = 0;
            std::optional<Peer> peer;
            for (int i = 0; i < 40; ++i) {
                const bool keep = n % 2 == 0;
                if (!peer) peer.emplace(path);
                const std::string body = "{\"n\":" + std::to_string(n * 1000 + i) + "}";
                right += peer->ask(request("POST", "/echo", body, keep)).body() == body;
                if (!keep) peer.reset();
            }
            return right;
        }));
    for (auto& client : clients) EXPECT_EQ(client.get(), 40);
    still_serves();
}

TEST_F(FastCgi, OnTermARequestInHandIsFinishedAndTheSocketGoes) {
    serve_with("2");
    Peer peer{path};
    peer.send(request("GET", "/slow/500"));
    ASSERT_TRUE(program->said_soon("slow begins"));
    program->signal(SIGTERM);
    EXPECT_EQ(peer.receive().body(), "{\"slow\":true}");
    EXPECT_EQ(program->wait(), 0);
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_TRUE(program->said_soon("stopped"));
}

TEST_F(FastCgi, OnTermWhatWaitsForAThreadIsStillAnswered) {
    serve_with("1");
    Peer busy{path};
    busy.send(request("GET", "/slow/400"));
    ASSERT_TRUE(program->said_soon("slow begins"));
    std::vector<Peer> waiting;
    for (int i = 0; i < 10; ++i) {
        waiting.emplace_back(path);
        waiting.back().send(request("POST", "/note", "{}", i % 2 == 0));
    }
    program->signal(SIGINT);
    EXPECT_EQ(busy.receive().status(), 200);
    for (auto& peer : waiting) EXPECT_EQ(peer.receive().status(), 200);
    EXPECT_EQ(program->wait(), 0);
    EXPECT_EQ(times(program->said(), "noted"), 10U);
}

TEST_F(FastCgi, OnTermUnderLoadItEndsAndAnswersEveryConnectionThatItTook) {
    serve_with("2");
    std::atomic<int> unanswered{0}, answered{0};
    std::vector<std::jthread> clients;
    for (int n = 0; n < 8; ++n)
        clients.emplace_back([&, until = std::chrono::steady_clock::now() + 60s] {
            while (std::chrono::steady_clock::now() < until) {
                try {
                    Peer peer{path};
                    ++(peer.ask(request("POST", "/echo", "{}", false)).status() == 200 ? answered : unanswered);
                } catch (const std::runtime_error&) {
                    return;  // refused: it is gone
                }
            }
        });
    for (int i = 0; i < 1000 && answered < 100; ++i) std::this_thread::sleep_for(10ms);
    program->signal(SIGTERM);
    EXPECT_EQ(program->wait(), 0) << "it goes on as long as there is work";
    clients.clear();
    EXPECT_GT(answered, 0);
    EXPECT_EQ(unanswered, 0);
}

TEST_F(FastCgi, OnTermAKeptConnectionIsLetGoWithAnAnswerAndNotUnderARequest) {
    serve_with("2");
    Peer peer{path}, idle{path};
    EXPECT_EQ(peer.ask(request("GET", "/hello")).status(), 200);
    EXPECT_EQ(idle.ask(request("GET", "/hello")).status(), 200);
    program->signal(SIGTERM);
    ASSERT_TRUE(program->said_soon("stopping"));
    const Answer last = peer.ask(request("POST", "/note", "{}"));
    EXPECT_EQ(last.status(), 200);
    EXPECT_TRUE(last.complete);
    EXPECT_FALSE(last.after.empty()) << "nginx keeps no connection on which something follows the end of the request";
    EXPECT_TRUE(peer.closed());
    EXPECT_TRUE(idle.closed());
    EXPECT_EQ(program->wait(), 0);
}

TEST_F(FastCgi, ANewProcessTakesThePathOverAndTheOldOneLeavesItAlone) {
    serve_with("2");
    Peer old{path};
    EXPECT_EQ(old.ask(request("GET", "/hello")).status(), 200);
    auto newer = start();
    std::swap(program, newer);  // `newer` is the old one now
    newer->signal(SIGTERM);
    EXPECT_EQ(newer->wait(), 0);
    EXPECT_TRUE(std::filesystem::exists(path));
    still_serves();
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(FastCgi, AtNoMomentOfATakeOverIsAConnectRefused) {
    serve_with("2");
    std::atomic<bool> done{false};
    std::atomic<int> answered{0}, refused{0};
    std::jthread client{[&] {
        while (!done) {
            try {
                Peer peer{path};
                if (peer.ask(request("POST", "/echo", "{}", false)).status() == 200) ++answered;
                else ++refused;
            } catch (const std::runtime_error&) {
                ++refused;
            }
        }
    }};
    for (int i = 0; i < 5; ++i) {
        auto newer = start();
        std::swap(program, newer);
        newer->signal(SIGTERM);
        EXPECT_EQ(newer->wait(), 0);
    }
    done = true;
    client.join();
    EXPECT_EQ(refused, 0);
    EXPECT_GT(answered, 20);
}

TEST_F(FastCgi, TheSocketIsForItsGroupWhateverTheUmask) {
    const mode_t before = umask(0);
    serve_with("1");
    umask(before);
    struct stat there{};
    ASSERT_EQ(stat(path.c_str(), &there), 0);
    EXPECT_EQ(there.st_mode & 0777U, 0660U);
}

TEST_F(FastCgi, AFileThatIsNoSocketIsNotReplaced) {
    std::ofstream{path} << "precious";
    Program refused{{{"--listen", path}, {}, -1, "", 0}};
    EXPECT_EQ(refused.wait(), 2);
    EXPECT_NE(refused.said().find("no socket"), std::string::npos);
    EXPECT_EQ(std::filesystem::file_size(path), 8U);
    Program too_long{{{"--listen", "/tmp/" + std::string(120, 'x')}, {}, -1, "", 0}};
    EXPECT_EQ(too_long.wait(), 2);
    Program nowhere{{{"--listen", "/nowhere/at/all.sock"}, {}, -1, "", 0}};
    EXPECT_EQ(nowhere.wait(), 2);
    EXPECT_NE(nowhere.said().find("/nowhere/at/all.sock"), std::string::npos);
}

TEST_F(FastCgi, AListeningSocketOnDescriptor0IsServedAndOutlivesTheProgram) {
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener, 16), 0);
    for (int run = 0; run < 2; ++run) {
        Program started{{{}, {{"THREADS", "2"}}, listener, "", 0}};
        ASSERT_TRUE(started.said_soon("serving"));
        EXPECT_EQ(get("/hello").status(), 200);
        Peer kept{path};
        EXPECT_EQ(kept.ask(request("GET", "/hello")).status(), 200);
        started.signal(SIGTERM);
        EXPECT_EQ(started.wait(), 0);
        EXPECT_TRUE(std::filesystem::exists(path)) << "it is systemd's";
    }
    close(listener);
}

TEST_F(FastCgi, RunningOutOfDescriptorsLosesNoThreadAndBurnsNoTime) {
    serve_with("2", 30);
    std::vector<Peer> crowd;
    for (int i = 0; i < 60; ++i) crowd.emplace_back(path);
    ASSERT_TRUE(program->said_soon("cannot accept connections")) << program->said();
    const auto ticks = [&] {
        std::ifstream stat{"/proc/" + std::to_string(program->process()) + "/stat"};
        std::string field;
        for (int i = 0; i < 13; ++i) stat >> field;
        long user = 0, system = 0;
        stat >> user >> system;
        return user + system;
    };
    const long before = ticks();
    std::this_thread::sleep_for(1s);
    EXPECT_LT(ticks() - before, 30) << "hundredths of a second of a second";
    EXPECT_EQ(crowd.front().ask(request("GET", "/hello")).status(), 200) << "connections that are there go on";
    crowd.clear();
    for (int i = 0; i < 10; ++i) EXPECT_EQ(get("/hello").status(), 200);
    EXPECT_EQ(times(program->said(), "cannot accept connections"), 1U);
    still_serves();
}

TEST_F(FastCgi, AThreadThatWaitsGivesItsDatabaseConnectionBackAndOpensItAgain) {
    tests::Postgres& server = tests::Postgres::get();
    program = std::make_unique<Program>(Program::Start{
        {"--listen", path}, {{"THREADS", "1"}, {"DATABASE_URL", server.app_url()}, {"DATABASE_IDLE_SECONDS", "1"}}, -1, "", 0});
    EXPECT_TRUE(program->said_soon("serving")) << program->said();
    const auto lives = [&](const std::string& backend) { return server.sql("select count(*) from pg_stat_activity where pid = " + backend) == "1"; };
    const std::string first = get("/backend").body();
    EXPECT_EQ(get("/backend").body(), first);  // kept while there is work
    for (int i = 0; i < 1000 && lives(first); ++i) std::this_thread::sleep_for(10ms);
    EXPECT_FALSE(lives(first));
    const std::string second = get("/backend").body();
    EXPECT_TRUE(lives(second)) << second;
    still_serves();
}

TEST(CommandLine, RoutesAreListedWithTheirAccess) {
    Program program{{{"--routes"}, {}, -1, "", 0}};
    EXPECT_EQ(program.wait(), 0);
    EXPECT_TRUE(program.wrote().starts_with("GET\t/hello\tanyone\nPOST\t/echo\tanyone\n")) << program.wrote();
    EXPECT_TRUE(program.wrote().ends_with("GET\t/wrong\tstaff\n")) << program.wrote();
}

TEST(CommandLine, ConfigAndHelpAreShown) {
    Program config{{{"--config"}, {{"THREADS", "3"}, {"DATABASE_URL", "postgresql://u:hunter2@h/d"}}, -1, "", 0}};
    EXPECT_EQ(config.wait(), 0);
    EXPECT_NE(config.wrote().find("THREADS=3"), std::string::npos);
    EXPECT_EQ(config.wrote().find("hunter2"), std::string::npos);
    Program help{{{"--help"}, {}, -1, "", 0}};
    EXPECT_EQ(help.wait(), 0);
    EXPECT_NE(help.wrote().find("--listen PATH"), std::string::npos);
}

TEST(CommandLine, WrongUseIsExitCode2) {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{{"--nonsense"}, {"--listen"}, {"--routes", "--help"}, {"hello"}, {}}) {
        Program program{{arguments, {}, -1, "", 0}};
        EXPECT_EQ(program.wait(), 2);
        EXPECT_NE(program.said().find("usage:"), std::string::npos);
        EXPECT_EQ(program.wrote(), "");
    }
    Program settings{{{"--listen", "/tmp/lunaxcode-never.sock"}, {{"THREADS", "many"}}, -1, "", 0}};
    EXPECT_EQ(settings.wait(), 2);
    EXPECT_NE(settings.said().find("THREADS"), std::string::npos);
}

TEST(CommandLine, CheckSqlListsWhatPostgresqlRefusesWithItsWords) {
    Program program{{{"--check-sql"}, {{"DATABASE_URL", tests::Postgres::get().app_url()}}, -1, "", 0}};
    EXPECT_EQ(program.wait(), 1);
    EXPECT_NE(program.wrote().find("select a_column_that_is_not_there from notes"), std::string::npos);
    EXPECT_NE(program.wrote().find("column \"a_column_that_is_not_there\" does not exist"), std::string::npos) << program.wrote();
    EXPECT_EQ(program.wrote().find("select pg_backend_pid()\n--"), std::string::npos) << "what is right is not listed";
    Program away{{{"--check-sql"}, {{"DATABASE_URL", "postgresql:///x?host=/nowhere"}}, -1, "", 0}};
    EXPECT_EQ(away.wait(), 1);
}

TEST(Cgi, ARequestInTheEnvironmentIsAnsweredOnStandardOutput) {
    Program program = cgi({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/hello?x=1"}, {"QUERY_STRING", "x=1"}, {"REQUEST_ID", "id-8"}});
    EXPECT_EQ(program.wait(), 0);
    EXPECT_EQ(program.wrote(), "Status: 200 OK\r\nContent-Type: application/json\r\nCache-Control: no-store\r\nX-Request-Id: id-8\r\nContent-Length: 43\r\n\r\n"
                               R"({"path":"/hello","query":"x=1","id":"id-8"})");
}

TEST(Cgi, ABodyIsReadFromStandardInput) {
    const std::string body = R"({"a":")" + std::string(100'000, 'b') + "\"}";
    Program program = cgi({{"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/echo"}, {"HTTP_HOST", "a"}, {"HTTP_ORIGIN", "http://a"}, {"CONTENT_TYPE", "application/json"},
                           {"CONTENT_LENGTH", std::to_string(body.size())}}, body + "not part of it");
    EXPECT_EQ(program.wait(), 0);
    EXPECT_TRUE(program.wrote().starts_with("Status: 200 OK\r\n"));
    EXPECT_TRUE(program.wrote().ends_with("\r\n\r\n" + body));
    Program cut = cgi({{"REQUEST_METHOD", "POST"}, {"REQUEST_URI", "/echo"}, {"HTTP_HOST", "a"}, {"HTTP_ORIGIN", "http://a"}, {"CONTENT_TYPE", "application/json"},
                       {"CONTENT_LENGTH", "100"}}, "{}");
    EXPECT_EQ(cut.wait(), 0);
    EXPECT_TRUE(cut.wrote().starts_with("Status: 400 ")) << cut.wrote();
}

TEST(Cgi, ShortAnswersAndNoAnswersAreWhole) {
    Program nothing = cgi({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/nothing"}});
    EXPECT_EQ(nothing.wait(), 0);
    EXPECT_TRUE(nothing.wrote().starts_with("Status: 204 No Content\r\n"));
    EXPECT_TRUE(nothing.wrote().ends_with("\r\n\r\n"));
    Program small = cgi({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/big/1"}});
    EXPECT_EQ(small.wait(), 0);
    EXPECT_TRUE(small.wrote().ends_with("\r\n\r\nx")) << small.wrote();
    Program head = cgi({{"REQUEST_METHOD", "HEAD"}, {"REQUEST_URI", "/big/5"}});
    EXPECT_EQ(head.wait(), 0);
    EXPECT_NE(head.wrote().find("Content-Length: 5\r\n"), std::string::npos);
    EXPECT_TRUE(head.wrote().ends_with("\r\n\r\n"));
}

TEST(Cgi, AWrongSettingIsAnAnswerAndALineInTheLog) {
    Program program = cgi({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/hello"}, {"THREADS", "many"}});
    EXPECT_EQ(program.wait(), 0);
    EXPECT_TRUE(program.wrote().starts_with("Status: 500 Internal Server Error\r\nContent-Type: application/problem+json\r\n")) << program.wrote();
    EXPECT_EQ(program.wrote().find("THREADS"), std::string::npos);
    EXPECT_NE(program.said().find("THREADS"), std::string::npos);
}

TEST(Cgi, WithoutADatabaseItIs503) {
    Program program = cgi({{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", "/wrong"}});
    EXPECT_EQ(program.wait(), 0);
    EXPECT_TRUE(program.wrote().starts_with("Status: 503 ")) << program.wrote();
    EXPECT_NE(program.wrote().find("\r\nRetry-After: 2\r\n"), std::string::npos);
}

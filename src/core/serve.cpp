// Serve: how a route program was started, and FastCGI (the only pair that names libfcgi).
#include "core/serve.h"

#include <fcgiapp.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <vector>

#include "core/cgi.h"
#include "core/check.h"
#include "core/connections.h"
#include "core/error.h"
#include "core/log.h"

extern char** environ;

namespace core {
namespace {

constexpr const char* usage =
    "usage: PROGRAM --listen PATH   FastCGI on a Unix socket, THREADS threads, until TERM or INT\n"
    "       PROGRAM                 FastCGI when descriptor 0 is a listening socket, else one CGI request\n"
    "       PROGRAM --routes        what it serves: method, pattern, who may\n"
    "       PROGRAM --check-sql     prepare every statement against the migrated schema\n"
    "       PROGRAM --config        every setting and what it is now\n"
    "       PROGRAM --help          this\n"
    "Exit codes: 0 done, 1 a check failed, 2 wrong use or settings.\n";

// Of a body that nobody reads.
constexpr std::uint64_t unread_limit = 512 * 1024;

struct Answer {
    std::string head;
    Reply reply;
    Method method = Method::other;
    std::string_view body() const { return body_of(reply, method); }
    bool sends_file() const { return reply.file && method != Method::head; }
    bool sends_more() const { return reply.more && method != Method::head; }
};

Reply refusal(const Error& error, const Request& request) {
    return problem(error, request.id).with("Cache-Control", "no-store").with("X-Request-Id", request.id);
}

// Never throws for what a handler did.
Answer answer(std::span<const Route> routes, const Request& request, Desk& desk) {
    const auto began = std::chrono::steady_clock::now();
    set_log_request(request.id);
    Answer made;
    made.method = request.method;
    made.reply = dispatch(routes, request, desk);
    try {
        made.head = head_of(made.reply);
    } catch (const Error& error) {
        made.reply = refusal(error, request);
        made.head = head_of(made.reply);
    }
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
    log(Level::debug, "request", {{"path", request.path}, {"status", made.reply.status}, {"microseconds", took.count()}});
    set_log_request("");
    return made;
}

// What is left of the body would be taken for the next request. Read to its end, so that the web server, which is still
// writing it, gets to read the answer.
void read_off(FCGX_Request& fcgi, std::uint64_t most) {
    char rest[8192];
    for (std::uint64_t read = 0; read <= most; read += sizeof rest)
        if (FCGX_GetStr(rest, sizeof rest, fcgi.in) < static_cast<int>(sizeof rest)) break;
    if (!FCGX_HasSeenEOF(fcgi.in)) fcgi.keepConnection = 0;
}

// Ends a request, and says with it that the connection ends: a web server would put its next request on a kept one, and
// does not repeat a POST when we close under it. nginx keeps no connection on which something follows FCGI_END_REQUEST;
// the record that follows here (FCGI_GET_VALUES_RESULT, empty) means nothing, and comes in the same write.
void finish_and_part(FCGX_Request& fcgi) {
    const auto high = static_cast<unsigned char>(fcgi.requestId >> 8), low = static_cast<unsigned char>(fcgi.requestId);
    const unsigned char end[] = {1, 6, high, low, 0, 0, 0, 0,                          // FCGI_STDOUT, empty: its end
                                 1, 3, high, low, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,  // FCGI_END_REQUEST
                                 1, 10, 0, 0, 0, 0, 0, 0};
    if (FCGX_FFlush(fcgi.out) != 0 || write(fcgi.ipcFd, end, sizeof end) != sizeof end)
        log(Level::warn, "an answer did not reach the web server");
    FCGX_Free(&fcgi, 1);
}

// What follows the body. Where it breaks off, the connection closes without FCGI_END_REQUEST: nginx then breaks off too, and
// nobody takes half of the answer for the whole.
bool send_rest(const Answer& made, const Request& request, FCGX_Request& fcgi) {
    set_log_request(request.id);
    const bool whole = send_more(made.reply.more, [&](std::string_view piece) { return FCGX_PutStr(piece.data(), static_cast<int>(piece.size()), fcgi.out) >= 0; });
    set_log_request("");
    if (whole) return true;
    FCGX_FFlush(fcgi.out);
    FCGX_Free(&fcgi, 1);
    return false;
}

// Hands a connection with something to read to libfcgi for one request. True: keep the connection.
bool serve_request(std::span<const Route> routes, FCGX_Request& fcgi, Desk& desk, const Connections& connections) {
    fcgi.keepConnection = 1;  // what libfcgi finishes first is no request: it must not close the connection
    fcgi.detached = 1;        // close without waiting 2 s for the peer to close first
    if (FCGX_Accept_r(&fcgi) != 0) return false;  // not FastCGI, or gone: libfcgi has closed it
    if (FCGX_GetError(fcgi.in) != 0) {            // libfcgi takes parameters that broke off for complete
        FCGX_Free(&fcgi, 1);
        return false;
    }
    // A responder's request only. libfcgi cannot refuse by FCGI_UNKNOWN_ROLE.
    constexpr int responder = 1;
    if (fcgi.role != responder) fcgi.keepConnection = 0;
    else {
        const Request request = read_request(
            fcgi.envp,
            [&](char* to, std::size_t size) {
                const int got = FCGX_GetStr(to, static_cast<int>(std::min<std::size_t>(size, INT_MAX)), fcgi.in);
                return got > 0 ? static_cast<std::size_t>(got) : 0;
            },
            [&](const Request& head) { return streams(routes, head); });
        if (!request.stream) read_off(fcgi, unread_limit);
        // An aborted or broken request has nobody who waits for its answer, and may be half of what was meant.
        if (FCGX_GetError(fcgi.in) == 0) {
            const Answer made = answer(routes, request, desk);
            if (request.stream) read_off(fcgi, request.length);
            FCGX_PutStr(made.head.data(), static_cast<int>(made.head.size()), fcgi.out);
            if (!made.sends_file()) FCGX_PutStr(made.body().data(), static_cast<int>(made.body().size()), fcgi.out);
            else if (!send_file(*made.reply.file, [&](std::string_view piece) { return FCGX_PutStr(piece.data(), static_cast<int>(piece.size()), fcgi.out) >= 0; }))
                fcgi.keepConnection = 0;  // cut short: the visitor's client sees that by the announced length
            if (made.sends_more() && !send_rest(made, request, fcgi)) return false;
        }
    }
    if (connections.stopping() && fcgi.keepConnection && FCGX_GetError(fcgi.in) == 0) finish_and_part(fcgi);
    else FCGX_Finish_r(&fcgi);
    return fcgi.ipcFd >= 0;
}

void serve_thread(std::span<const Route> routes, const Config& config, Connections& connections) {
    Desk desk{config};
    FCGX_Request fcgi;
    FCGX_InitRequest(&fcgi, -1, FCGI_FAIL_ACCEPT_ON_INTR);
    for (;;) {
        // Who has waited for long gives its database connection back: there are many programs, and PostgreSQL has few to give.
        const int connection = connections.take(desk.db.open() ? std::chrono::milliseconds{std::chrono::seconds{config.database_idle_seconds}} : std::chrono::milliseconds{-1});
        if (connection == Connections::nothing) {
            desk.db.close();
            continue;
        }
        if (connection < 0) return;
        fcgi.ipcFd = connection;
        try {
            if (serve_request(routes, fcgi, desk, connections)) connections.give_back(fcgi.ipcFd);
            fcgi.ipcFd = -1;
        } catch (const std::exception& error) {  // out of memory: this request is lost, the thread is not
            set_log_request("");
            log(Level::error, "request lost", {{"why", error.what()}});
            FCGX_Free(&fcgi, 1);
        }
    }
}

int serve_fastcgi(std::span<const Route> routes, const Config& config, int listener, const std::string& path) {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    sigaddset(&stop, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop, nullptr);
    // An arena a thread would cost more memory than the threads' waiting for each other costs time.
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);
    if (FCGX_Init() != 0) throw std::runtime_error("libfcgi cannot start");

    Connections connections{listener, path};
    std::vector<std::jthread> threads;
    try {
        while (std::ssize(threads) < config.threads)
            threads.emplace_back(serve_thread, routes, std::cref(config), std::ref(connections));
    } catch (const std::system_error& error) {
        log(Level::error, "fewer threads than wanted", {{"threads", std::ssize(threads)}, {"why", error.what()}});
        if (threads.empty()) return 1;
    }
    log(Level::info, "serving", {{"at", path.empty() ? "descriptor 0" : path}, {"threads", std::ssize(threads)}});
    int signal = 0;
    while (sigwait(&stop, &signal) != 0) {}
    log(Level::info, "stopping", {{"signal", signal}});
    connections.stop();
    threads.clear();  // joins: requests in hand are finished
    log(Level::info, "stopped");
    return 0;
}

int serve_cgi(std::span<const Route> routes) {
    const ReadBody read_stdin = [](char* to, std::size_t size) {
        ssize_t got = 0;
        do got = read(STDIN_FILENO, to, size);
        while (got < 0 && errno == EINTR);
        return got > 0 ? static_cast<std::size_t>(got) : 0;
    };
    const Request request = read_request(environ, read_stdin, [&](const Request& head) { return streams(routes, head); });
    Answer made;
    std::optional<Config> config;
    std::optional<Desk> desk;  // until all is sent: what follows the body is made with it
    try {
        config = Config::load();
        set_log_level(config->log_level);
        desk.emplace(*config);
        made = answer(routes, request, *desk);
    } catch (const std::exception& error) {  // a wrong setting: the visitor gets an answer, the log gets the reason
        set_log_request(request.id);
        made.reply = refusal(failed(error.what()), request);
        made.head = head_of(made.reply);
        made.method = request.method;
    }
    if (request.stream)
        for (char rest[8192]; request.stream(rest, sizeof rest) > 0;) {}
    const auto put = [](std::string_view rest) {
        while (!rest.empty()) {
            const ssize_t sent = write(STDOUT_FILENO, rest.data(), rest.size());
            if (sent < 0 && errno == EINTR) continue;
            if (sent <= 0) return false;
            rest.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    };
    if (made.sends_file()) return put(made.head) && send_file(*made.reply.file, put) ? 0 : 1;
    std::string text = std::move(made.head);
    text += made.body();
    if (!put(text)) return 1;
    set_log_request(request.id);
    return !made.sends_more() || send_more(made.reply.more, put) ? 0 : 1;
}

int print_routes(std::span<const Route> routes) {
    for (const Route& route : routes)
        std::cout << name_of(route.method) << '\t' << route.pattern << '\t' << route.access->name << '\n';
    return 0;
}

// Statements are prepared as the tenant that the program's own access rule finds for BASE_URL's host.
std::string tenant_to_check(std::span<const Route> routes, Desk& desk) {
    const auto with_tenant = std::find_if(routes.begin(), routes.end(), [](const Route& r) { return r.access->tenant != nullptr; });
    if (with_tenant == routes.end()) return {};
    Request request;
    std::string_view host = desk.config.base_url;
    if (const auto scheme = host.find("://"); scheme != host.npos) host.remove_prefix(scheme + 3);
    request.host = host.substr(0, host.find_first_of(":/"));
    const Holes holes{};
    return Call{request, desk, *with_tenant, holes}.tenant();
}

int check_statements(std::span<const Route> routes, const Config& config) {
    Desk desk{config};
    return check_sql(desk.db, tenant_to_check(routes, desk), std::cout);
}

int wrong_use(std::string_view what) {
    std::cerr << what << '\n' << usage;
    return 2;
}

}  // namespace

int serve(std::span<const Route> routes, int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    const std::vector<std::string_view> arguments(argv + 1, argv + argc);
    const std::string_view option = arguments.empty() ? "" : arguments[0];
    const std::size_t wanted = option.empty() ? 0 : option == "--listen" ? 2 : 1;
    if (arguments.size() != wanted) return wrong_use(option == "--listen" ? "--listen needs a path" : "one option at a time");
    if (option == "--routes") return print_routes(routes);
    if (option == "--help") {
        std::cout << usage;
        return 0;
    }
    const bool fastcgi = option == "--listen" || is_listening(STDIN_FILENO);
    if (option.empty() && !fastcgi) {
        if (std::getenv("REQUEST_METHOD")) return serve_cgi(routes);
        return wrong_use("no request is in the environment, and descriptor 0 is no listening socket");
    }
    if (!option.empty() && option != "--listen" && option != "--check-sql" && option != "--config")
        return wrong_use("there is no option " + std::string{option});
    try {
        const Config config = Config::load();
        set_log_level(config.log_level);
        if (option == "--config") {
            config.print(std::cout);
            return 0;
        }
        if (option == "--check-sql") return check_statements(routes, config);
        const std::string path{option == "--listen" ? arguments[1] : ""};
        return serve_fastcgi(routes, config, path.empty() ? STDIN_FILENO : listen_at(path), path);
    } catch (const Error& error) {
        std::cerr << error.detail << '\n';
        return 1;
    } catch (const std::exception& error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}

}  // namespace core

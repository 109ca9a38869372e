// Fetch: the outside world through libcurl: HTTP with deadlines, answers that stream, and SMTP.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/mail.h"

namespace core {

struct Outgoing {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string basic_user;                          // HTTP Basic with an empty password; empty: none
    std::chrono::milliseconds connect_limit{10'000};
    std::chrono::milliseconds limit{30'000};         // the whole exchange
    std::chrono::milliseconds silence_limit{60'000};  // stream(): without a byte, from the start on
    std::size_t size_limit = 4 * 1024 * 1024;         // of the answer, decoded
};

struct Incoming {
    int status = 0;  // 0: no answer
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    // connect: nothing was sent. broken: the exchange began and was cut, or does not follow its protocol.
    enum class Fault { none, connect, timeout, too_large, broken, cancelled } fault = Fault::none;
    std::string why;  // for the log; holds no header and no body
    std::string_view header(std::string_view lower_case_name) const;
};

// One libcurl multi handle and the thread that drives it: kept connections, HTTP/2 streams and one store of certificates
// for all Fetchers that share it (64 exchanges by themselves would hold 64 stores). Any thread may use it.
class Network {
public:
    Network();
    ~Network();  // every call of its Fetchers must have ended

private:
    friend class Fetcher;
    struct State;
    std::unique_ptr<State> state_;
};

// Makes one call at a time and waits for it. One thread owns it. Never throws for what the other side does.
// Certificates are verified, redirects are not followed, proxies are taken from the environment as curl does.
class Fetcher {
public:
    Fetcher();                           // with a Network of its own, made at the first call
    explicit Fetcher(Network& network);  // which outlives it
    ~Fetcher();
    Fetcher(Fetcher&&) noexcept;

    Incoming fetch(const Outgoing& request);
    // on_data gets a 2xx body as it comes, in the calling thread, and answers whether to go on (no: Fault::cancelled);
    // another status's body is in the result.
    Incoming stream(const Outgoing& request, const std::function<bool(std::string_view)>& on_data);
    // Delivers one mail; the text of the failure, empty when the server took it. `permanent` says that trying again is
    // of no use (5xx, but not for credentials). smtps:// and smtp:// are encrypted and verified; only towards this very
    // machine (127.0.0.1, ::1, localhost) may a server of smtp:// do without. While libcurl waits for the server's word on
    // the text, nothing else of its Network goes on, and cancel() waits too: give mail a Fetcher with a Network of its own.
    std::string send(const Mail& mail, const std::string& url, const std::string& user, const std::string& password, bool& permanent);
    // Ends a running call soon, and each later one at once, with Fault::cancelled. Any thread may call it.
    void cancel();

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace core

// Fetch: the outside world through libcurl: HTTP with deadlines, answers that stream, and SMTP.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

struct Outgoing {
    std::string method = "GET";
    std::string url;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;
    std::string basic_user;                          // HTTP Basic with an empty password; empty: none
    std::chrono::milliseconds connect_limit{10'000};
    std::chrono::milliseconds limit{30'000};         // the whole exchange
    std::chrono::milliseconds silence_limit{60'000};  // without a byte, while an answer streams
    std::size_t size_limit = 4 * 1024 * 1024;         // of the answer, decoded
};

struct Incoming {
    int status = 0;  // 0: no answer
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
    enum class Fault { none, connect, timeout, too_large, broken, cancelled } fault = Fault::none;
    std::string why;  // for the log; holds no header and no body
    std::string_view header(std::string_view lower_case_name) const;
};

struct Mail {
    std::string from, to;  // "Name <address>" or an address
    std::string subject, text, html, message_id;
};

// A libcurl handle with its kept connections. One thread owns it. Never throws for what the other side does.
class Fetcher {
public:
    Fetcher();
    ~Fetcher();
    Fetcher(Fetcher&&) noexcept;

    Incoming fetch(const Outgoing& request);
    // on_data gets a 2xx body as it comes and answers whether to go on; another status's body is in the result.
    Incoming stream(const Outgoing& request, const std::function<bool(std::string_view)>& on_data);
    // Delivers one mail; the text of the failure, empty when the server took it. `permanent` says that trying again is of no use (5xx).
    std::string send(const Mail& mail, const std::string& url, const std::string& user, const std::string& password, bool& permanent);
    // Makes a running call of this handle end soon with Fault::cancelled. Any thread may call it.
    void cancel();

private:
    struct State;
    std::unique_ptr<State> state_;
};

// The mail as RFC 5322 text with CRLF line ends, as it is sent and as .eml files hold it.
// Throws Error 500 on CR, LF or NUL in an address or header: libcurl does not look.
std::string message_text(const Mail& mail);

}  // namespace core

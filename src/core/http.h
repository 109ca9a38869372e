// HTTP: a request as it came, a reply as it goes. Plain values; nothing here does anything.
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

// Gives up to that many bytes of the body, 0 at its end.
using ReadBody = std::function<std::size_t(char* to, std::size_t size)>;

enum class Method { get, head, post, put, patch, remove, options, other };

// What a web server handed over by FastCGI or CGI (RFC 3875), with names in the form of HTTP.
struct Request {
    Method method = Method::other;
    std::string path;          // decoded once, without the query; begins with '/', empty where it cannot be read
    std::string query;         // as it came, without '?'
    std::string host;          // lower case, without the port
    std::string authority;     // the Host header as it came
    std::string scheme = "http";
    std::string origin;
    std::string content_type;
    std::string cookie;        // the whole header
    std::string user_agent;
    std::string idempotency_key;
    std::string remote_address;
    std::string id;            // nginx's $request_id, or one of our own
    std::string body;
    ReadBody stream;           // for a route that streams: the body as it comes; then `body` is empty
    std::uint64_t length = 0;  // of the body, as announced
    std::string sends_files;   // how the web server sends a file for us: accel, xsendfile, or empty: it does not
    bool too_large = false;    // the body went over the limit and was not kept
    bool cut = false;          // the client sent less than it announced
    std::vector<std::pair<std::string, std::string>> headers;  // the others, lower case: "if-none-match"

    // Empty where it is absent.
    std::string_view header(std::string_view lower_case_name) const;
    std::string_view cookie_value(std::string_view name) const;
    std::string query_value(std::string_view name) const;  // decoded, the first of that name
};

// Bytes of a file, sent as they are read.
struct FilePart {
    std::string path;
    std::uint64_t offset = 0, size = 0;
};

// Adds the next piece of an answer; false with the last one. Called by the thread that made the answer, before its next request.
using MoreText = std::function<bool(std::string& to)>;

struct Reply {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::optional<FilePart> file;  // instead of the body
    MoreText more;                 // what follows the body, made while it is sent; its length is not announced
    std::vector<std::pair<std::string, std::string>> headers;

    Reply& with(std::string name, std::string value) &;
    Reply&& with(std::string name, std::string value) &&;
    // Lets nginx and browsers keep it; a reply says no-store where it says nothing.
    Reply&& cache(std::chrono::seconds public_for) &&;
};

Reply ok(std::string json);
Reply ok(std::string_view json);
Reply ok(const char* json);
Reply created(std::string json);
Reply accepted(std::string json);
Reply no_content();
Reply redirect(std::string location);  // 303

// %XX and, in queries, '+'. Malformed escapes stay as they are.
std::string url_decoded(std::string_view text, bool plus_is_space);
// All but RFC 3986's unreserved characters as %XX: for a value in a query or a form.
std::string url_encoded(std::string_view text);

// The body limit of a request unless its route says otherwise: the longest onboarding is far below.
inline constexpr std::size_t body_limit = 256 * 1024;

}  // namespace core

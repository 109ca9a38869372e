// Fuzzes what a web server hands over: variables and body → Request → dispatch → the text of the answer.
// Input: lines NAME=value, an empty line, the body.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "claim.h"
#include "core/cgi.h"
#include "core/error.h"
#include "core/log.h"
#include "core/route.h"

using namespace core;
using fuzz::claim;

namespace {

const Access nobody{"anyone", nullptr, nullptr, nullptr};
bool changed = false;  // the handler of a state change ran

Reply show(Call& call, Id id) { return ok(std::to_string(id.value) + call.request.query_value("q").substr(0, 10)); }
Reply tell(Call& call, Token token) {
    Writer writer;
    writer.object().member("token", token.value).member("agent", call.request.user_agent).member("cookie", call.request.cookie_value("session")).end_object();
    return ok(writer.take());
}
Reply take(Call& call) {
    changed = true;
    return created(call.body().canonical());
}

constexpr Route routes[] = {get<show>("/n/{id}", nobody), get<tell>("/t/{token}", nobody), post<take>("/take", nobody), remove<show>("/n/{id}", nobody)};

std::string escaped(std::string_view path) {
    std::string out;
    for (const char c : path) {
        if (c == '/') {
            out += c;
            continue;
        }
        out += '%';
        out += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4U];
        out += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15U];
    }
    return out;
}

Request read(const std::vector<std::string>& variables, std::string_view body, std::size_t at_once) {
    std::vector<const char*> pointers;
    for (const auto& variable : variables) pointers.push_back(variable.c_str());
    pointers.push_back(nullptr);
    return read_request(pointers.data(), [&](char* to, std::size_t size) {
        const std::size_t n = std::min({size, body.size(), at_once});
        std::memcpy(to, body.data(), n);
        body.remove_prefix(n);
        return n;
    });
}

void check(const Request& request) {
    claim(request.path.empty() || request.path.front() == '/', "a path begins with a slash");
    claim(request.path.find('\0') == std::string::npos, "a path has no NUL");
    claim(request.scheme == "http" || request.scheme == "https", "a scheme is http or https");
    claim(std::none_of(request.host.begin(), request.host.end(), [](char c) { return c >= 'A' && c <= 'Z'; }), "a host is in lower case");
    claim(!request.id.empty() && request.id.size() <= 64 &&
              std::all_of(request.id.begin(), request.id.end(), [](unsigned char c) { return std::isalnum(c) || c == '-'; }),
          "an id is plain");
    claim(request.body.size() <= body_limit, "a body keeps to the limit");
    claim(!request.too_large || request.body.empty(), "a body over the limit is not kept");
}

void check(const Reply& reply, const Request& request) {
    claim(reply.status >= 200 && reply.status < 500, "no request makes a server fault");
    const std::string head = head_of(reply);
    claim(head.ends_with("\r\n\r\n") && head.find("\r\n\r\n") == head.size() - 4, "a head ends once");
    claim(std::count(head.begin(), head.end(), '\n') == std::count(head.begin(), head.end(), '\r'), "a head has whole line ends");
    claim(head.find("\r\nX-Request-Id: " + request.id + "\r\n") != std::string::npos, "an answer carries the request's id");
    claim(request.method != Method::head || body_of(reply, request.method).empty(), "HEAD has no body");
    if (reply.content_type == "application/problem+json") {
        const Json problem = Json::parse(reply.body);
        claim(problem["status"].integer() == reply.status && problem["requestId"].text() == request.id && !problem["detail"].text().empty(),
              "a problem tells its status, its request and what it is");
    }
    const bool ours = !request.origin.empty() && (request.origin == request.scheme + "://" + request.authority || request.origin == "https://agency.example");
    claim(!changed || (ours && request.path == "/take" && request.method == Method::post), "a state changes by our own pages only");
    if (reply.status == 201) claim(Json::parse(reply.body).canonical() == Json::parse(request.body).canonical(), "what was sent is what was read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Config config;
    config.base_url = "https://agency.example";
    static Desk desk{config};
    set_log_level("error");

    std::string_view input{reinterpret_cast<const char*>(data), size};
    std::vector<std::string> variables;
    while (!input.empty()) {
        const auto end = input.find('\n');
        const auto line = input.substr(0, end);
        input.remove_prefix(end == input.npos ? input.size() : end + 1);
        if (line.empty()) break;
        variables.emplace_back(line.substr(0, line.find('\0')));
    }
    const Request request = read(variables, input, 8192);
    check(request);
    const Request cut = read(variables, input, 3);
    claim(cut.body == request.body && cut.cut == request.cut && cut.too_large == request.too_large, "a body does not depend on how it comes");

    changed = false;
    check(dispatch(routes, request, desk), request);

    // The path is decoded exactly once: escaped again it is read as the same.
    if (!request.path.empty() && variables.end() != std::find_if(variables.begin(), variables.end(), [](const auto& v) { return v.starts_with("REQUEST_URI=/"); }))
        claim(read({"REQUEST_URI=" + escaped(request.path)}, "", 1).path == request.path, "a path is decoded once");
    return 0;
}

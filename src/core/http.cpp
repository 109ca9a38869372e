// HTTP: reading the parts of a request and making replies.
#include "core/http.h"

namespace core {
namespace {

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

Reply json(int status, std::string body) {
    Reply reply;
    reply.status = status;
    reply.body = std::move(body);
    return reply;
}

}  // namespace

std::string url_decoded(std::string_view text, bool plus_is_space) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
            out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' && plus_is_space ? ' ' : text[i];
        }
    }
    return out;
}

std::string_view Request::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (key == name) return value;
    return {};
}

// RFC 6265 §5.4: pairs split by "; ". The first of a name counts: a longer path comes first.
std::string_view Request::cookie_value(std::string_view name) const {
    std::string_view rest{cookie};
    while (!rest.empty()) {
        const auto end = rest.find(';');
        std::string_view pair = rest.substr(0, end);
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
        while (!pair.empty() && pair.front() == ' ') pair.remove_prefix(1);
        if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
            return pair.substr(name.size() + 1);
    }
    return {};
}

std::string url_encoded(std::string_view text) {
    constexpr char digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out += c;
        } else {
            out += '%';
            out += digits[static_cast<unsigned char>(c) >> 4U];
            out += digits[static_cast<unsigned char>(c) & 15U];
        }
    }
    return out;
}

std::string Request::query_value(std::string_view name) const {
    std::string_view rest{query};
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        if (url_decoded(pair.substr(0, equals), true) == name)
            return equals == pair.npos ? std::string{} : url_decoded(pair.substr(equals + 1), true);
    }
    return {};
}

Reply& Reply::with(std::string name, std::string value) & {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
}

Reply&& Reply::with(std::string name, std::string value) && {
    headers.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
}

Reply&& Reply::cache(std::chrono::seconds public_for) && {
    return std::move(*this).with("Cache-Control", "public, max-age=" + std::to_string(public_for.count()));
}

Reply ok(std::string body) { return json(200, std::move(body)); }
Reply ok(std::string_view body) { return json(200, std::string{body}); }
Reply ok(const char* body) { return json(200, body); }
Reply created(std::string body) { return json(201, std::move(body)); }
Reply accepted(std::string body) { return json(202, std::move(body)); }

Reply no_content() {
    Reply reply;
    reply.status = 204;
    reply.content_type.clear();
    return reply;
}

Reply redirect(std::string location) {
    Reply reply;
    reply.status = 303;
    reply.content_type.clear();
    return std::move(reply).with("Location", std::move(location));
}

}  // namespace core

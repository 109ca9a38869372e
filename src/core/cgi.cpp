// CGI: reading variables (RFC 3875 §4.1) and writing the head of an answer (§6).
#include "core/cgi.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>

#include "core/error.h"
#include "core/log.h"

namespace core {
namespace {

// A body over the limit is taken off the connection up to here, so that the web server gets to read the answer.
constexpr std::uint64_t discard_limit = 16 * 1024 * 1024;

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

Method method_of(std::string_view name) {
    if (name == "GET") return Method::get;
    if (name == "HEAD") return Method::head;
    if (name == "POST") return Method::post;
    if (name == "PUT") return Method::put;
    if (name == "PATCH") return Method::patch;
    if (name == "DELETE") return Method::remove;
    if (name == "OPTIONS") return Method::options;
    return Method::other;
}

bool hex_digit(char c) { return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'f'); }

// Decoded once. Empty, which no pattern matches, where an escape is broken or hides a NUL or a slash:
// what such a path means differs from server to server.
std::string decoded_path(std::string_view raw) {
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] != '%') continue;
        if (i + 2 >= raw.size() || !hex_digit(raw[i + 1]) || !hex_digit(raw[i + 2])) return {};
        const char high = raw[i + 1], low = lower(raw[i + 2]);
        if ((high == '0' && low == '0') || (high == '2' && low == 'f')) return {};
        i += 2;
    }
    return url_decoded(raw, false);
}

std::string path_of(std::string_view uri) {
    if (const auto scheme = uri.find("://"); !uri.starts_with('/') && scheme != uri.npos) {  // absolute form, RFC 9112 §3.2.2
        const auto slash = uri.find('/', scheme + 3);
        uri = slash == uri.npos ? std::string_view{"/"} : uri.substr(slash);
    }
    uri = uri.substr(0, uri.find_first_of("?#"));
    return uri.starts_with('/') ? decoded_path(uri) : std::string{};
}

std::string host_of(std::string_view authority) {
    const auto end = authority.starts_with('[') ? authority.find(']') : authority.npos;  // an IPv6 address
    const auto colon = authority.find(':', end == authority.npos ? 0 : end);
    return lowered(authority.substr(0, colon));
}

std::string random_id() {
    unsigned char bits[16];
    for (std::size_t have = 0; have < sizeof bits;) {
        const ssize_t got = getrandom(bits + have, sizeof bits - have, 0);
        if (got > 0) have += static_cast<std::size_t>(got);
    }
    std::string id;
    for (const unsigned char b : bits) {
        id += "0123456789abcdef"[b >> 4U];
        id += "0123456789abcdef"[b & 15U];
    }
    return id;
}

// HTTP_IF_NONE_MATCH → if-none-match
std::string header_name(std::string_view variable) {
    std::string name = lowered(variable);
    std::replace(name.begin(), name.end(), '_', '-');
    return name;
}

void read_body(Request& request, std::string_view announced, const ReadBody& read, const std::function<bool(const Request&)>& streams) {
    if (announced.empty()) return;
    std::uint64_t length = 0;
    const auto [end, code] = std::from_chars(announced.data(), announced.data() + announced.size(), length);
    if (code == std::errc::result_out_of_range) length = UINT64_MAX;
    if (end != announced.data() + announced.size() || code == std::errc::invalid_argument) {
        request.cut = true;
        return;
    }
    request.length = length;
    if (streams && streams(request)) {
        request.stream = [read, left = length](char* to, std::size_t size) mutable {
            const std::size_t got = left > 0 ? read(to, static_cast<std::size_t>(std::min<std::uint64_t>(left, size))) : 0;
            left = got > 0 ? left - got : 0;
            return got;
        };
        return;
    }
    if (length > body_limit) {
        request.too_large = true;
        char unwanted[8192];
        for (std::uint64_t left = std::min(length, discard_limit); left > 0;) {
            const std::size_t got = read(unwanted, static_cast<std::size_t>(std::min<std::uint64_t>(left, sizeof unwanted)));
            if (got == 0) break;
            left -= got;
        }
        return;
    }
    request.body.resize(static_cast<std::size_t>(length));
    std::size_t have = 0;
    while (have < request.body.size()) {
        const std::size_t got = read(request.body.data() + have, request.body.size() - have);
        if (got == 0) break;
        have += got;
    }
    request.cut = have < request.body.size();
    request.body.resize(have);
}

}  // namespace

Request read_request(const char* const* variables, const ReadBody& read, const std::function<bool(const Request&)>& streams) {
    Request request;
    std::string_view uri, script, path_info, server_name, server_port, length;
    bool https = false;
    for (const char* const* entry = variables; *entry; ++entry) {
        const std::string_view whole{*entry};
        const auto equals = whole.find('=');
        if (equals == whole.npos) continue;
        const auto name = whole.substr(0, equals), value = whole.substr(equals + 1);
        if (name.starts_with("HTTP_")) {
            const auto header = name.substr(5);
            if (header == "HOST") request.authority = value;
            else if (header == "COOKIE") request.cookie = value;
            else if (header == "ORIGIN") request.origin = value;
            else if (header == "USER_AGENT") request.user_agent = value;
            else if (header == "IDEMPOTENCY_KEY") request.idempotency_key = value;
            else if (!value.empty() && header != "CONTENT_LENGTH" && header != "CONTENT_TYPE")
                request.headers.emplace_back(header_name(header), value);
        }
        else if (name == "REQUEST_METHOD") request.method = method_of(value);
        else if (name == "REQUEST_URI") uri = value;
        else if (name == "QUERY_STRING") request.query = value;
        else if (name == "CONTENT_TYPE") request.content_type = value;
        else if (name == "CONTENT_LENGTH") length = value;
        else if (name == "REMOTE_ADDR") request.remote_address = value;
        else if (name == "REQUEST_ID") request.id = value;
        else if (name == "LUNAXCODE_SENDS_FILES") request.sends_files = value;
        else if (name == "REQUEST_SCHEME") https = https || value == "https";
        else if (name == "HTTPS") https = https || value == "on" || value == "1";
        else if (name == "SCRIPT_NAME") script = value;
        else if (name == "PATH_INFO") path_info = value;
        else if (name == "SERVER_NAME") server_name = value;
        else if (name == "SERVER_PORT") server_port = value;
    }
    // SCRIPT_NAME and PATH_INFO come decoded; a server that gives REQUEST_URI gives what the visitor sent.
    if (!uri.empty()) request.path = path_of(uri);
    else request.path = std::string{script} + std::string{path_info};
    if (!request.path.starts_with('/')) request.path.clear();
    if (request.authority.empty() && !server_name.empty()) {
        request.authority = server_name;
        if (!server_port.empty() && server_port != (https ? "443" : "80")) request.authority += ':' + std::string{server_port};
    }
    request.host = host_of(request.authority);
    request.scheme = https ? "https" : "http";
    if (request.id.empty() || request.id.size() > 64 || request.id.find_first_not_of(letters) != std::string::npos)
        request.id = random_id();
    read_body(request, length, read, streams);
    return request;
}

std::string head_of(const Reply& reply) {
    std::string head = "Status: " + std::to_string(reply.status) + ' ' + phrase(reply.status) + "\r\n";
    const auto line = [&head](std::string_view name, std::string_view value) {
        if (name.empty() || name.find_first_not_of(letters) != name.npos || value.find_first_of(std::string_view{"\r\n\0", 3}) != value.npos)
            throw failed("a header of the answer would break out of its line: " + std::string{name});
        head.append(name).append(": ").append(value).append("\r\n");
    };
    if (!reply.content_type.empty()) line("Content-Type", reply.content_type);
    for (const auto& [name, value] : reply.headers) line(name, value);
    if (reply.status != 204 && reply.status != 304 && !reply.more) line("Content-Length", std::to_string(reply.file ? reply.file->size : reply.body.size()));
    return head.append("\r\n");
}

std::string_view body_of(const Reply& reply, Method method) {
    const bool none = method == Method::head || reply.status == 204 || reply.status == 304;
    return none ? std::string_view{} : std::string_view{reply.body};
}

bool send_file(const FilePart& part, const std::function<bool(std::string_view)>& write) {
    const int file = open(part.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    std::uint64_t offset = part.offset, left = part.size;
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(left, 64 * 1024)), '\0');
    while (left > 0) {
        const ssize_t got = pread(file, piece.data(), static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size())), static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || !write({piece.data(), static_cast<std::size_t>(got)})) break;
        offset += static_cast<std::uint64_t>(got);
        left -= static_cast<std::uint64_t>(got);
    }
    close(file);
    return left == 0;
}

bool send_more(const MoreText& more, const std::function<bool(std::string_view)>& write) {
    for (std::string piece;; piece.clear()) {
        bool goes_on = false;
        try {
            goes_on = more(piece);
        } catch (const std::exception& error) {
            log(Level::error, "an answer broke off", {{"why", error.what()}});
            write(piece);  // what it says of that to whoever reads
            return false;
        }
        if (!write(piece)) return false;
        if (!goes_on) return true;
    }
}

}  // namespace core

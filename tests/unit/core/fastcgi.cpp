// FastCGI from the web server's side (specification 1.0), for tests.
#include "fastcgi.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace tests {
namespace {

char byte(std::size_t value) { return static_cast<char>(static_cast<unsigned char>(value & 255U)); }

void length(std::string& to, std::size_t n) {
    if (n < 128) to += byte(n);
    else to += {byte(n >> 24U | 128U), byte(n >> 16U), byte(n >> 8U), byte(n)};
}

}  // namespace

std::string record(Record type, std::string_view content, int request, std::size_t padding) {
    std::string bytes{1, byte(type), byte(static_cast<std::size_t>(request) >> 8U), byte(static_cast<std::size_t>(request)),
                      byte(content.size() >> 8U), byte(content.size()), byte(padding), 0};
    return bytes.append(content).append(padding, '\0');
}

std::string begin(bool keep, int role) { return record(begin_request, std::string{0, static_cast<char>(role), keep ? '\1' : '\0', 0, 0, 0, 0, 0}); }

std::string encoded(const Variables& variables) {
    std::string bytes;
    for (const auto& [name, value] : variables) {
        length(bytes, name.size());
        length(bytes, value.size());
        bytes += name + value;
    }
    return bytes;
}

std::string request(std::string_view method, std::string_view uri, std::string_view body, bool keep, const Variables& more) {
    Variables all{{"GATEWAY_INTERFACE", "CGI/1.1"}, {"REQUEST_METHOD", std::string{method}}, {"REQUEST_URI", std::string{uri}}, {"HTTP_HOST", "agency.example"},
                  {"HTTP_ORIGIN", "http://agency.example"}, {"CONTENT_TYPE", "application/json"}, {"CONTENT_LENGTH", body.empty() ? "" : std::to_string(body.size())}};
    all.insert(all.end(), more.begin(), more.end());
    std::string bytes = begin(keep) + record(params, encoded(all), 1, 3) + record(params, "");
    for (std::size_t at = 0; at < body.size(); at += 32'000) bytes += record(stdin_data, body.substr(at, 32'000), 1, at % 7);
    return bytes + record(stdin_data, "");
}

int Answer::status() const { return text.starts_with("Status: ") ? std::atoi(text.c_str() + 8) : 0; }

std::string Answer::header(std::string_view name) const {
    const auto at = text.find("\r\n" + std::string{name} + ": ");
    if (at == text.npos || at > text.find("\r\n\r\n")) return "";
    const auto from = at + name.size() + 4;
    return text.substr(from, text.find("\r\n", from) - from);
}

std::string Answer::body() const {
    const auto end = text.find("\r\n\r\n");
    return end == text.npos ? "" : text.substr(end + 4);
}

Peer::Peer(const std::string& path) : socket_{socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const timeval patience{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        hang_up();
        throw std::runtime_error("nobody listens at " + path);
    }
}

Peer::~Peer() { hang_up(); }

void Peer::hang_up() {
    if (socket_ >= 0) close(socket_);
    socket_ = -1;
}

bool Peer::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

Answer Peer::receive() {
    Answer answer;
    std::string bytes;
    char chunk[65536];
    for (;;) {
        while (bytes.size() >= 8) {
            const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
            const std::size_t content = at(4) * 256 + at(5), whole = 8 + content + at(6);
            if (bytes.size() < whole) break;
            if (at(1) == stdout_data) answer.text.append(bytes, 8, content);
            if (at(1) == end_request) {
                answer.complete = true;
                answer.after = bytes.substr(whole);
                return answer;
            }
            bytes.erase(0, whole);
        }
        const ssize_t got = recv(socket_, chunk, sizeof chunk, 0);
        if (got <= 0) return answer;
        bytes.append(chunk, static_cast<std::size_t>(got));
    }
}

Answer Peer::ask(std::string_view request_bytes) {
    send(request_bytes);
    return receive();
}

bool Peer::closed() {
    char byte = 0;
    const ssize_t got = recv(socket_, &byte, 1, 0);
    return got == 0 || (got < 0 && errno == ECONNRESET);
}

}  // namespace tests

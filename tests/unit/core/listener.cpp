// Listener: sockets, threads, and the smallest gzip writer that makes a bomb.
#include "listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace tests {

Listener::Listener(std::function<void(int)> serve, std::string at)
    : serve_{std::move(serve)}, address_{std::move(at)}, socket_{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, address_.c_str(), &address.sin_addr);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(socket_, 64) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::runtime_error("no listening socket");
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread{[this] { accept_all(); }};
}

Listener::~Listener() {
    shutdown(socket_, SHUT_RDWR);
    acceptor_.join();
    for (const int one : open_) shutdown(one, SHUT_RDWR);
    for (std::thread& thread : threads_) thread.join();
    for (const int one : open_) close(one);
    close(socket_);
}

void Listener::accept_all() {
    for (;;) {
        const int connection = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) return;
        ++connections_;
        open_.push_back(connection);
        threads_.emplace_back([this, connection] {
            serve_(connection);
            shutdown(connection, SHUT_RDWR);
        });
    }
}

std::string read_request(int connection) {
    std::string text;
    char buffer[4096];
    for (;;) {
        if (const auto end = text.find("\r\n\r\n"); end != text.npos) {
            std::size_t length = 0;
            if (const auto at = text.find("Content-Length: "); at < end) length = std::stoul(text.substr(at + 16));
            if (text.size() >= end + 4 + length) return text;
        }
        const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
        if (got <= 0) return {};
        text.append(buffer, static_cast<std::size_t>(got));
    }
}

bool say(int connection, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

std::string read_line(int connection) {
    std::string line;
    char c = 0;
    while (recv(connection, &c, 1, 0) == 1 && c != '\n')
        if (c != '\r') line += c;
    return line;
}

void wait_for_end(int connection) {
    char buffer[4096];
    while (recv(connection, buffer, sizeof buffer, 0) > 0) {}
}

std::string gzip_of_same(char letter, std::size_t count) {
    std::string out{"\x1f\x8b\x08\0\0\0\0\0\0\x03", 10};
    unsigned bits = 0, held = 0;
    const auto put = [&](unsigned value, unsigned width) {  // least significant bit first
        bits |= value << held;
        for (held += width; held >= 8; held -= 8, bits >>= 8U) out += static_cast<char>(bits & 255U);
    };
    const auto code = [&](unsigned value, unsigned width) {  // Huffman codes: most significant bit first
        while (width-- > 0) put(value >> width & 1U, 1);
    };
    put(1, 1);  // the last block
    put(1, 2);  // fixed codes (RFC 1951 §3.2.6)
    code(0x30U + static_cast<unsigned char>(letter), 8);
    for (std::size_t done = 1; done < count; done += 258) {
        code(0xC5, 8);  // 258 bytes …
        code(0, 5);     // … from one byte back
    }
    code(0, 7);
    if (held > 0) put(0, 8 - held);
    std::uint32_t crc = ~0U;
    for (std::size_t i = 0; i < count; ++i) {
        crc ^= static_cast<unsigned char>(letter);
        for (int k = 0; k < 8; ++k) crc = crc >> 1U ^ (crc & 1U ? 0xEDB88320U : 0U);
    }
    for (const std::uint32_t value : {~crc, static_cast<std::uint32_t>(count)})
        for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>(value >> shift & 255U);
    return out;
}

}  // namespace tests

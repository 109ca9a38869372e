// Clamd: "zINSTREAM", then pieces with their length before them, then a length of zero; one line comes back (clamd(8)).
#include "gateways/clamd.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "core/owned.h"

namespace gateways {
namespace {

using namespace std::chrono;
using Clock = steady_clock;

struct Away {
    std::string why;
};

class Line {
public:
    Line(const std::string& address, Clock::time_point until) : until_{until} {
        if (address.starts_with('/')) {
            sockaddr_un to{};
            to.sun_family = AF_UNIX;
            if (address.size() >= sizeof to.sun_path) throw Away{"its path is too long"};
            std::memcpy(to.sun_path, address.c_str(), address.size() + 1);
            connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&to), sizeof to);
            return;
        }
        const auto colon = address.find_last_of(':');
        if (colon == address.npos) throw Away{"CLAMD is neither a path nor HOST:PORT"};
        addrinfo hints{};
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* found = nullptr;
        if (const int code = getaddrinfo(address.substr(0, colon).c_str(), address.substr(colon + 1).c_str(), &hints, &found); code != 0)
            throw Away{gai_strerror(code)};
        const core::Owned<addrinfo, freeaddrinfo> owned{found};
        connect_to(found->ai_family, found->ai_addr, found->ai_addrlen);
    }
    ~Line() {
        if (socket_ >= 0) close(socket_);
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    // False: the scanner has closed its side, which it does when it has an answer early.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            await(POLLOUT);
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
            else if (errno == EPIPE || errno == ECONNRESET) return false;
            else if (errno != EAGAIN && errno != EINTR) throw Away{std::strerror(errno)};
        }
        return true;
    }

    std::string answer() {
        std::string text;
        for (char piece[512]; text.size() < 4096;) {
            await(POLLIN);
            const ssize_t got = recv(socket_, piece, sizeof piece, MSG_DONTWAIT);
            if (got < 0 && (errno == EAGAIN || errno == EINTR)) continue;
            if (got <= 0) break;
            text.append(piece, static_cast<std::size_t>(got));
            if (const auto end = text.find('\0'); end != text.npos) return text.substr(0, end);
        }
        return text;
    }

private:
    void connect_to(int family, const sockaddr* to, socklen_t size) {
        socket_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (socket_ < 0) throw Away{std::strerror(errno)};
        if (connect(socket_, to, size) == 0) return;
        int code = errno;
        if (code == EINPROGRESS) {
            await(POLLOUT);
            socklen_t length = sizeof code;
            getsockopt(socket_, SOL_SOCKET, SO_ERROR, &code, &length);
        }
        if (code == 0) return;
        close(socket_);
        socket_ = -1;
        throw Away{std::strerror(code)};
    }

    void await(short what) {
        for (;;) {
            const auto left = duration_cast<milliseconds>(until_ - Clock::now()).count();
            if (left <= 0) break;
            pollfd one{socket_, what, 0};
            const int ready = poll(&one, 1, static_cast<int>(left));
            if (ready > 0) return;
            if (ready < 0 && errno != EINTR) throw Away{std::strerror(errno)};
        }
        throw Away{"it did not answer in time"};
    }

    int socket_ = -1;
    Clock::time_point until_;
};

Scan read_answer(std::string_view line) {
    constexpr std::string_view before = "stream: ", found = " FOUND";
    if (line.starts_with(before)) line.remove_prefix(before.size());
    if (line == "OK") return {Scan::Verdict::clean, {}};
    if (line.ends_with(found)) return {Scan::Verdict::infected, std::string{line.substr(0, line.size() - found.size())}};
    return {Scan::Verdict::unknown, line.empty() ? "it closed the connection" : std::string{line}};
}

}  // namespace

Scan scan(const std::string& address, const core::File& file, milliseconds limit) {
    try {
        Line line{address, Clock::now() + limit};
        bool open = line.send({"zINSTREAM\0", 10});
        std::string piece(4 + 64 * 1024, '\0');
        for (std::uint64_t offset = 0; open;) {
            const std::size_t got = file.read_at(offset, piece.data() + 4, piece.size() - 4);
            const std::uint32_t length = htonl(static_cast<std::uint32_t>(got));
            std::memcpy(piece.data(), &length, 4);
            open = line.send({piece.data(), 4 + got});
            offset += got;
            if (got == 0) break;
        }
        return read_answer(line.answer());
    } catch (const Away& away) {
        return {Scan::Verdict::unknown, away.why};
    }
}

}  // namespace gateways

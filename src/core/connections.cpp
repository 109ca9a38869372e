// Connections: accepting, parking, and leaving without losing a request.
#include "core/connections.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "core/log.h"

namespace core {
namespace {

// A web server that sends half a record, or does not read its answer, gets its thread taken away after this.
constexpr timeval peer_limit{10, 0};
constexpr int nap = 50;  // ms without accepting when descriptors or memory ran out
constexpr auto last_requests = std::chrono::seconds{1};

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

enum class Waiting { bytes, nothing, closed };

Waiting peek(int connection) {
    char byte;
    const ssize_t got = recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0) return Waiting::bytes;
    return got < 0 && (errno == EAGAIN || errno == EINTR) ? Waiting::nothing : Waiting::closed;
}

void watch(int set, int descriptor, unsigned events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = descriptor;
    if (epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) != 0) fail("epoll_ctl");
}

}  // namespace

bool is_listening(int descriptor) {
    int listening = 0;
    socklen_t size = sizeof listening;
    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening != 0;
}

int listen_at(const std::string& path) {
    const std::string fresh = path + '.' + std::to_string(getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || fresh.size() >= sizeof address.sun_path)
        throw std::runtime_error("--listen " + path + ": a path of a socket has 1 to 96 characters");
    fresh.copy(address.sun_path, fresh.size());
    struct stat there{};
    if (lstat(path.c_str(), &there) == 0 && !S_ISSOCK(there.st_mode))
        throw std::runtime_error("--listen " + path + ": this is there already and is no socket");
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener < 0) fail("socket");
    unlink(fresh.c_str());
    const mode_t before = umask(0117);  // web server and program share a group; nobody else may connect
    const int bound = bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int why = errno;
    umask(before);
    // Listening before it gets its name: whoever finds the path can connect.
    if (bound != 0 || listen(listener, 511) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0) {
        if (bound != 0) errno = why;
        const std::string text = std::strerror(errno);
        unlink(fresh.c_str());
        close(listener);
        throw std::runtime_error("--listen " + path + ": " + text);
    }
    return listener;
}

Connections::Connections(int listener, std::string path)
    : listener_{listener}, path_{std::move(path)}, set_{epoll_create1(EPOLL_CLOEXEC)},
      wake_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)}, idle_{new std::atomic<bool>[limit]{}} {
    if (set_ < 0 || wake_ < 0) fail("epoll");
    if (fcntl(listener_, F_SETFL, fcntl(listener_, F_GETFL) | O_NONBLOCK) != 0) fail("fcntl");
    struct stat there{};
    if (!path_.empty() && stat(path_.c_str(), &there) == 0) inode_ = there.st_ino;
    watch(set_, wake_, EPOLLIN);
    watch(set_, listener_, EPOLLIN | EPOLLEXCLUSIVE);
}

Connections::~Connections() {
    for (int i = 0; i < limit; ++i)
        if (idle_[static_cast<std::size_t>(i)]) close(i);
    close(listener_);
    close(wake_);
    close(set_);
    struct stat there{};
    // A newer process may have taken the path over: then it is not ours to remove.
    if (!path_.empty() && lstat(path_.c_str(), &there) == 0 && there.st_ino == inode_) unlink(path_.c_str());
}

// -1 with errno when none is there.
int Connections::accept_one() {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return -1;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &peer_limit, sizeof peer_limit);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &peer_limit, sizeof peer_limit);
    return connection;
}

// True: descriptors or memory ran out, so that a connection may be waiting although none could be accepted.
bool Connections::accept_failed(int why) {
    if (why != EMFILE && why != ENFILE && why != ENOMEM && why != ENOBUFS) return false;
    const long now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
    long last = complained_;
    if (now >= last + 10 && complained_.compare_exchange_strong(last, now))
        log(Level::error, "cannot accept connections", {{"why", std::strerror(why)}});
    // The listening socket leaves the set for a moment, so that one thread waits and the others go on serving.
    if (stopping_ || epoll_ctl(set_, EPOLL_CTL_DEL, listener_, nullptr) != 0) return true;
    pollfd stop{wake_, POLLIN, 0};
    epoll_event event{};
    event.events = EPOLLIN | EPOLLEXCLUSIVE;
    event.data.fd = listener_;
    do poll(&stop, 1, nap);
    while (epoll_ctl(set_, EPOLL_CTL_ADD, listener_, &event) != 0 && errno != EEXIST && !stopping_);
    return true;
}

void Connections::park(int connection) {
    if (connection >= limit) {
        close(connection);
        return;
    }
    idle_[static_cast<std::size_t>(connection)] = true;
    if (stopping_) return;  // take_last() looks at all of them
    epoll_event event{};
    event.events = EPOLLIN | EPOLLRDHUP | EPOLLONESHOT;
    event.data.fd = connection;
    if (epoll_ctl(set_, EPOLL_CTL_MOD, connection, &event) == 0) return;
    if (epoll_ctl(set_, EPOLL_CTL_ADD, connection, &event) == 0) return;
    if (idle_[static_cast<std::size_t>(connection)].exchange(false)) close(connection);
}

int Connections::take(std::chrono::milliseconds patience) {
    while (!stopping_) {
        epoll_event event{};
        const int ready = epoll_wait(set_, &event, 1, static_cast<int>(patience.count()));
        if (ready == 0) return nothing;
        if (ready != 1) continue;  // a signal
        int connection = event.data.fd;
        if (connection == wake_) break;
        if (connection == listener_) {
            connection = accept_one();
            if (connection < 0) accept_failed(errno);
            else if (peek(connection) == Waiting::bytes || connection >= limit) return connection;
            else park(connection);
            continue;
        }
        if (!idle_[static_cast<std::size_t>(connection)].exchange(false)) continue;
        if ((event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0 || peek(connection) == Waiting::bytes) return connection;
        close(connection);
    }
    return take_last();
}

void Connections::stop() {
    leave_at_ = std::chrono::steady_clock::now() + last_requests;
    stopping_ = true;
    // From here a connect to our own socket is refused, while those that wait in its queue can still be accepted.
    if (!path_.empty()) shutdown(listener_, SHUT_RD);
    const unsigned long long one = 1;
    if (write(wake_, &one, sizeof one) != sizeof one) log(Level::error, "cannot wake the threads", {{"why", std::strerror(errno)}});
}

int Connections::take_last() {
    for (;;) {
        bool more = false;
        // systemd's queue is left to the process that it starts next.
        while (!path_.empty()) {
            const int connection = accept_one();
            if (connection < 0) {
                more = accept_failed(errno);
                break;
            }
            if (peek(connection) == Waiting::bytes || connection >= limit) return connection;
            park(connection);
        }
        const bool over = std::chrono::steady_clock::now() >= leave_at_;
        for (int connection = 0; connection < limit; ++connection) {
            auto& idle = idle_[static_cast<std::size_t>(connection)];
            if (!idle || !idle.exchange(false)) continue;
            // What was sent before this is answered; nothing can be sent after it, so nothing is lost unseen.
            if (over && peek(connection) == Waiting::nothing) shutdown(connection, SHUT_RD);
            switch (peek(connection)) {
                case Waiting::bytes: return connection;
                case Waiting::closed: close(connection); break;
                case Waiting::nothing: idle = more = true;
            }
        }
        if (!more || (over && path_.empty())) return -1;
        poll(nullptr, 0, 1);
    }
}

}  // namespace core

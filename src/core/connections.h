// Connections: one epoll set, shared by all threads, of the listening socket and of kept connections that are idle.
// An idle connection waits here and holds no thread. Any thread may use all of it.
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <string>

namespace core {

// A Unix socket at the path, mode 0660, listening. Takes the path over from an older process in one step, so that
// no connect fails in between. Throws std::runtime_error with the reason.
int listen_at(const std::string& path);
bool is_listening(int descriptor);

class Connections {
public:
    // path: what listen_at() made; empty: the socket is somebody else's (systemd's) and stays open after us.
    Connections(int listener, std::string path);
    ~Connections();
    Connections(const Connections&) = delete;
    Connections& operator=(const Connections&) = delete;

    // Waits for a connection that has something to read, and gives it away. -1: stopped, and nobody waits any more.
    // nothing: none came within the patience; a negative one waits for ever.
    int take(std::chrono::milliseconds patience);
    static constexpr int nothing = -2;
    // A connection whose request was answered, to wait for its next one. Over the limit it is closed.
    void give_back(int connection) { park(connection); }
    // No new connection comes in. For a second take() still gives what comes on those that are there: a web server
    // does not repeat a POST whose kept connection was closed under it.
    void stop();
    bool stopping() const { return stopping_; }

private:
    int accept_one();
    bool accept_failed(int why);
    void park(int connection);
    int take_last();

    static constexpr int limit = 1024;  // descriptors from here on are served, and closed instead of kept
    const int listener_;
    const std::string path_;
    unsigned long inode_ = 0;
    int set_, wake_;
    std::atomic<bool> stopping_{false};
    std::chrono::steady_clock::time_point leave_at_;  // set before stopping_ is
    std::atomic<long> complained_{0};  // when accept last failed in the log, in seconds
    // By descriptor. Whoever turns an entry to false owns that connection.
    std::unique_ptr<std::atomic<bool>[]> idle_;
};

}  // namespace core

// Listener: a server on this machine whose conversations a test writes as functions of the connected socket.
#pragma once
#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tests {

class Listener {
public:
    // Each connection is served on a thread of its own; the socket is closed after `serve`.
    explicit Listener(std::function<void(int socket)> serve, std::string address = "127.0.0.1");
    ~Listener();  // ends every conversation
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    std::string host_and_port() const { return address_ + ":" + std::to_string(port_); }
    std::string url() const { return "http://" + host_and_port() + "/"; }
    int connections() const { return connections_; }

private:
    void accept_all();
    std::function<void(int)> serve_;
    const std::string address_;
    int socket_, port_ = 0;
    std::atomic<int> connections_ = 0;
    std::vector<int> open_;
    std::vector<std::thread> threads_;
    std::thread acceptor_;
};

std::string read_request(int socket);               // head and body, by Content-Length; empty at the end
bool say(int socket, std::string_view text);        // false when the other side is gone
std::string read_line(int socket);                  // without its CRLF
void wait_for_end(int socket);                      // until the other side closes
std::string gzip_of_same(char letter, std::size_t count);  // count a multiple of 258, plus 1: about 160 times smaller

}  // namespace tests

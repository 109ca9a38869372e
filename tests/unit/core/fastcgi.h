// FastCGI from the web server's side, for tests: records written by hand, so that they can also be written wrong.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tests {

enum Record : unsigned char { begin_request = 1, abort_request = 2, end_request = 3, params = 4, stdin_data = 5, stdout_data = 6 };
using Variables = std::vector<std::pair<std::string, std::string>>;

std::string record(Record type, std::string_view content, int request = 1, std::size_t padding = 0);
std::string begin(bool keep, int role = 1);
std::string encoded(const Variables& variables);
// A whole request: GET has no body; the variables are added to those that every request has.
std::string request(std::string_view method, std::string_view uri, std::string_view body = "", bool keep = true, const Variables& more = {});

struct Answer {
    bool complete = false;   // FCGI_END_REQUEST came
    std::string text;        // what was written to standard output
    std::string after;       // bytes after FCGI_END_REQUEST
    int status() const;      // of the Status line, 0: none
    std::string header(std::string_view name) const;
    std::string body() const;
};

// One connection. Nothing waits longer than 20 s.
class Peer {
public:
    explicit Peer(const std::string& path);
    ~Peer();
    Peer(Peer&& other) noexcept : socket_{std::exchange(other.socket_, -1)} {}
    Peer(const Peer&) = delete;
    Peer& operator=(const Peer&) = delete;

    bool send(std::string_view bytes);  // false: the program closed the connection
    Answer receive();
    Answer ask(std::string_view request_bytes);
    bool closed();  // waits for the program to close; false: it sent something instead, or 20 s went by
    void hang_up();

private:
    int socket_;
};

}  // namespace tests

// SseReader: server-sent events out of bytes that come in any pieces (WHATWG HTML §9.2, the data field).
#pragma once
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace core {

// Lines may end with LF, CRLF or CR. Comments and other fields are skipped; an event that the stream leaves unfinished
// is never given out. Memory stays within the limit for one event. One thread owns it.
class SseReader {
public:
    using OnEvent = std::function<void(std::string_view data)>;
    SseReader(std::size_t event_limit, OnEvent on_event);

    // False when an event went over the limit; nothing more is read then.
    bool feed(std::string_view bytes);

private:
    void end_line();
    const std::size_t limit_;
    const OnEvent on_event_;
    std::string line_, data_;
    bool first_line_ = true, has_data_ = false, after_cr_ = false, broken_ = false;
};

}  // namespace core

// SseReader: one pass over the bytes, line by line.
#include "core/sse.h"

#include <utility>

namespace core {

SseReader::SseReader(std::size_t event_limit, OnEvent on_event) : limit_{event_limit}, on_event_{std::move(on_event)} {}

bool SseReader::feed(std::string_view bytes) {
    while (!broken_ && !bytes.empty()) {
        if (after_cr_) {
            after_cr_ = false;
            if (bytes.front() == '\n') {  // the second half of a CRLF
                bytes.remove_prefix(1);
                continue;
            }
        }
        const std::size_t end = bytes.find_first_of("\r\n");
        const std::string_view piece = bytes.substr(0, end);
        if (line_.size() + data_.size() + piece.size() > limit_) {
            broken_ = true;
            std::string{}.swap(line_);
            std::string{}.swap(data_);
            break;
        }
        line_ += piece;
        if (end == bytes.npos) break;
        after_cr_ = bytes[end] == '\r';
        bytes.remove_prefix(end + 1);
        end_line();
    }
    return !broken_;
}

void SseReader::end_line() {
    std::string_view line = line_;
    if (std::exchange(first_line_, false) && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.empty()) {
        if (std::exchange(has_data_, false)) {
            on_event_(data_);
            data_.clear();
        }
    } else if (line == "data" || line.starts_with("data:")) {
        line.remove_prefix(line.size() > 4 ? 5 : 4);
        if (line.starts_with(' ')) line.remove_prefix(1);
        if (std::exchange(has_data_, true)) data_ += '\n';
        data_ += line;
    }
    line_.clear();
}

}  // namespace core

// Log: one JSON line an event on standard error. Any thread may use it; a line is written whole.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace core {

enum class Level { error, warn, info, debug };

// A value of a log line; never a password, token, key or a person's answers.
class LogValue {
public:
    LogValue(std::string_view text);  // NOLINT: implicit, so that a call reads {{"status", 200}}
    LogValue(const char* text) : LogValue(std::string_view{text}) {}
    LogValue(const std::string& text) : LogValue(std::string_view{text}) {}
    LogValue(std::int64_t number);
    LogValue(int number) : LogValue(static_cast<std::int64_t>(number)) {}
    LogValue(bool truth);
    const std::string& json() const { return json_; }

private:
    std::string json_;
};

// Lines above this level are dropped; set once at start. Throws std::runtime_error on an unknown name.
void set_log_level(std::string_view name);

// The request that this thread serves; stands in each of its lines. Empty: none.
void set_log_request(std::string_view id);

void log(Level level, std::string_view event,
         std::initializer_list<std::pair<std::string_view, LogValue>> values = {});

}  // namespace core

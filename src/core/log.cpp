// Log: JSON lines on standard error.
#include "core/log.h"

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <stdexcept>

#include "core/json.h"

namespace core {
namespace {

std::atomic<Level> threshold{Level::info};
thread_local std::string request_id;

constexpr const char* names[] = {"error", "warn", "info", "debug"};

std::string timestamp() {
    const auto now = std::chrono::system_clock::now();
    const auto seconds = std::chrono::system_clock::to_time_t(now);
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    char text[32];
    std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    std::string out{text, size};
    const std::string fraction = std::to_string(millis);
    return out + '.' + std::string(3 - fraction.size(), '0') + fraction + 'Z';
}

std::string quoted(std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
}

}  // namespace

LogValue::LogValue(std::string_view text) : json_{quoted(text)} {}
LogValue::LogValue(std::int64_t number) : json_{std::to_string(number)} {}
LogValue::LogValue(bool truth) : json_{truth ? "true" : "false"} {}

void set_log_level(std::string_view name) {
    for (int i = 0; i < 4; ++i)
        if (name == names[i]) {
            threshold = static_cast<Level>(i);
            return;
        }
    throw std::runtime_error("LOG_LEVEL must be error, warn, info or debug");
}

void set_log_request(std::string_view id) { request_id = id; }

void log(Level level, std::string_view event,
         std::initializer_list<std::pair<std::string_view, LogValue>> values) {
    if (level > threshold.load(std::memory_order_relaxed)) return;
    Writer line;
    line.object().member("time", timestamp()).member("level", names[static_cast<int>(level)]).member("event", event);
    if (!request_id.empty()) line.member("request", request_id);
    for (const auto& [name, value] : values) line.member_raw(name, value.json());
    line.end_object();
    const std::string text = line.take() + '\n';
    // One write a line keeps the lines of threads and processes apart (pipes: up to PIPE_BUF).
    std::string_view rest{text};
    while (!rest.empty()) {
        const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace core

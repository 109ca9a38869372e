// Fuzzes the reader of server-sent events: its events do not depend on how the bytes are cut, and stay within the limit.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/sse.h"

namespace {

constexpr std::size_t limit = 4096;

struct Read {
    std::vector<std::string> events;
    bool fits = true;
};

void take(Read& to, std::string_view data) {
    if (data.size() > limit) std::abort();
    to.events.emplace_back(data);
}

}  // namespace

// The first byte says how the rest is cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
    Read single, cut;
    core::SseReader one{limit, [&](std::string_view event) { take(single, event); }};
    for (std::size_t i = 0; i < bytes.size(); ++i) single.fits = one.feed(bytes.substr(i, 1));
    core::SseReader other{limit, [&](std::string_view event) { take(cut, event); }};
    std::uint32_t step = data[0];
    for (std::size_t at = 0; at < bytes.size();) {
        step = step * 1103515245U + 12345U;
        const std::size_t piece = 1 + step / 65536U % 64U;
        cut.fits = other.feed(bytes.substr(at, piece));
        at += piece;
    }
    if (single.events != cut.events || single.fits != cut.fits) {
        std::fprintf(stderr, "the events depend on the cuts\n");
        std::abort();
    }
    return 0;
}

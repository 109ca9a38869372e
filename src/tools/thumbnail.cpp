// thumbnail: a picture on stdin, a small WebP of it on stdout. A program of its own with little memory and time, so that a
// picture made to harm the decoder harms nothing else; the worker calls it.
// Exit codes: 0 made, 1 could not be written, 3 no picture that can be shown small, 4 too large to be decoded.
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <string>

#include "core/picture.h"

namespace {

constexpr int edge = 480;
constexpr long most_pixels = 40'000'000, longest_side = 30'000;  // 160 MB once decoded
constexpr std::size_t most_bytes = 200 << 20U;

void limit(int resource, rlim_t most) {
    const rlimit both{most, most};
    setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

int make() {
    std::string bytes;
    for (char piece[64 * 1024];;) {
        const ssize_t got = read(STDIN_FILENO, piece, sizeof piece);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        if (bytes.size() > most_bytes) return 4;
        bytes.append(piece, static_cast<std::size_t>(got));
    }
    const auto facts = core::picture_facts(bytes);
    if (!facts) return 3;
    if (facts->width > longest_side || facts->height > longest_side || facts->width * facts->height > most_pixels) return 4;
    const std::string small = core::thumbnail_of(bytes, *facts, edge);
    if (small.empty()) return 3;
    for (std::size_t at = 0; at < small.size();) {
        const ssize_t put = write(STDOUT_FILENO, small.data() + at, small.size() - at);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return 1;
        at += static_cast<std::size_t>(put);
    }
    return 0;
}

}  // namespace

int main() {
#if !defined(__SANITIZE_ADDRESS__)  // which reserves terabytes of addresses, and looks for leaks with a process of its own
    limit(RLIMIT_AS, 700UL << 20U);
    limit(RLIMIT_NPROC, 0);
#endif
    limit(RLIMIT_CPU, 15);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_FSIZE, 4UL << 20U);
    try {
        return make();
    } catch (const std::bad_alloc&) {
        return 4;
    }
}

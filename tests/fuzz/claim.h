// claim(): what a fuzz target says is always so; the input that shows otherwise is a finding.
#pragma once
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace fuzz {

inline void claim(bool so, std::string_view what) {
    if (so) return;
    std::fprintf(stderr, "NOT SO: %.*s\n", static_cast<int>(what.size()), what.data());
    std::abort();
}

}  // namespace fuzz

// Fuzzes the Cookie header: a value among any others is found whole, and nothing else is ever taken for it.
// Input: a line with a name, a line with a value, then the header.
#include <cstdint>
#include <string>

#include "claim.h"
#include "core/http.h"

using fuzz::claim;

namespace {

// RFC 6265 §5.4 read the slow way: split at every semicolon, drop spaces before the name, compare up to the equals sign.
std::string_view slowly(std::string_view header, std::string_view name) {
    for (;;) {
        const auto end = header.find(';');
        std::string_view pair = header.substr(0, end);
        pair.remove_prefix(std::min(pair.find_first_not_of(' '), pair.size()));
        const auto equals = pair.find('=');
        if (equals != pair.npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
        if (end == header.npos) return {};
        header.remove_prefix(end + 1);
    }
}

std::string_view line(std::string_view& input) {
    const auto end = input.find('\n');
    const auto text = input.substr(0, end);
    input.remove_prefix(end == input.npos ? input.size() : end + 1);
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view input{reinterpret_cast<const char*>(data), size};
    const std::string_view name = line(input), value = line(input);
    if (name.empty() || name.find_first_of("=; ") != name.npos || value.find(';') != value.npos) return 0;  // no cookie is called so
    core::Request request;
    request.cookie = input;
    claim(request.cookie_value(name) == slowly(input, name), "a cookie is found as RFC 6265 has it");
    const std::string_view taken = request.cookie_value(name);
    claim(taken.find(';') == taken.npos, "a cookie ends at its semicolon");

    request.cookie = std::string{name} + "=" + std::string{value} + "; " + std::string{input};
    claim(request.cookie_value(name) == value, "the first of a name counts, whatever follows");
    if (slowly(input, name).data() == nullptr) {
        request.cookie = std::string{input} + "; " + std::string{name} + "=" + std::string{value};
        claim(request.cookie_value(name) == value, "a cookie is found behind any others");
    }
    return 0;
}

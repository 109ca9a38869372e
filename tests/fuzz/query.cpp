// Fuzzes query strings: any names and values, escaped, come back; and any text is read as the plain definition reads it.
#include <cstdint>
#include <string>
#include <vector>

#include "claim.h"
#include "core/http.h"

using fuzz::claim;

namespace {

std::string escaped(std::string_view text, unsigned how) {
    std::string out;
    for (const char c : text) {
        if (std::isalnum(static_cast<unsigned char>(c)) && how % 3 != 0) out += c;
        else if (c == ' ' && how % 2 != 0) out += '+';
        else {
            const char* digits = how % 2 != 0 ? "0123456789ABCDEF" : "0123456789abcdef";
            out += '%';
            out += digits[static_cast<unsigned char>(c) >> 4U];
            out += digits[static_cast<unsigned char>(c) & 15U];
        }
        how = how * 5 + 1;
    }
    return out;
}

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (;;) {
        const auto end = text.find(at);
        parts.push_back(text.substr(0, end));
        if (end == text.npos) return parts;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};

    // As it is: the first pair whose decoded name is wanted.
    core::Request raw;
    raw.query = input;
    for (const auto pair : split(input, '&')) {
        if (pair.empty()) continue;
        const std::string name = core::url_decoded(pair.substr(0, pair.find('=')), true);
        std::string first;
        for (const auto other : split(input, '&')) {
            if (other.empty() || core::url_decoded(other.substr(0, other.find('=')), true) != name) continue;
            if (const auto equals = other.find('='); equals != other.npos) first = core::url_decoded(other.substr(equals + 1), true);
            break;
        }
        claim(raw.query_value(name) == first, "the first of a name counts");
        if (size > 200) break;  // this definition is quadratic
    }
    claim(core::url_decoded(input, false).size() <= size, "decoding makes nothing longer");

    // Escaped: lines of the input as names and values in turn.
    core::Request made;
    const auto lines = split(input, '\n');
    for (std::size_t i = 0; i + 1 < lines.size(); i += 2)
        made.query += (i > 0 ? "&" : "") + escaped(lines[i], static_cast<unsigned>(i + size)) + "=" + escaped(lines[i + 1], static_cast<unsigned>(i));
    for (std::size_t i = 0; i + 1 < lines.size() && i < 20; i += 2) {
        std::size_t first = 0;
        while (lines[first] != lines[i]) first += 2;
        claim(made.query_value(lines[i]) == lines[first + 1], "what is escaped comes back");
    }
    return 0;
}

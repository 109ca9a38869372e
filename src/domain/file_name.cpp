// File names: reduced to what every system takes.
#include "domain/file_name.h"

#include <algorithm>

#include "domain/unicode.h"

namespace domain {
namespace {

constexpr std::string_view refused = "<>:\"|?*";  // by Windows; slashes never get here

bool plain(unsigned char c) {  // attr-char of RFC 8187
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || std::string_view{"!#$&+-.^_`|~"}.find(static_cast<char>(c)) != std::string_view::npos;
}

// No character is cut in half.
std::string_view cut(std::string_view text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80U) --most;
    return text.substr(0, most);
}

void trim(std::string& name) {
    const auto spare = [](char c) { return c == ' ' || c == '.'; };
    while (!name.empty() && spare(name.back())) name.pop_back();
    name.erase(0, static_cast<std::size_t>(std::ranges::find_if_not(name, spare) - name.begin()));
}

}  // namespace

std::string file_name(std::string_view given) {
    if (const auto slash = given.find_last_of("/\\"); slash != given.npos) given.remove_prefix(slash + 1);
    std::string name = one_line(given);
    for (char& c : name)
        if (refused.find(c) != refused.npos) c = '_';
    trim(name);
    if (name.size() > file_name_limit) {
        const auto dot = name.find_last_of('.');
        const std::string extension = dot != name.npos && name.size() - dot <= 20 ? name.substr(dot) : "";
        name = std::string{cut(name, file_name_limit - extension.size())};
        trim(name);
        name += extension;
    }
    return name.empty() ? "file" : name;
}

std::string content_disposition(std::string_view name, bool in_page) {
    std::string ascii, encoded;
    bool same = true;
    for (std::size_t at = 0; at < name.size();) {
        const CodePoint point = code_point(name, at);
        const bool fits = point.value >= 0x20 && point.value < 0x7F && point.value != '"' && point.value != '\\' && point.value != '%';
        ascii += fits ? static_cast<char>(point.value) : '_';
        same = same && fits;
        std::string bytes;
        append(bytes, point.value);
        for (const char c : bytes) {
            const auto byte = static_cast<unsigned char>(c);
            if (plain(byte)) encoded += c;
            else encoded.append(1, '%').append(1, "0123456789ABCDEF"[byte >> 4U]).append(1, "0123456789ABCDEF"[byte & 15U]);
        }
        at += point.size;
    }
    std::string value{in_page ? "inline" : "attachment"};
    value.append("; filename=\"").append(ascii).append("\"");
    if (!same) value.append("; filename*=UTF-8''").append(encoded);
    return value;
}

}  // namespace domain

// Decoding and cleaning of UTF-8 text.
#include "domain/unicode.h"

#include <algorithm>
#include <cctype>

namespace domain {
namespace {

constexpr CodePoint broken{0xFFFD, 1};

bool is_ascii_punctuation(char c) { return static_cast<unsigned char>(c) < 0x80 && std::ispunct(static_cast<unsigned char>(c)); }

// Appends the text's words, a space between them.
void append_words(std::string& to, std::string_view text) {
    bool space = false;
    const std::size_t begin = to.size();
    for (std::size_t i = 0; i < text.size();) {
        std::size_t end = i;
        while (end < text.size() && text[end] > ' ' && text[end] < 0x7F) ++end;
        const auto [c, size] = end > i ? CodePoint{U'x', end - i} : code_point(text, i);
        if (is_space(c)) {
            space = to.size() > begin;
        } else if (!is_control(c)) {
            if (space) to += ' ';
            space = false;
            if (end > i) to.append(text, i, size);
            else append(to, c);
        }
        i += size;
    }
}

}  // namespace

CodePoint code_point(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[at + i]); };
    const auto rest = [&](std::size_t i) -> char32_t { return byte(i) & 0x3FU; };
    const auto follow = [&](std::size_t count) {
        if (text.size() - at <= count) return false;
        for (std::size_t i = 1; i <= count; ++i)
            if ((byte(i) & 0xC0U) != 0x80U) return false;
        return true;
    };
    const char32_t first = byte(0);
    if (first < 0x80) return {first, 1};
    if (first >= 0xC2 && first <= 0xDF && follow(1)) return {(first & 0x1FU) << 6U | rest(1), 2};
    if (first >= 0xE0 && first <= 0xEF && follow(2)) {
        const char32_t value = (first & 0x0FU) << 12U | rest(1) << 6U | rest(2);
        return value < 0x800 || (value >= 0xD800 && value <= 0xDFFF) ? broken : CodePoint{value, 3};
    }
    if (first >= 0xF0 && first <= 0xF4 && follow(3)) {
        const char32_t value = (first & 0x07U) << 18U | rest(1) << 12U | rest(2) << 6U | rest(3);
        return value < 0x10000 || value > 0x10FFFF ? broken : CodePoint{value, 4};
    }
    return broken;
}

void append(std::string& to, char32_t value) {
    const auto byte = [&](char32_t bits) { to += static_cast<char>(static_cast<unsigned char>(bits)); };
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) value = 0xFFFD;
    if (value < 0x80) {
        byte(value);
    } else if (value < 0x800) {
        byte(0xC0U | value >> 6U);
        byte(0x80U | (value & 0x3FU));
    } else if (value < 0x10000) {
        byte(0xE0U | value >> 12U);
        byte(0x80U | (value >> 6U & 0x3FU));
        byte(0x80U | (value & 0x3FU));
    } else {
        byte(0xF0U | value >> 18U);
        byte(0x80U | (value >> 12U & 0x3FU));
        byte(0x80U | (value >> 6U & 0x3FU));
        byte(0x80U | (value & 0x3FU));
    }
}

bool is_space(char32_t c) {
    return (c >= 0x09 && c <= 0x0D) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_control(char32_t c) {
    return c < 0x20 || (c >= 0x7F && c <= 0x9F) || c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFB) || (c & 0xFFFEU) == 0xFFFE;
}

std::string one_line(std::string_view text) {
    std::string line;
    line.reserve(text.size());
    append_words(line, text);
    return line;
}

std::string lines(std::string_view text) {
    std::string all;
    all.reserve(text.size());
    std::size_t breaks = 0;  // line feeds owed before the next line that has text
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        std::string line;
        append_words(line, text.substr(begin, end - begin));
        if (!line.empty()) {
            if (!all.empty()) all.append(std::min<std::size_t>(breaks, 2), '\n');
            breaks = 0;
            all += line;
        }
        ++breaks;
        begin = end + 1;
    }
    return all;
}

std::string shortened(std::string_view text, std::size_t most) {
    std::size_t word = 0;  // bytes up to where a word ended last
    std::size_t room = 0;  // bytes that fit beside the ellipsis
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++count) {
        if (count == most) {
            std::string cut{text.substr(0, word > 0 ? word : room)};
            while (!cut.empty() && (cut.back() == ' ' || cut.back() == '\n')) cut.pop_back();
            return cut + "…";
        }
        const auto [c, size] = code_point(text, i);
        if (is_space(c) && count >= most - most / 4) word = i;
        i += size;
        if (count + 1 < most) room = i;
    }
    return std::string{text};
}

std::string folded(std::string_view text) {
    std::string line = one_line(text);
    for (char& c : line)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    std::size_t begin = 0;
    while (begin < line.size() && (is_ascii_punctuation(line[begin]) || line[begin] == ' ')) ++begin;
    while (line.size() > begin && (is_ascii_punctuation(line.back()) || line.back() == ' ')) line.pop_back();
    return line.substr(begin);
}

}  // namespace domain

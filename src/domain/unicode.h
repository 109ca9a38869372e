// Unicode: text from outside, code point by code point (UTF-8, RFC 3629). Plain functions; any thread may call them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace domain {

struct CodePoint {
    char32_t value;    // U+FFFD where the bytes are not well formed
    std::size_t size;  // bytes taken, at least one
};
CodePoint code_point(std::string_view text, std::size_t at);  // at < text.size()
void append(std::string& to, char32_t value);                 // U+FFFD for what is no scalar value

bool is_space(char32_t c);  // Unicode's White_Space
// Characters that show nothing and change what is shown around them: C0, C1, bidirectional overrides (the reordering
// of Trojan Source, CVE-2021-42574), line and paragraph separators, byte order marks. Tab and line feed count as well.
bool is_control(char32_t c);

// One line: well formed, without controls, white space collapsed to single spaces and trimmed.
std::string one_line(std::string_view text);
// Lines kept ("\n", at most one empty line in a row), each of them as one_line makes it.
std::string lines(std::string_view text);
// At most `most` (> 0) characters, cut at a word where one ends in the last quarter, with an ellipsis where anything was cut.
std::string shortened(std::string_view text, std::size_t most);
// For comparison: one line, ASCII letters in lower case, without punctuation at both ends.
std::string folded(std::string_view text);

}  // namespace domain

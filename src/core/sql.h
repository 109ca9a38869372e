// Sql: the text of one SQL statement, fixed at compile time, with its parameters counted.
// A run-time string cannot become an Sql, so no statement is ever put together from input.
#pragma once
#include <array>
#include <cstddef>
#include <string_view>

namespace core {

class Sql {
public:
    // Not explicit: `constexpr Sql name = R"(select …)";` is how a statement is written, beside its handler.
    consteval Sql(const char* text) : text_{text}, parameters_{count(text)} {}

    constexpr std::string_view text() const { return text_; }
    constexpr const char* c_str() const { return text_.data(); }
    constexpr std::size_t parameters() const { return parameters_; }

private:
    // The highest $n outside quotes and comments. Stacked statements and gaps in the numbering do not compile.
    static consteval std::size_t count(std::string_view text) {
        std::size_t highest = 0;
        bool seen[100] = {};
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c == '\'' || c == '"') {
                for (++i; i < text.size() && text[i] != c; ++i) {}
                if (i == text.size()) throw "a quote is not closed";
            } else if (c == '-' && i + 1 < text.size() && text[i + 1] == '-') {
                while (i < text.size() && text[i] != '\n') ++i;
            } else if (c == ';') {
                throw "one statement only, without a semicolon";
            } else if (c == '$') {
                std::size_t number = 0;
                while (i + 1 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '9') {
                    number = number * 10 + static_cast<std::size_t>(text[++i] - '0');
                    if (number >= 100) throw "too many parameters";
                }
                if (number == 0) throw "parameters are $1, $2, …; dollar quotes are not for here";
                seen[number] = true;
                if (number > highest) highest = number;
            }
        }
        for (std::size_t n = 1; n <= highest; ++n)
            if (!seen[n]) throw "a parameter number is left out";
        return highest;
    }

    std::string_view text_;
    std::size_t parameters_;
};

// A statement of pieces with names, put together while compiling: for statements that differ in their order alone.
template <const std::string_view&... Pieces>
struct Joined {
    static constexpr auto text = [] {
        std::array<char, (Pieces.size() + ... + 1)> all{};
        std::size_t at = 0;
        ((Pieces.copy(all.data() + at, Pieces.size()), at += Pieces.size()), ...);
        return all;
    }();
    static constexpr Sql sql{text.data()};
};

}  // namespace core

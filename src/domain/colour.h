// Colour: an agency's accent, and what makes text on it readable (WCAG 2.2, 1.4.3). Plain functions: any thread may call them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace domain {

struct Colour {
    std::uint8_t red = 0, green = 0, blue = 0;
    bool operator==(const Colour&) const = default;
};

inline constexpr Colour white{255, 255, 255}, ink{0x1c, 0x1b, 0x29};
inline constexpr double readable = 4.5;

std::optional<Colour> read_colour(std::string_view text);  // "#26346f", in either case
std::string text_of(Colour colour);                        // "#26346f"
double contrast(Colour one, Colour other);                 // 1 to 21

// White where it is readable, else ink or black: one of them is, on any colour.
Colour text_on(Colour background);
// The colour itself where its contrast to the background is enough, else the nearest mixture with black or white that has it.
Colour readable_on(Colour background, Colour colour, double least = readable);
Colour mixed(Colour one, Colour other, double share);  // of the other, 0 to 1

}  // namespace domain

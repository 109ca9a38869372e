// Colour: relative luminance and mixing.
#include "domain/colour.h"

#include <algorithm>
#include <cmath>

namespace domain {
namespace {

constexpr Colour black{0, 0, 0};

double linear(std::uint8_t channel) {
    const double c = channel / 255.0;
    return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
}

double luminance(Colour c) { return 0.2126 * linear(c.red) + 0.7152 * linear(c.green) + 0.0722 * linear(c.blue); }

std::uint8_t mixed(std::uint8_t from, std::uint8_t to, int step, int steps) {
    return static_cast<std::uint8_t>(from + (to - from) * step / steps);
}

int digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<Colour> read_colour(std::string_view text) {
    if (text.size() != 7 || text.front() != '#') return std::nullopt;
    std::uint8_t channels[3];
    for (std::size_t i = 0; i < 3; ++i) {
        const int high = digit(text[1 + 2 * i]), low = digit(text[2 + 2 * i]);
        if (high < 0 || low < 0) return std::nullopt;
        channels[i] = static_cast<std::uint8_t>(high * 16 + low);
    }
    return Colour{channels[0], channels[1], channels[2]};
}

std::string text_of(Colour colour) {
    constexpr char digits[] = "0123456789abcdef";
    std::string out = "#";
    for (const std::uint8_t channel : {colour.red, colour.green, colour.blue}) {
        out += digits[channel >> 4U];
        out += digits[channel & 15U];
    }
    return out;
}

double contrast(Colour one, Colour other) {
    const auto [dark, light] = std::minmax({luminance(one), luminance(other)});
    return (light + 0.05) / (dark + 0.05);
}

Colour text_on(Colour background) {
    // Ink is a little lighter than black: where neither it nor white would do, black does.
    if (contrast(background, white) >= readable) return white;
    return contrast(background, ink) >= readable ? ink : black;
}

Colour mixed(Colour one, Colour other, double share) {
    const int part = static_cast<int>(std::lround(share * 1000));
    return {mixed(one.red, other.red, part, 1000), mixed(one.green, other.green, part, 1000), mixed(one.blue, other.blue, part, 1000)};
}

Colour readable_on(Colour background, Colour colour, double least) {
    const Colour towards = contrast(background, white) > contrast(background, black) ? white : black;
    constexpr int steps = 64;
    for (int step = 0; step <= steps; ++step) {
        const Colour made{mixed(colour.red, towards.red, step, steps), mixed(colour.green, towards.green, step, steps),
                          mixed(colour.blue, towards.blue, step, steps)};
        if (contrast(background, made) >= least) return made;
    }
    return towards;
}

}  // namespace domain

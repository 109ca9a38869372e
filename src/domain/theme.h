// Theme: the pages' colours made of an agency's accent, so that no text on them falls below 4.5:1, by day and by night.
// Plain functions: any thread may call them.
#pragma once
#include <string>
#include <vector>

#include "domain/colour.h"

namespace domain {

inline constexpr Colour house_accent{0x26, 0x34, 0x6f};  // of which tokens.css has the colours already

// A variable of assets/css/tokens.css in its two schemes.
struct Shade {
    const char* name;
    Colour light, dark;
};
std::vector<Shade> theme_of(Colour accent);

// Every text that stands on one of these colours, or is of one, with its ground.
struct Reading {
    bool dark;
    const char* what;
    Colour text, ground;
    double ratio() const { return contrast(text, ground); }
};
std::vector<Reading> readings_of(const std::vector<Shade>& theme);

// The agency as a style sheet: its colours, and for scripts its name, how it writes money and its languages (percent-encoded, in quotes).
struct Look {
    std::string name, accent, currency, logo;  // logo: its address, or empty
    int logo_width = 0, logo_height = 0;
    std::string language = "en", languages = "en";  // the agency's own; all that it offers, with spaces between
};
std::string style_sheet(const Look& look);

}  // namespace domain

// Theme: shades, and the style sheet that the pages load after their own.
#include "domain/theme.h"

#include "core/http.h"

namespace domain {
namespace {

// Grounds and texts of tokens.css that an accent meets.
constexpr Colour paper{0xf5, 0xf5, 0xf1}, surface{0xff, 0xff, 0xff}, sunken{0xec, 0xec, 0xe6}, words{0x17, 0x1a, 0x26}, soft{0x4c, 0x51, 0x62};
constexpr Colour good_tint{0xe0, 0xf0, 0xe6}, warn_tint{0xfa, 0xef, 0xd3}, bad_tint{0xfb, 0xe7, 0xe4};
constexpr Colour dark_paper{0x0e, 0x12, 0x20}, dark_surface{0x16, 0x1b, 0x2d}, dark_sunken{0x0a, 0x0e, 0x1a}, dark_words{0xec, 0xeb, 0xe3}, dark_soft{0xab, 0xb1, 0xc4};
constexpr Colour dark_good_tint{0x14, 0x30, 0x24}, dark_warn_tint{0x33, 0x28, 0x0f}, dark_bad_tint{0x3a, 0x1a, 0x1a};
constexpr Colour night{0x10, 0x15, 0x2a}, dark_night{0x14, 0x1a, 0x33}, black{0, 0, 0};
constexpr double visible = 3;  // of a button's edge or a mark against what is around it (WCAG 2.2, 1.4.11)

// The first one in which all texts can be read, from a clear tint of the accent to none.
Colour tint_of(Colour ground, Colour accent, double most, std::initializer_list<Colour> texts) {
    for (double share = most; share > 0; share -= 0.01) {
        const Colour tint = mixed(ground, accent, share);
        bool all = true;
        for (const Colour text : texts) all = all && contrast(tint, text) >= readable;
        if (all) return tint;
    }
    return ground;
}

// Readable on each of them: grounds are all light or all dark, so that what is moved for one stays right for the others.
Colour readable_on_all(std::initializer_list<Colour> grounds, Colour colour, double least = readable) {
    for (const Colour ground : grounds) colour = readable_on(ground, colour, least);
    return colour;
}

// Away from its text, so that what is readable stays so.
Colour hover_of(Colour button) { return mixed(button, text_on(button) == white ? black : white, 0.22); }

const Shade& named(const std::vector<Shade>& theme, std::string_view name) {
    for (const Shade& shade : theme)
        if (name == shade.name) return shade;
    return theme.front();
}

}  // namespace

std::vector<Shade> theme_of(Colour accent) {
    const Colour button = readable_on_all({paper, surface, sunken}, accent, visible);
    const Colour dark_button = readable_on_all({dark_surface, dark_paper, dark_sunken}, accent, visible);
    const Colour tint = tint_of(surface, accent, 0.12, {words, soft}), dark_tint = tint_of(dark_surface, accent, 0.18, {dark_words, dark_soft});
    const Colour link = readable_on_all({surface, paper, sunken, tint, good_tint, warn_tint, bad_tint}, accent);
    const Colour dark_link = readable_on_all({dark_sunken, dark_paper, dark_surface, dark_tint, dark_good_tint, dark_warn_tint, dark_bad_tint}, accent);
    const Colour moon = readable_on_all({night, dark_night}, accent);
    return {{"--accent", button, dark_button},
            {"--accent-hover", hover_of(button), hover_of(dark_button)},
            {"--on-accent", text_on(button), text_on(dark_button)},
            {"--link", link, dark_link},
            {"--tint", tint, dark_tint},
            {"--focus", link, dark_link},
            {"--phase-lit", button, dark_button},
            {"--moon", moon, moon},
            {"--moon-hover", mixed(moon, white, 0.25), mixed(moon, white, 0.25)},
            {"--on-moon", text_on(moon), text_on(moon)}};
}

std::vector<Reading> readings_of(const std::vector<Shade>& theme) {
    std::vector<Reading> all;
    for (const bool dark : {false, true}) {
        const auto of = [&](const char* name) { return dark ? named(theme, name).dark : named(theme, name).light; };
        const auto add = [&](const char* what, Colour text, Colour ground) { all.push_back({dark, what, text, ground}); };
        add("Words on a button", of("--on-accent"), of("--accent"));
        add("Words on a button under the pointer", of("--on-accent"), of("--accent-hover"));
        add("Links on the page", of("--link"), dark ? dark_paper : paper);
        add("Links on a card", of("--link"), dark ? dark_surface : surface);
        add("Links on a sunken place", of("--link"), dark ? dark_sunken : sunken);
        add("Links on a note", of("--link"), of("--tint"));
        add("Links on good news", of("--link"), dark ? dark_good_tint : good_tint);
        add("Links on a warning", of("--link"), dark ? dark_warn_tint : warn_tint);
        add("Links on an error", of("--link"), dark ? dark_bad_tint : bad_tint);
        add("Words on a note", dark ? dark_words : words, of("--tint"));
        add("Quiet words on a note", dark ? dark_soft : soft, of("--tint"));
        add("Words on the opening's button", of("--on-moon"), of("--moon"));
        add("Words on that button under the pointer", of("--on-moon"), of("--moon-hover"));
        add("Marks in the header", of("--moon"), dark ? dark_night : night);
    }
    return all;
}

std::string style_sheet(const Look& look) {
    std::string out = "/* " + std::string{"The agency's own name and colours. */\n:root{--agency-name:\""} + core::url_encoded(look.name) + "\";--agency-currency:\"" +
                      core::url_encoded(look.currency) + "\";--agency-logo:\"" + core::url_encoded(look.logo) + "\";--agency-language:\"" + core::url_encoded(look.language) + "\";--agency-languages:\"" +
                      core::url_encoded(look.languages) + "\"}\n";
    if (const auto accent = read_colour(look.accent); accent && *accent != house_accent) {
        std::string light, dark;
        for (const Shade& shade : theme_of(*accent)) {
            light += std::string{shade.name} + ":" + text_of(shade.light) + ";";
            dark += std::string{shade.name} + ":" + text_of(shade.dark) + ";";
        }
        out += ":root{" + light + "}\n@media (prefers-color-scheme:dark){:root{" + dark + "}}\n";
    }
    // What the page calls itself is not shown before its script has put the agency's name there.
    if (look.name != "Lunaxcode") out += "@media (scripting:enabled){[data-agency]:not([data-known]){visibility:hidden}}\n";
    // On a light tile: a logo is drawn for paper, and the header is dark.
    if (!look.logo.empty())
        out += ".brand svg{display:none}.brand::before{content:\"\";flex:none;height:2.5rem;max-width:9rem;aspect-ratio:" + std::to_string(look.logo_width) + "/" +
               std::to_string(look.logo_height) + ";border:.1875rem solid #fff;border-radius:.375rem;background:#fff url(\"" + look.logo +
               "\") center/contain no-repeat}\n";
    return out;
}

}  // namespace domain

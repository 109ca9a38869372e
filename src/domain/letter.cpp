// Letter: tables and inline styles, as mail programs want them; a style sheet on top for dark mode and small screens.
#include "domain/letter.h"

#include <algorithm>

#include "domain/colour.h"
#include "domain/money.h"
#include "domain/wording.h"

namespace domain {
namespace {

// The pages' own (assets/css/tokens.css).
constexpr Colour paper{0xf5, 0xf5, 0xf1}, surface{0xff, 0xff, 0xff}, dark_surface{0x16, 0x1b, 0x2d};
constexpr Colour house{0x26, 0x34, 0x6f};
constexpr const char* font = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif;";

// The lines of a text as HTML: what was a line stays one.
std::string broken(std::string_view text) {
    std::string out = escaped(text), with_breaks;
    for (const char c : out) {
        if (c == '\n') with_breaks += "<br>";
        else if (c != '\r') with_breaks += c;
    }
    return with_breaks;
}

std::string indented(std::string_view text) {
    std::string out = "    ";
    for (const char c : text) {
        if (c == '\r') continue;
        out += c;
        if (c == '\n') out += "    ";
    }
    return out;
}

std::string style_sheet(Colour accent) {
    const std::string light_link = text_of(readable_on(dark_surface, accent));
    return ":root{color-scheme:light dark;supported-color-schemes:light dark}"
           "@media (prefers-color-scheme:dark){"
           ".paper{background:#0e1220!important}.card{background:#161b2d!important;border-color:" + light_link + " #2a314a #2a314a!important}"
           ".ink{color:#ecebe3!important}.soft{color:#abb1c4!important}.rule{border-color:#2a314a!important}"
           ".link{color:" + light_link + "!important}.edge{border-color:" + light_link + "!important}}"
           "@media (max-width:520px){.card{padding:24px 20px!important}.paper{padding:12px!important}}";
}

}  // namespace

std::string Brand::say(std::string_view english, std::initializer_list<std::string_view> values) const { return domain::say(language, english, values); }
std::string Brand::pesos(std::int64_t centavos) const { return domain::pesos(centavos, code ? "PHP " : "₱"); }

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') out += "&amp;";
        else if (c == '<') out += "&lt;";
        else if (c == '>') out += "&gt;";
        else if (c == '"') out += "&quot;";
        else if ((c >= 0 && c < ' ' && c != '\n') || c == 0x7F) out += ' ';
        else out += c;
    }
    return out;
}

std::string one_line(std::string_view text, std::size_t most) {
    std::string line;
    std::size_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // not in the middle of a character
        if (begins && ++count > most) {
            while (line.ends_with(' ')) line.pop_back();
            return line + "…";
        }
        const bool control = (c >= 0 && c < ' ') || c == 0x7F;
        line += control ? ' ' : c;
    }
    while (line.ends_with(' ')) line.pop_back();
    return line;
}

LetterWriter::LetterWriter(Brand brand, std::string subject, std::string_view glance)
    : brand_{std::move(brand)}, subject_{one_line(subject)}, glance_{one_line(glance)} {
    brand_.name = one_line(brand_.name);
}

LetterWriter& LetterWriter::heading(std::string_view text) {
    const std::string line = one_line(text);
    text_ += line + "\n" + std::string(std::min<std::size_t>(line.size(), 60), '-') + "\n\n";
    html_ += "<h2 class=\"ink rule\" style=\"margin:28px 0 12px;padding:20px 0 0;border-top:1px solid #dadad3;" + std::string{font} +
             "font-size:18px;line-height:1.35;font-weight:650;color:#171a26\">" + escaped(line) + "</h2>\n";
    return *this;
}

LetterWriter& LetterWriter::paragraph(std::string_view text) {
    text_ += std::string{text} + "\n\n";
    html_ += "<p class=\"ink\" style=\"margin:0 0 16px;" + std::string{font} + "font-size:16px;line-height:1.55;color:#171a26\">" +
             broken(text) + "</p>\n";
    return *this;
}

LetterWriter& LetterWriter::quote(std::string_view who, std::string_view text) {
    const std::string name = one_line(who);
    text_ += name + ":\n" + indented(text) + "\n\n";
    html_ += "<blockquote class=\"edge\" style=\"margin:0 0 16px;padding:2px 0 2px 16px;border-left:3px solid " +
             text_of(readable_on(surface, read_colour(brand_.accent).value_or(house))) + "\"><p class=\"soft\" style=\"margin:0 0 4px;" +
             std::string{font} + "font-size:14px;line-height:1.4;color:#4c5162\">" + escaped(name) +
             "</p><p class=\"ink\" style=\"margin:0;" + std::string{font} + "font-size:16px;line-height:1.55;color:#171a26\">" +
             broken(text) + "</p></blockquote>\n";
    return *this;
}

LetterWriter& LetterWriter::facts(const std::vector<std::pair<std::string, std::string>>& rows) {
    if (rows.empty()) return *this;
    html_ += "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:0 0 20px;border-collapse:collapse\">\n";
    for (const auto& [label, value] : rows) {
        text_ += one_line(label) + ": " + one_line(value) + "\n";
        html_ += "<tr><td class=\"soft\" style=\"padding:4px 20px 4px 0;vertical-align:top;" + std::string{font} +
                 "font-size:14px;line-height:1.5;color:#4c5162\">" + escaped(one_line(label)) +
                 "</td><td class=\"ink\" style=\"padding:4px 0;vertical-align:top;" + std::string{font} +
                 "font-size:16px;line-height:1.4;font-weight:600;color:#171a26\">" + escaped(one_line(value)) + "</td></tr>\n";
    }
    html_ += "</table>\n";
    text_ += "\n";
    return *this;
}

LetterWriter& LetterWriter::button(std::string_view label, std::string_view link) {
    const Colour accent = read_colour(brand_.accent).value_or(house);
    // The edge shows where the button is when its own colour is nearly that of the paper.
    const std::string edge = text_of(readable_on(surface, accent)), address = escaped(link);
    text_ += std::string{link} + "\n\n";
    html_ += "<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:4px 0 20px\"><tr><td class=\"edge\" style=\"border:1px solid " +
             edge + ";border-radius:8px;background:" + text_of(accent) + "\"><a href=\"" + address +
             "\" style=\"display:inline-block;padding:12px 22px;" + font + "font-size:16px;line-height:1.25;font-weight:600;color:" +
             text_of(text_on(accent)) + ";text-decoration:none\">" + escaped(label) + "</a></td></tr></table>\n";
    return *this;
}

LetterWriter& LetterWriter::copy_of(std::string_view link) {
    const std::string colour = text_of(readable_on(surface, read_colour(brand_.accent).value_or(house))), address = escaped(link);
    html_ += "<p class=\"soft\" style=\"margin:0;" + std::string{font} + "font-size:14px;line-height:1.5;color:#4c5162\">" +
             escaped(brand_.say("Or copy this address into your browser:")) + "<br><a class=\"link\" href=\"" + address + "\" style=\"color:" + colour +
             ";word-break:break-all\">" + address + "</a></p>\n";
    return *this;
}

Letter LetterWriter::end(std::string_view why, std::string_view preferences, std::string_view unsubscribe) {
    const Colour accent = read_colour(brand_.accent).value_or(house);
    const std::string quiet = text_of(readable_on(paper, accent));
    const auto small_link = [&](std::string_view label, std::string_view link) {
        return "<a class=\"link\" href=\"" + escaped(link) + "\" style=\"display:inline-block;padding:4px 0;color:" + quiet + "\">" + escaped(label) + "</a>";
    };
    std::string text_end = std::string{why} + "\n", html_end = escaped(why);
    if (!preferences.empty()) {
        const std::string label = brand_.say("Choose which mails you get");
        text_end += "\n" + label + ":\n" + std::string{preferences} + "\n";
        html_end += "<br>" + small_link(label, preferences);
    }
    if (!unsubscribe.empty()) {
        const std::string label = brand_.say("No more mails of this kind");
        text_end += "\n" + label + ":\n" + std::string{unsubscribe} + "\n";
        html_end += " &nbsp;·&nbsp; " + small_link(label, unsubscribe);
    }
    Letter made;
    made.subject = std::move(subject_);
    made.text = text_ + "-- \n" + brand_.name + "\n" + text_end;
    made.html =
        "<!doctype html>\n<html lang=\"" + escaped(brand_.language) + "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"supported-color-schemes\" content=\"light dark\">\n<title>" +
        escaped(made.subject) + "</title>\n<style>" + style_sheet(accent) + "</style>\n</head>\n"
        "<body class=\"paper\" style=\"margin:0;padding:0;background:#f5f5f1\">\n"
        "<div style=\"display:none;max-height:0;overflow:hidden\">" + escaped(glance_) + "</div>\n"
        "<table role=\"presentation\" class=\"paper\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#f5f5f1\">"
        "<tr><td class=\"paper\" align=\"center\" style=\"padding:32px 16px\">\n"
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:580px\">\n"
        "<tr><td style=\"padding:0 4px 14px\"><span class=\"ink\" style=\"" + font + "font-size:17px;font-weight:700;color:#171a26\">" +
        escaped(brand_.name) + "</span></td></tr>\n"
        "<tr><td class=\"card\" style=\"padding:32px;background:#ffffff;border:1px solid #dadad3;border-top:4px solid " + text_of(accent) +
        ";border-radius:10px\">\n" + html_ + "</td></tr>\n"
        "<tr><td class=\"soft\" style=\"padding:16px 4px 0;" + font + "font-size:13px;line-height:1.6;color:#4c5162\">" + html_end +
        "</td></tr>\n</table>\n</td></tr></table>\n</body>\n</html>\n";
    return made;
}

}  // namespace domain

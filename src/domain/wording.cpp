// Wording: looks texts up and puts values into them.
#include "domain/wording.h"

#include <algorithm>

#include "domain/words_fil.h"

namespace domain {
namespace {

// "tl-PH", "fil" and "FIL_ph" are all Filipino; empty where it is no language that we have.
std::string_view known(std::string_view tag) {
    std::string main;
    for (const char c : tag.substr(0, tag.find_first_of("-_"))) main += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    if (main == "tl") main = "fil";
    const auto* found = std::ranges::find(shipped_languages, main);
    return found == shipped_languages.end() ? std::string_view{} : *found;
}

std::string_view bare(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// 0 to 1000; what cannot be read is the default of RFC 9110, 1.
int weight_of(std::string_view parameters) {
    const auto q = parameters.find("q=");
    if (q == parameters.npos) return 1000;
    const std::string_view value = bare(parameters.substr(q + 2));
    int weight = 0, place = 1000;
    for (const char c : value) {
        if (c == '.') continue;
        if (c < '0' || c > '9' || place == 0) break;
        weight += (c - '0') * place;
        place /= 10;
    }
    return std::min(weight, 1000);
}

}  // namespace

bool is_shipped(std::string_view language) { return std::ranges::find(shipped_languages, language) != shipped_languages.end(); }

std::string language_of(const core::Request& request) {
    if (const std::string_view chosen = request.cookie_value(language_cookie); is_shipped(chosen)) return std::string{chosen};
    std::string_view rest = request.header("accept-language").substr(0, 500), best;
    int most = 0;
    while (!rest.empty()) {
        const auto comma = rest.find(',');
        const std::string_view one = rest.substr(0, comma);
        rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
        const auto semicolon = one.find(';');
        const std::string_view language = known(bare(one.substr(0, semicolon)));
        const int weight = semicolon == one.npos ? 1000 : weight_of(one.substr(semicolon + 1));
        if (!language.empty() && weight > most) {
            best = language;
            most = weight;
        }
    }
    return std::string{best};
}

std::string language_cookie_line(const core::Request& request, std::string_view language) {
    std::string line{language_cookie};
    line.append("=").append(language).append("; Path=/; Max-Age=31536000; SameSite=Lax");
    if (request.scheme == "https") line += "; Secure";
    return line;
}

std::span<const Phrase> phrases(std::string_view language) {
    if (language == "fil") return words_fil;
    return {};
}

std::string say(std::string_view language, std::string_view english, std::initializer_list<std::string_view> values) {
    std::string_view text = english;
    const auto all = phrases(language);
    const auto found = std::ranges::lower_bound(all, english, {}, &Phrase::english);
    if (found != all.end() && found->english == english) text = found->other;
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool hole = text[at] == '{' && at + 2 < text.size() && text[at + 2] == '}' && text[at + 1] >= '1' && text[at + 1] <= '9';
        if (!hole) {
            out += text[at];
            continue;
        }
        const auto index = static_cast<std::size_t>(text[at + 1] - '1');
        if (index < values.size()) out += values.begin()[index];
        at += 2;
    }
    return out;
}

}  // namespace domain

// Wording: looks texts up and puts values into them.
#include "domain/wording.h"

#include <algorithm>
#include <vector>

#include "domain/lists_fil.h"
#include "domain/plans_fil.h"
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

// Where a text begins with the hole of a pattern, the number of the hole; else 0.
std::size_t hole_at(std::string_view text, std::size_t at) {
    const bool hole = text[at] == '{' && at + 2 < text.size() && text[at + 2] == '}' && text[at + 1] >= '1' && text[at + 1] <= '9';
    return hole ? static_cast<std::size_t>(text[at + 1] - '0') : 0;
}

std::string filled(std::string_view text, std::span<const std::string_view> values) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::size_t number = hole_at(text, at);
        if (number == 0) {
            out += text[at];
            continue;
        }
        if (number <= values.size()) out += values[number - 1];
        at += 2;
    }
    return out;
}

// What stands in a text where the pattern has its holes, which are numbered in order and not side by side. Empty: it is not of this pattern.
std::vector<std::string_view> taken_from(std::string_view pattern, std::string_view text) {
    std::vector<std::string_view> values;
    while (!pattern.empty()) {
        if (hole_at(pattern, 0) == 0) {
            if (text.empty() || text[0] != pattern[0]) return {};
            pattern.remove_prefix(1);
            text.remove_prefix(1);
            continue;
        }
        pattern.remove_prefix(3);
        const std::string_view until = pattern.substr(0, pattern.find('{'));
        const auto end = until.empty() ? text.size() : pattern.size() == until.size() && text.ends_with(until) ? text.size() - until.size() : text.find(until);
        if (end == text.npos || end == 0) return {};
        values.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return text.empty() ? values : std::vector<std::string_view>{};
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

std::span<const Phrase> phrases(std::string_view language, Words kind) {
    if (language != "fil") return {};
    switch (kind) {
        case Words::mails: return words_fil;
        case Words::heads: return heads_fil;
        case Words::fields: return fields_fil;
        case Words::plans: return plans_fil;
        case Words::codes: return codes_fil;
    }
    return {};
}

std::string_view word_in(std::string_view language, Words kind, std::string_view word) {
    const auto all = phrases(language, kind);
    const auto found = std::ranges::lower_bound(all, word, {}, &Phrase::english);
    return found != all.end() && found->english == word ? found->other : word;
}

std::string say(std::string_view language, std::string_view english, std::initializer_list<std::string_view> values, Words kind) {
    return filled(word_in(language, kind, english), {values.begin(), values.size()});
}

std::string said_in(std::string_view language, std::string_view text) {
    if (const std::string_view whole = word_in(language, Words::codes, text); whole != text) return std::string{whole};
    for (const Phrase& phrase : phrases(language, Words::codes)) {
        const auto values = taken_from(phrase.english, text);
        if (values.empty()) continue;
        std::array<std::string_view, 2> words{};
        for (std::size_t i = 0; i < values.size() && i < words.size(); ++i) words[i] = word_in(language, Words::codes, values[i]);
        return filled(phrase.other, words);
    }
    return std::string{text};
}

}  // namespace domain

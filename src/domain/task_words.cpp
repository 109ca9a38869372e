// The vocabulary of sections, priorities and hours.
#include "domain/task_words.h"

#include <algorithm>
#include <charconv>
#include <span>

namespace domain {
namespace {

struct Synonym {
    std::string_view word;
    std::size_t means;
};

enum : std::size_t { design, database, backend, frontend, testing, deployment };
constexpr Synonym section_synonyms[] = {
    {"design", design},          {"ui ux", design},          {"ux ui", design},           {"ux", design},
    {"ui design", design},       {"ux design", design},      {"branding", design},        {"brand", design},
    {"wireframes", design},      {"prototype", design},      {"content", design},         {"copywriting", design},
    {"planning", design},        {"discovery", design},      {"research", design},        {"requirements", design},
    {"analysis", design},        {"strategy", design},       {"project management", design},
    {"database", database},      {"db", database},           {"data", database},          {"data model", database},
    {"schema", database},        {"storage", database},      {"sql", database},           {"data layer", database},
    {"backend", backend},        {"back end", backend},      {"server", backend},         {"server side", backend},
    {"api", backend},            {"apis", backend},          {"integration", backend},    {"integrations", backend},
    {"services", backend},       {"authentication", backend}, {"payments", backend},      {"security", backend},
    {"cms", backend},            {"email", backend},
    {"frontend", frontend},      {"front end", frontend},    {"client side", frontend},   {"ui", frontend},
    {"ui development", frontend}, {"user interface", frontend}, {"web", frontend},        {"pages", frontend},
    {"mobile", frontend},        {"seo", frontend},          {"development", frontend},   {"implementation", frontend},
    {"testing", testing},        {"test", testing},          {"tests", testing},          {"qa", testing},
    {"quality assurance", testing}, {"quality", testing},    {"verification", testing},   {"accessibility", testing},
    {"review", testing},         {"uat", testing},
    {"deployment", deployment},  {"deploy", deployment},     {"devops", deployment},      {"dev ops", deployment},
    {"infrastructure", deployment}, {"infra", deployment},   {"launch", deployment},      {"release", deployment},
    {"hosting", deployment},     {"operations", deployment}, {"ops", deployment},         {"ci cd", deployment},
    {"setup", deployment},       {"maintenance", deployment}, {"documentation", deployment}, {"handover", deployment},
    {"training", deployment},    {"monitoring", deployment}, {"post launch", deployment},
};

enum : std::size_t { low, medium, high };
constexpr Synonym priority_synonyms[] = {
    {"low", low},           {"lowest", low},        {"minor", low},       {"optional", low},   {"trivial", low},     {"nice to have", low},
    {"could have", low},    {"could", low},         {"later", low},       {"p3", low},         {"p4", low},          {"3", low},
    {"medium", medium},     {"med", medium},        {"mid", medium},      {"normal", medium},  {"moderate", medium}, {"average", medium},
    {"standard", medium},   {"should have", medium}, {"should", medium},  {"p2", medium},      {"2", medium},
    {"high", high},         {"highest", high},      {"critical", high},   {"urgent", high},    {"major", high},      {"must have", high},
    {"must", high},         {"blocker", high},      {"important", high},  {"p0", high},        {"p1", high},         {"1", high},
};

// The whole text first, then the first of its words that is known.
std::optional<std::size_t> known(std::string_view text, std::span<const Synonym> synonyms) {
    const auto all = words(text.substr(0, 200));
    const auto find = [&](std::string_view word) -> std::optional<std::size_t> {
        const auto synonym = std::find_if(synonyms.begin(), synonyms.end(), [&](const Synonym& s) { return s.word == word; });
        return synonym == synonyms.end() ? std::nullopt : std::optional{synonym->means};
    };
    std::string joined;
    for (const auto& word : all) joined += joined.empty() ? word : ' ' + word;
    if (const auto whole = find(joined)) return whole;
    for (std::size_t i = 0; i + 1 < all.size(); ++i)
        if (const auto two = find(all[i] + ' ' + all[i + 1])) return two;
    for (const auto& word : all)
        if (const auto one = find(word)) return one;
    return std::nullopt;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<std::size_t> read_section(std::string_view text) { return known(text, section_synonyms); }
std::optional<std::size_t> read_priority(std::string_view text) { return known(text, priority_synonyms); }

std::optional<double> read_hours(std::string_view text) {
    text = text.substr(0, 100);
    std::optional<double> largest;
    std::string unit;
    for (std::size_t i = 0; i < text.size();) {
        if (!is_digit(text[i])) {
            ++i;
            continue;
        }
        const bool negative = !largest && i > 0 && text[i - 1] == '-';
        double value = 0;
        const auto end = std::from_chars(text.data() + i, text.data() + text.size(), value).ptr;
        i = static_cast<std::size_t>(end - text.data());
        if (negative) value = -value;
        largest = largest ? std::max(*largest, value) : value;
    }
    if (!largest) return std::nullopt;
    for (const auto& word : words(text)) {
        const std::string letters = word.substr(std::min(word.find_first_not_of("0123456789"), word.size()));
        if (letters == "d" || letters.starts_with("day")) return *largest * 8;
        if (letters == "w" || letters.starts_with("week")) return *largest * 40;
        if (letters == "m" || letters.starts_with("min")) return *largest / 60;
    }
    return largest;
}

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> all;
    bool inside = false;
    for (const char c : text) {
        const bool upper = c >= 'A' && c <= 'Z';
        if (!upper && !(c >= 'a' && c <= 'z') && !is_digit(c) && static_cast<unsigned char>(c) < 0x80) {
            inside = false;
            continue;
        }
        if (!inside) all.emplace_back();
        inside = true;
        all.back() += upper ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return all;
}

}  // namespace domain

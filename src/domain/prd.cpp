// Prd: headings of Markdown, line by line.
#include "domain/prd.h"

#include <algorithm>
#include <optional>

namespace domain {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool contains(std::string_view text, std::string_view name) {
    return std::search(text.begin(), text.end(), name.begin(), name.end(), [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

struct Section {
    std::size_t name;   // index of prd_sections
    std::size_t begin;  // of its heading's line
};

// The first heading of each name, in the document's order. Lines inside code fences are none.
std::vector<Section> sections_of(std::string_view markdown) {
    std::vector<Section> found;
    bool seen[prd_sections.size()] = {};
    bool in_code = false;
    for (std::size_t begin = 0; begin < markdown.size();) {
        const std::size_t end = std::min(markdown.find('\n', begin), markdown.size());
        const std::string_view line = markdown.substr(begin, end - begin);
        if (line.starts_with("```")) in_code = !in_code;
        if (!in_code && line.size() < 200 && (line.starts_with('#') || line.starts_with("**")))
            for (std::size_t i = 0; i < prd_sections.size(); ++i)
                if (!seen[i] && contains(line, prd_sections[i])) {
                    seen[i] = true;
                    found.push_back({i, begin});
                    break;
                }
        begin = end + 1;
    }
    return found;
}

std::optional<Section> named(const std::vector<Section>& sections, std::size_t name) {
    const auto found = std::find_if(sections.begin(), sections.end(), [&](const Section& s) { return s.name == name; });
    return found == sections.end() ? std::nullopt : std::optional{*found};
}

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\n");
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

}  // namespace

std::string tidied_prd(std::string_view markdown) {
    std::string lines;
    for (std::size_t i = 0; i < markdown.size(); ++i)
        if (markdown[i] != '\r') lines += markdown[i];
        else if (i + 1 == markdown.size() || markdown[i + 1] != '\n') lines += '\n';
    std::string_view text = trimmed(lines);
    const std::size_t first = text.find('\n');
    const std::string_view opening = text.substr(0, first);
    if (first + 4 <= text.size() && text.ends_with("\n```") && (opening == "```" || opening == "```markdown" || opening == "```md")) {
        const std::string_view inside = text.substr(first + 1, text.size() - first - 4);
        // Only a fence around the whole: an even number inside belongs to the document's own code.
        std::size_t fences = 0;
        for (std::size_t at = inside.find("```"); at != inside.npos; at = inside.find("```", at + 3)) ++fences;
        if (fences % 2 == 0) text = trimmed(inside);
    }
    return std::string{text};
}

std::vector<std::string_view> missing_sections(std::string_view markdown) {
    const auto there = sections_of(markdown);
    std::vector<std::string_view> missing;
    for (std::size_t i = 0; i < prd_sections.size(); ++i)
        if (!named(there, i)) missing.push_back(prd_sections[i]);
    return missing;
}

std::string completed_prd(std::string markdown, std::string_view from) {
    const auto source = sections_of(from);
    for (std::size_t i = 0; i < prd_sections.size(); ++i) {
        const auto there = sections_of(markdown);
        const auto taken = named(source, i);
        if (named(there, i) || !taken) continue;
        std::size_t end = from.size();
        for (const Section& section : source)
            if (section.begin > taken->begin) end = std::min(end, section.begin);
        const std::string text{trimmed(from.substr(taken->begin, end - taken->begin))};
        // Before the first section that comes later in the order of the six.
        std::size_t place = markdown.size();
        for (const Section& section : there)
            if (section.name > i) place = std::min(place, section.begin);
        if (place == markdown.size()) markdown += "\n\n" + text;
        else markdown.insert(place, text + "\n\n");
    }
    return markdown;
}

}  // namespace domain

// SafeHtml: reads rendered HTML as strictly as it is promised, apart from the renderer; for its fuzz target and tests.
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz {

// What is wrong first, or nothing: a tag or attribute outside the list, one that is not closed in its turn, a link that
// goes elsewhere than http, https and mailto, a link in a link, an unescaped character, bytes that are not UTF-8.
inline std::string wrong_in_html(std::string_view html, std::size_t most_open) {
    static const std::vector<std::string_view> pairs = {"h2", "h3", "h4", "h5", "h6", "p",  "ul",    "ol",    "li",    "blockquote", "pre", "code",
                                                        "em", "strong", "del", "a", "table", "thead", "tbody", "tr", "th", "td"};
    const auto one_of = [](std::string_view what, const auto& list) { return std::find(list.begin(), list.end(), what) != list.end(); };
    std::vector<std::string> open;
    for (std::size_t i = 0; i < html.size();) {
        const std::string_view rest = html.substr(i);
        const auto at = [&] { return " at byte " + std::to_string(i) + ": " + std::string{rest.substr(0, 80)}; };
        const auto byte = static_cast<unsigned char>(rest[0]);
        if (rest[0] == '&') {
            const std::vector<std::string_view> escapes = {"&amp;", "&lt;", "&gt;", "&quot;"};
            const auto escape = std::find_if(escapes.begin(), escapes.end(), [&](auto e) { return rest.starts_with(e); });
            if (escape == escapes.end()) return "bare ampersand" + at();
            i += escape->size();
            continue;
        }
        if (rest[0] == '>' || rest[0] == '"') return "unescaped character" + at();
        if (byte < 0x20 && byte != '\n' && byte != '\t') return "control character" + at();
        if (byte == 0x7F) return "control character" + at();
        if (byte >= 0x80) {
            std::size_t size = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC2 ? 2 : 0;
            if (size == 0 || size > rest.size()) return "not UTF-8" + at();
            for (std::size_t k = 1; k < size; ++k)
                if ((static_cast<unsigned char>(rest[k]) & 0xC0U) != 0x80U) return "not UTF-8" + at();
            i += size;
            continue;
        }
        if (rest[0] != '<') {
            ++i;
            continue;
        }
        const std::size_t end = rest.find('>');
        if (end == rest.npos) return "tag without end" + at();
        std::string_view tag = rest.substr(1, end - 1);
        i += end + 1;
        if (tag == "br" || tag == "hr") continue;
        if (tag.starts_with('/')) {
            if (open.empty() || open.back() != tag.substr(1)) return "closing tag out of turn" + at();
            open.pop_back();
            continue;
        }
        const std::string name{tag.substr(0, tag.find(' '))};
        const std::string_view attributes = tag.substr(name.size());
        if (!one_of(name, pairs)) return "tag outside the list" + at();
        if (name == "a") {
            if (one_of("a", open)) return "link in a link" + at();
            constexpr std::string_view head = " href=\"";
            constexpr std::string_view tail = "\" rel=\"noopener nofollow\"";
            if (!attributes.starts_with(head) || !attributes.ends_with(tail)) return "attributes of a link" + at();
            const std::string_view url = attributes.substr(head.size(), attributes.size() - head.size() - tail.size());
            std::string lower{url.substr(0, 8)};
            for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
            if (!lower.starts_with("http://") && lower != "https://" && !lower.starts_with("mailto:")) return "scheme" + at();
            for (std::size_t k = 0; k < url.size(); ++k) {
                const char c = url[k];
                if (c <= ' ' || c >= 0x7F || c == '"' || c == '\'' || c == '<' || c == '\\' || c == '`') return "character in a URL" + at();
                if (c == '&' && !url.substr(k).starts_with("&amp;")) return "bare ampersand in a URL" + at();
            }
        } else if (name == "li") {
            if (!attributes.empty() && attributes != " class=\"task\"") return "attributes of an item" + at();
        } else if (name == "ol") {
            const bool start = attributes.starts_with(" start=\"") && attributes.ends_with('"');
            const std::string_view digits = start ? attributes.substr(8, attributes.size() - 9) : "";
            if (!attributes.empty() && (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos)) return "attributes of a list" + at();
        } else if (name == "th" || name == "td") {
            if (!attributes.empty() && attributes != " align=\"left\"" && attributes != " align=\"center\"" && attributes != " align=\"right\"")
                return "attributes of a cell" + at();
        } else if (!attributes.empty()) {
            return "attributes" + at();
        }
        const std::string parent = open.empty() ? "" : open.back();
        if (name == "li" && parent != "ul" && parent != "ol") return "item outside a list" + at();
        if ((name == "td" || name == "th") && parent != "tr") return "cell outside a row" + at();
        if (name == "tr" && parent != "thead" && parent != "tbody") return "row outside a table" + at();
        if ((name == "thead" || name == "tbody") && parent != "table") return "part outside a table" + at();
        open.push_back(name);
        if (open.size() > most_open) return "nested too deep" + at();
    }
    return open.empty() ? "" : "left open: " + open.back();
}

}  // namespace fuzz

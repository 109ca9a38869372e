// Markdown to HTML by an allow-list: every tag that is written is named here, and all text and every URL is escaped.
#include "domain/markdown.h"

#include <md4c.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <new>
#include <optional>
#include <vector>

#include "domain/unicode.h"

namespace domain {
namespace {

constexpr std::size_t most_input = std::size_t{256} << 10U;  // twice what 32,768 tokens of a model come to
constexpr std::size_t most_output = std::size_t{2} << 20U;
constexpr std::size_t most_open = 24;
constexpr std::size_t most_url = 2000;
constexpr int page_full = -2;  // negative: md4c 0.4.8 goes on after some callbacks that return more than 0
// md4c 0.4.8 takes quadratic time over a long link definition and over the brackets of a long block.
constexpr std::size_t longest_run = 2048;
constexpr std::size_t longest_block = std::size_t{32} << 10U;

constexpr struct {
    std::string_view name;
    char32_t value;
} entities[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},    {"nbsp", 0xA0},
    {"copy", 0xA9},    {"reg", 0xAE},     {"deg", 0xB0},     {"plusmn", 0xB1},  {"middot", 0xB7},  {"times", 0xD7},
    {"eacute", 0xE9},  {"ntilde", 0xF1},  {"Ntilde", 0xD1},  {"ndash", 0x2013}, {"mdash", 0x2014}, {"lsquo", 0x2018},
    {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D}, {"bull", 0x2022},  {"hellip", 0x2026}, {"trade", 0x2122},
    {"larr", 0x2190},  {"rarr", 0x2192},  {"le", 0x2264},    {"ge", 0x2265},    {"Tab", '\t'},     {"NewLine", '\n'},
    {"colon", ':'},    {"sol", '/'},      {"peso", 0x20B1},
};

// The character that "&name;", "&#1;" or "&#x1;" stands for; none for a name that is not in the list.
std::optional<char32_t> entity(std::string_view text) {
    if (text.size() < 3 || text.front() != '&' || text.back() != ';') return std::nullopt;
    text = text.substr(1, text.size() - 2);
    if (text.front() != '#') {
        const auto known = std::find_if(std::begin(entities), std::end(entities), [&](const auto& e) { return e.name == text; });
        return known == std::end(entities) ? std::nullopt : std::optional{known->value};
    }
    const bool hexadecimal = text.size() > 1 && (text[1] | 0x20) == 'x';
    text.remove_prefix(hexadecimal ? 2 : 1);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    if (error != std::errc{} || end != text.data() + text.size()) return 0xFFFD;
    return value == 0 || value > 0x10FFFF ? 0xFFFD : static_cast<char32_t>(value);
}

void escape(std::string& to, std::string_view text) {
    for (const char c : text) switch (c) {
            case '&': to += "&amp;"; break;
            case '<': to += "&lt;"; break;
            case '>': to += "&gt;"; break;
            case '"': to += "&quot;"; break;
            default: to += c;
        }
}

std::string plain(const MD_ATTRIBUTE& attribute) {
    std::string text;
    if (attribute.size == 0) return text;
    for (std::size_t i = 0; attribute.substr_offsets[i] < attribute.size; ++i) {
        const std::string_view part{attribute.text + attribute.substr_offsets[i],
                                    attribute.substr_offsets[i + 1] - attribute.substr_offsets[i]};
        const auto character = attribute.substr_types[i] == MD_TEXT_ENTITY ? entity(part) : std::nullopt;
        if (attribute.substr_types[i] == MD_TEXT_NULLCHAR) append(text, 0xFFFD);
        else if (character) append(text, *character);
        else text += part;
    }
    return text;
}

bool begins(std::string_view text, std::string_view lower_case) {
    return text.size() >= lower_case.size() &&
           std::equal(lower_case.begin(), lower_case.end(), text.begin(),
                      [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b - 'A' + 'a' : b); });
}

// The URL ready to stand in an attribute, when it is one that a link may have. Its scheme is read from the very
// characters that a browser will see, after entities are resolved.
std::optional<std::string> allowed_url(std::string_view url) {
    if (url.size() > most_url) return std::nullopt;
    for (std::size_t i = 0; i < url.size();) {
        const auto [c, size] = code_point(url, i);
        if (is_control(c)) return std::nullopt;
        i += size;
    }
    std::size_t scheme = 0;
    for (const std::string_view known : {"http://", "https://", "mailto:"})
        if (begins(url, known)) scheme = known.size();
    if (scheme == 0 || scheme == url.size() || std::string_view{"/?#\\: "}.find(url[scheme]) != std::string_view::npos)
        return std::nullopt;
    constexpr char hex[] = "0123456789ABCDEF";
    std::string safe;
    for (const char c : url) {
        const auto byte = static_cast<unsigned char>(c);
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            std::string_view{"-._~:/?#[]@!$()*+,;=%"}.find(c) != std::string_view::npos) {
            safe += c;
        } else if (c == '&') {
            safe += "&amp;";
        } else {
            safe += '%';
            safe += hex[byte >> 4U];
            safe += hex[byte & 15U];
        }
    }
    return safe;
}

// Bytes from `at` on that are a bare web address: up to a space or quotation mark, without punctuation that ends a phrase,
// and without a closing bracket that was opened before it. 0 where there is none.
std::size_t bare_address(std::string_view text, std::size_t at) {
    if (at > 0 && (std::isalnum(static_cast<unsigned char>(text[at - 1])) || text[at - 1] == '@' || text[at - 1] == '/')) return 0;
    const std::string_view rest = text.substr(at, most_url + 1);
    const bool www = begins(rest, "www.");
    std::size_t size = www ? 4 : begins(rest, "http://") ? 7 : begins(rest, "https://") ? 8 : 0;
    if (size == 0 || size >= rest.size() || std::ispunct(static_cast<unsigned char>(rest[size]))) return 0;
    int brackets = 0;
    while (size < rest.size()) {
        const auto [c, bytes] = code_point(rest, size);
        brackets += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (c == '<' || c == '>' || c == '"' || c == '`' || c == '|' || c == '\\' || is_space(c) || is_control(c) ||
            (c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x303F) || brackets < 0)
            break;
        size += bytes;
    }
    while (size > 0 && std::string_view{".,;:!?'*_~"}.find(rest[size - 1]) != std::string_view::npos) --size;
    return www && (size < 6 || rest.substr(4, size - 4).find('.') == std::string_view::npos) ? 0 : size;
}

// Writes the page from md4c's events. Text is held back until the next event of another kind, so that a bare address is
// seen whole: md4c 0.4.8's own search for these is off, as it cuts them short, takes quadratic time and sends events that
// do not come in pairs ("ftp://.a|").
class Page {
public:
    int enter(MD_BLOCKTYPE type, const void* detail) {
        write_text();
        switch (type) {
            case MD_BLOCK_QUOTE: start(type, "blockquote", 1, "\n"); break;
            case MD_BLOCK_UL: start(type, "ul", 2, "\n"); break;
            case MD_BLOCK_OL: {
                const unsigned first = static_cast<const MD_BLOCK_OL_DETAIL*>(detail)->start;
                start(type, "ol", 2, "\n", first == 1 ? "" : " start=\"" + std::to_string(first) + "\"");
                break;
            }
            case MD_BLOCK_LI: {
                const auto& item = *static_cast<const MD_BLOCK_LI_DETAIL*>(detail);
                start_inside(type, "li", item.is_task ? " class=\"task\"" : "");
                if (item.is_task) html_ += item.task_mark == ' ' ? "☐ " : "☑ ";
                break;
            }
            case MD_BLOCK_HR:
                open_.push_back({type, {}});
                html_ += "<hr>";
                break;
            case MD_BLOCK_H: {
                static constexpr const char* levels[] = {"h2", "h3", "h4", "h5", "h6", "h6"};
                start(type, levels[std::clamp(static_cast<const MD_BLOCK_H_DETAIL*>(detail)->level, 1U, 6U) - 1]);
                break;
            }
            case MD_BLOCK_CODE: start(type, "pre", 2, "<code>"); break;
            case MD_BLOCK_P: start(type, "p"); break;
            case MD_BLOCK_TABLE: start(type, "table", 4, "\n"); break;
            case MD_BLOCK_THEAD: start_inside(type, "thead"); break;
            case MD_BLOCK_TBODY: start_inside(type, "tbody"); break;
            case MD_BLOCK_TR: start_inside(type, "tr"); break;
            case MD_BLOCK_TH:
            case MD_BLOCK_TD: {
                static constexpr const char* alignments[] = {"", " align=\"left\"", " align=\"center\"", " align=\"right\""};
                start_inside(type, type == MD_BLOCK_TH ? "th" : "td", alignments[static_cast<const MD_BLOCK_TD_DETAIL*>(detail)->align & 3U]);
                break;
            }
            case MD_BLOCK_DOC:
            case MD_BLOCK_HTML: open_.push_back({type, {}});
        }
        return full();
    }

    int enter(MD_SPANTYPE type, const void* detail) {
        write_text();
        const int kind = span + type;
        switch (type) {
            case MD_SPAN_EM: start(kind, "em"); break;
            case MD_SPAN_STRONG: start(kind, "strong"); break;
            case MD_SPAN_CODE: start(kind, "code"); break;
            case MD_SPAN_DEL: start(kind, "del"); break;
            case MD_SPAN_A: link(kind, static_cast<const MD_SPAN_A_DETAIL*>(detail)->href); break;
            case MD_SPAN_IMG: link(kind, static_cast<const MD_SPAN_IMG_DETAIL*>(detail)->src); break;
            default: open_.push_back({kind, {}});
        }
        return full();
    }

    int leave(MD_BLOCKTYPE type) {
        write_text();
        if (close(type) && type != MD_BLOCK_DOC) html_ += '\n';
        return full();
    }

    int leave(MD_SPANTYPE type) {
        write_text();
        close(span + type);
        return full();
    }

    int text(MD_TEXTTYPE type, std::string_view text) {
        const auto character = type == MD_TEXT_ENTITY ? entity(text) : type == MD_TEXT_NULLCHAR ? std::optional{U'\uFFFD'} : std::nullopt;
        if (character) {
            append(text_, is_control(*character) ? U' ' : *character);
        } else if (type == MD_TEXT_NORMAL || type == MD_TEXT_ENTITY || type == MD_TEXT_HTML) {
            text_ += text;
        } else {
            write_text();
            if (type == MD_TEXT_BR) html_ += "<br>\n";
            else if (type == MD_TEXT_SOFTBR) html_ += '\n';
            else escape(html_, text);
        }
        return full();
    }

    // What is still open is closed: md4c stops where a callback says that the page is full.
    std::string finish(bool whole) {
        write_text();
        while (!open_.empty()) end();
        if (!whole) html_ += "<p><em>The text goes on, but is too long to be shown here.</em></p>\n";
        return std::move(html_);
    }

private:
    static constexpr int span = 1000;  // added to the type of a span, to tell it from a block's

    struct Element {
        int kind;
        std::string_view tag;  // empty where none was written
    };

    // The text held back, bare addresses in it as links.
    void write_text() {
        std::size_t written = 0;
        for (std::size_t at = 0; at < text_.size() && !linked_ && written_ < most_open; ++at) {
            if ((text_[at] | 0x20) != 'h' && (text_[at] | 0x20) != 'w') continue;
            const std::size_t size = bare_address(text_, at);
            const std::string address = text_.substr(at, size);
            const auto url = size == 0 ? std::nullopt : allowed_url(begins(address, "www.") ? "http://" + address : address);
            if (!url) continue;
            escape(html_, std::string_view{text_}.substr(written, at - written));
            html_ += "<a href=\"" + *url + "\" rel=\"noopener nofollow\">";
            escape(html_, address);
            html_ += "</a>";
            written = at + size;
            at = written - 1;
        }
        escape(html_, std::string_view{text_}.substr(written));
        text_.clear();
    }

    int full() const { return html_.size() > most_output ? page_full : 0; }

    // Opens an element when it and what has to stand in it (a row in a table) fit under the limit of nesting.
    void start(int kind, std::string_view tag, std::size_t room = 1, const char* after = "", const std::string& attributes = {}) {
        if (written_ + room > most_open) {
            open_.push_back({kind, {}});
            return;
        }
        html_ += '<';
        html_ += tag;
        html_ += attributes;
        html_ += '>';
        html_ += after;
        open_.push_back({kind, tag});
        ++written_;
    }

    // An element that only makes sense in its parent: li, tr and the like.
    void start_inside(int kind, std::string_view tag, const std::string& attributes = {}) {
        if (open_.empty() || open_.back().tag.empty()) open_.push_back({kind, {}});
        else start(kind, tag, 1, "", attributes);
    }

    // No link in a link: an image in one, and a link in an image's text, stay text.
    void link(int kind, const MD_ATTRIBUTE& target) {
        const auto url = linked_ || written_ >= most_open ? std::nullopt : allowed_url(plain(target));
        if (!url) {
            open_.push_back({kind, {}});
            return;
        }
        start(kind, "a", 1, "", " href=\"" + *url + "\" rel=\"noopener nofollow\"");
        linked_ = true;
        link_text_ = html_.size();
    }

    // Closes the innermost element of the kind and what stands open in it; a span only within its block.
    bool close(int kind) {
        std::size_t depth = open_.size();
        while (depth > 0 && open_[depth - 1].kind != kind) {
            if (kind >= span && open_[depth - 1].kind < span) return false;
            --depth;
        }
        while (depth > 0 && open_.size() >= depth) end();
        return depth > 0;
    }

    void end() {
        const auto [kind, tag] = open_.back();
        open_.pop_back();
        if (tag.empty()) return;
        if (tag == "a") {
            linked_ = false;
            if (html_.size() == link_text_) html_ += kind == span + MD_SPAN_IMG ? "Image" : "Link";
        }
        html_ += tag == "pre" ? "</code></" : "</";
        html_ += tag;
        html_ += '>';
        --written_;
    }

    std::string html_;
    std::string text_;  // read, but not yet in html_
    std::vector<Element> open_;
    std::size_t written_ = 0;
    bool linked_ = false;
    std::size_t link_text_ = 0;
};

// md4c is C: no exception may pass through it.
template <class Event>
int shielded(void* page, Event event) noexcept {
    try {
        return event(*static_cast<Page*>(page));
    } catch (...) {
        return -1;
    }
}

// Well formed, with no controls but tab and line feed, a space in what has none for longest_run bytes, and an empty line
// in what has none for longest_block bytes.
std::string cleaned(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    std::size_t run = 0;
    std::size_t block = 0;
    for (std::size_t i = 0; i < text.size();) {
        auto [c, size] = code_point(text, i);
        i += size;
        if (c == '\r') {
            if (i < text.size() && text[i] == '\n') continue;
            c = '\n';
        }
        run = is_space(c) ? 0 : run + size;
        block = c == '\n' && clean.ends_with('\n') ? 0 : block + size;
        if (run > longest_run) {
            clean += ' ';
            run = size;
        }
        if (block > longest_block && run <= size) {
            clean += "\n\n";
            block = size;
        }
        if (c == '\n' || c == '\t' || !is_control(c)) append(clean, c);
    }
    return clean;
}

}  // namespace

std::string render_markdown(std::string_view markdown) {
    std::string_view shown = markdown.substr(0, most_input);
    if (shown.size() < markdown.size()) shown = shown.substr(0, shown.rfind('\n'));
    const std::string text = cleaned(shown);
    MD_PARSER parser{};
    parser.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS | MD_FLAG_NOHTML;
    parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* page) {
        return shielded(page, [&](Page& to) { return to.enter(type, detail); });
    };
    parser.leave_block = [](MD_BLOCKTYPE type, void*, void* page) { return shielded(page, [&](Page& to) { return to.leave(type); }); };
    parser.enter_span = [](MD_SPANTYPE type, void* detail, void* page) {
        return shielded(page, [&](Page& to) { return to.enter(type, detail); });
    };
    parser.leave_span = [](MD_SPANTYPE type, void*, void* page) { return shielded(page, [&](Page& to) { return to.leave(type); }); };
    parser.text = [](MD_TEXTTYPE type, const MD_CHAR* characters, MD_SIZE size, void* page) {
        return shielded(page, [&](Page& to) { return to.text(type, {characters, size}); });
    };
    Page page;
    const int stopped = md_parse(text.data(), static_cast<MD_SIZE>(text.size()), &parser, &page);
    if (stopped != 0 && stopped != page_full) throw std::bad_alloc{};
    return page.finish(stopped == 0 && shown.size() == markdown.size());
}

}  // namespace domain

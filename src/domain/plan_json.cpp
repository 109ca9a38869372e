// Finds the JSON in a model's reply: as it should be, in a code fence, between sentences, or with slips that can be mended.
#include <charconv>
#include <cmath>
#include <set>

#include "core/error.h"
#include "core/form.h"
#include "domain/plan_parts.h"

namespace domain {
namespace {

using core::Json;

constexpr std::size_t longest_reply = std::size_t{1} << 20U;  // four times what 32,768 tokens come to

// The longest stretch in balanced brackets; brackets in strings do not count.
std::string_view bracketed(std::string_view text) {
    std::string_view longest;
    std::size_t depth = 0;
    std::size_t begin = 0;
    bool string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (string) {
            if (c == '\\') ++i;
            else if (c == '"') string = false;
        } else if (c == '"') {
            string = depth > 0;
        } else if (c == '{' || c == '[') {
            if (depth++ == 0) begin = i;
        } else if ((c == '}' || c == ']') && depth > 0 && --depth == 0 && i + 1 - begin > longest.size()) {
            longest = text.substr(begin, i + 1 - begin);
        }
    }
    return longest;
}

// The text with slips mended that a strict reader refuses although nothing is missing: commas before a closing bracket,
// control characters and halves of surrogate pairs in strings, numbers that no machine number holds. What is cut off stays
// cut off. `what` names the slips.
std::string mended(std::string_view text, std::string& what) {
    std::string copy;
    copy.reserve(text.size());
    std::set<std::string_view> slips;
    const auto unit = [&](std::size_t at) -> unsigned {  // of "\uXXXX" at `at`, or 0
        unsigned value = 0;
        if (text.substr(at, 2) != "\\u" || at + 6 > text.size()) return 0;
        const auto end = std::from_chars(text.data() + at + 2, text.data() + at + 6, value, 16).ptr;
        return end == text.data() + at + 6 ? value : 0;
    };
    bool string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (string && c == '\\') {
            const unsigned first = unit(i);
            const unsigned second = unit(i + 6);
            const bool pair = first >= 0xD800 && first <= 0xDBFF && second >= 0xDC00 && second <= 0xDFFF;
            if (text.substr(i, 6) == "\\u0000" || (!pair && first >= 0xD800 && first <= 0xDFFF)) {
                copy += first == 0 ? " " : "\xEF\xBF\xBD";
                slips.insert(first == 0 ? "a control character" : "half of a surrogate pair");
                i += 5;
            } else {
                const std::size_t size = pair ? 12 : 2;
                copy += text.substr(i, size);
                i += size - 1;
            }
        } else if (string) {
            if (c == '"') string = false;
            if (c >= 0 && c < 0x20) slips.insert("a control character");
            if (c == '\n') copy += "\\n";
            else copy += c >= 0 && c < 0x20 ? ' ' : c;
        } else if ((c >= '0' && c <= '9') || c == '-') {
            const std::size_t size = std::min(text.find_first_not_of("0123456789+-.eE", i), text.size()) - i;
            double value = 0;
            const auto error = std::from_chars(text.data() + i, text.data() + i + size, value).ec;
            const bool tiny = text.substr(i, size).find_first_of("-", 1) != text.npos;  // a negative exponent
            const bool huge = (error == std::errc::result_out_of_range && !tiny) || std::abs(value) > 1e15;
            if (huge) copy += c == '-' ? "-1e15" : "1e15";
            else copy += text.substr(i, size);
            if (huge) slips.insert("a number out of range");
            i += size - 1;
        } else if (c == ',') {
            const std::size_t next = text.find_first_not_of(" \t\r\n", i + 1);
            const bool extra = next != text.npos && (text[next] == ']' || text[next] == '}');
            if (extra) slips.insert("a comma too many");
            else copy += c;
        } else {
            string = c == '"';
            copy += c;
        }
    }
    for (const auto slip : slips) what += (what.empty() ? "" : ", ") + std::string{slip};
    return copy;
}

}  // namespace

std::optional<Json> find_json(std::string_view text, Notebook& notes, std::string& fault) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    const std::string whole = core::trimmed(text);
    if (whole.empty()) {
        fault = "The reply is empty.";
        return std::nullopt;
    }
    if (whole.size() > longest_reply) {
        fault = "The reply is longer than 1 MiB.";
        return std::nullopt;
    }
    try {
        Json json = Json::parse(whole);
        return json;
    } catch (const core::Error& error) {
        fault = error.detail;
    }
    const std::string_view part = bracketed(whole);
    const std::size_t first = whole.find('{');
    const std::size_t last = whole.rfind('}');
    bool around = part.size() < whole.size();
    auto json = Json::try_parse(part);
    if (!json && first < last && last != whole.npos) {
        json = Json::try_parse(std::string_view{whole}.substr(first, last + 1 - first));
        around = around || json;
    }
    if (!json) {
        std::string slips;
        json = Json::try_parse(mended(part, slips));
        if (json) notes.note("reply", "The JSON had slips that were mended: " + slips + ".");
    }
    if (!json) return std::nullopt;
    fault.clear();
    if (around) notes.note("reply", whole.find("```") < whole.find_first_of("{[") ? "The JSON stood in a code fence." : "There was other text around the JSON.");
    return json;
}

}  // namespace domain

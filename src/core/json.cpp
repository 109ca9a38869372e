// JSON in and out: the only pair that names jansson.
#include "core/json.h"

#include <jansson.h>

#include <charconv>
#include <cmath>
#include <cstring>

#include "core/error.h"

namespace core {
namespace {

std::shared_ptr<json_t> load(std::string_view text, json_error_t& error) {
    return {json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error),
            [](json_t* value) { json_decref(value); }};
}

std::string dumped(const json_t* value, std::size_t flags) {
    if (!value) return "null";
    std::string text;
    json_dump_callback(
        value,
        [](const char* bytes, std::size_t size, void* to) {
            static_cast<std::string*>(to)->append(bytes, size);
            return 0;
        },
        &text, flags | JSON_COMPACT | JSON_ENCODE_ANY);
    return text;
}

// Length of the UTF-8 sequence that begins at text[0], or 0 where it is not well formed (RFC 3629).
std::size_t sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0U) == 0x80U; };
    const unsigned first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (!follows(1) || !follows(2)) return 0;
        if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
        return 3;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

// Whether none of eight bytes is a control character, a quote, a backslash or above ASCII, looked at as one number
// (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord): most of a text, and most of this function's time.
bool all_plain(const char* bytes) {
    constexpr std::uint64_t ones = 0x0101010101010101U, tops = ones * 0x80U;
    std::uint64_t word;
    std::memcpy(&word, bytes, sizeof word);
    const std::uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');
    return ((word | (word - ones * 0x20U) | (quote - ones) | (slash - ones)) & tops) == 0;
}

bool is_plain(char c) { return c >= 0x20 && c != '"' && c != '\\' && static_cast<unsigned char>(c) < 0x80; }

// Appends a text in quotes, with a character before and after it; 0 is none.
void append_quoted(std::string& to, char before, std::string_view text, char after) {
    constexpr char hex[] = "0123456789abcdef";
    std::size_t same = 0;
    while (text.size() - same >= 8 && all_plain(text.data() + same)) same += 8;
    while (same < text.size() && is_plain(text[same])) ++same;
    if (same == text.size()) {  // the most frequent by far: one growth of the string instead of three
        const std::size_t at = to.size();
        to.resize(at + (before ? 1 : 0) + text.size() + 2 + (after ? 1 : 0));
        char* next = to.data() + at;
        if (before) *next++ = before;
        *next++ = '"';
        next += text.copy(next, text.size());
        *next++ = '"';
        if (after) *next = after;
        return;
    }
    if (before) to += before;
    to += '"';
    std::size_t plain = 0;  // where the run of bytes that need no change began
    for (std::size_t i = same; i < text.size();) {
        while (text.size() - i >= 8 && all_plain(text.data() + i)) i += 8;
        if (i == text.size()) break;
        const auto c = static_cast<unsigned char>(text[i]);
        if (is_plain(text[i])) {
            ++i;
            continue;
        }
        const std::size_t length = c < 0x80 ? 0 : sequence(text.substr(i));
        if (length > 0) {
            i += length;
            continue;
        }
        to.append(text, plain, i - plain);
        if (c >= 0x80) {
            to += "\xEF\xBF\xBD";
        } else {
            to += '\\';
            switch (c) {
                case '"':
                case '\\': to += static_cast<char>(c); break;
                case '\n': to += 'n'; break;
                case '\r': to += 'r'; break;
                case '\t': to += 't'; break;
                default:
                    to += "u00";
                    to += hex[c >> 4U];
                    to += hex[c & 15U];
            }
        }
        plain = ++i;
    }
    to.append(text, plain);
    to += '"';
    if (after) to += after;
}

}  // namespace

std::optional<Json> Json::try_parse(std::string_view text) {
    json_error_t error;
    auto value = load(text, error);
    if (!value) return std::nullopt;
    return Json{std::move(value)};
}

Json Json::parse(std::string_view text) {
    json_error_t error;
    auto value = load(text, error);
    if (!value && (json_error_code(&error) == json_error_null_character || json_error_code(&error) == json_error_null_byte_in_key))
        throw bad_request("A text in the JSON holds a NUL character (\\u0000), which no text here may.");
    if (!value)
        throw bad_request("The JSON is not valid at line " + std::to_string(error.line) + ", column " +
                          std::to_string(error.column) + ".");
    return Json{std::move(value)};
}

Json::Kind Json::kind() const {
    if (!value_) return Kind::none;
    switch (json_typeof(value_.get())) {
        case JSON_OBJECT: return Kind::object;
        case JSON_ARRAY: return Kind::array;
        case JSON_STRING: return Kind::string;
        case JSON_INTEGER: return Kind::integer;
        case JSON_REAL: return Kind::real;
        case JSON_TRUE:
        case JSON_FALSE: return Kind::boolean;
        case JSON_NULL: break;
    }
    return Kind::null;
}

// A child keeps the whole document alive, so that no view into it can dangle.
Json Json::child(json_t* value) const {
    if (!value) return {};
    return Json{std::shared_ptr<json_t>{value_, value}};
}

Json Json::operator[](std::string_view key) const {
    return child(value_ ? json_object_getn(value_.get(), key.data(), key.size()) : nullptr);
}

Json Json::operator[](std::size_t index) const {
    return child(value_ ? json_array_get(value_.get(), index) : nullptr);
}

std::size_t Json::size() const {
    if (is(Kind::array)) return json_array_size(value_.get());
    return is(Kind::object) ? json_object_size(value_.get()) : 0;
}

std::vector<std::string> Json::keys() const {
    std::vector<std::string> names;
    if (!is(Kind::object)) return names;
    const char* name = nullptr;
    json_t* member = nullptr;
    json_object_foreach(value_.get(), name, member) names.emplace_back(name);
    return names;
}

std::string_view Json::text() const {
    if (!is(Kind::string)) return {};
    return {json_string_value(value_.get()), json_string_length(value_.get())};
}

std::int64_t Json::integer() const {
    if (is(Kind::integer)) return json_integer_value(value_.get());
    const double real = number();
    return std::abs(real) < 9e15 && std::trunc(real) == real ? static_cast<std::int64_t>(real) : 0;
}

double Json::number() const { return value_ ? json_number_value(value_.get()) : 0; }
bool Json::boolean() const { return value_ && json_is_true(value_.get()); }
std::string Json::dump() const { return dumped(value_.get(), 0); }
std::string Json::canonical() const { return dumped(value_.get(), JSON_SORT_KEYS); }

void append_quoted(std::string& to, std::string_view text) { append_quoted(to, 0, text, 0); }

char Writer::separator() const {
    return !text_.empty() && text_.back() != '{' && text_.back() != '[' && text_.back() != ':' ? ',' : '\0';
}

void Writer::separate() {
    if (separator()) text_ += ',';
}

Writer& Writer::open(char bracket) {
    separate();
    text_ += bracket;
    return *this;
}

Writer& Writer::close(char bracket) {
    text_ += bracket;
    return *this;
}

Writer& Writer::key(std::string_view name) {
    append_quoted(text_, separator(), name, ':');
    return *this;
}

Writer& Writer::value(std::string_view text) {
    append_quoted(text_, separator(), text, 0);
    return *this;
}

Writer& Writer::value(std::int64_t number) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return raw({digits, static_cast<std::size_t>(end - digits)});
}

Writer& Writer::value(bool truth) { return raw(truth ? "true" : "false"); }
Writer& Writer::null() { return raw("null"); }

Writer& Writer::raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
}

}  // namespace core

// JSON: Json reads what came from outside (jansson); Writer appends what goes out to a string.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct json_t;

namespace core {

// A value inside a parsed document; copies share it. One that is absent is of kind none and answers as empty.
// Not to be shared between threads.
class Json {
public:
    enum class Kind { none, null, boolean, integer, real, string, array, object };

    Json() = default;
    // Throws Error 400. Duplicate keys, NUL characters and anything after the value are refused.
    static Json parse(std::string_view text);
    static std::optional<Json> try_parse(std::string_view text);

    Kind kind() const;
    bool is(Kind wanted) const { return kind() == wanted; }
    explicit operator bool() const { return kind() != Kind::none; }

    Json operator[](std::string_view key) const;  // member of an object, or none
    Json operator[](std::size_t index) const;     // element of an array, or none
    std::size_t size() const;                     // elements or members
    std::vector<std::string> keys() const;        // in the document's order

    // The value where it is of that kind, else empty, 0 or false. text() lives as long as the document.
    std::string_view text() const;
    std::int64_t integer() const;  // a real without a fraction counts too
    double number() const;
    bool boolean() const;

    std::string dump() const;       // compact, keys in the document's order
    std::string canonical() const;  // compact, keys sorted: equal values give equal bytes

private:
    explicit Json(std::shared_ptr<json_t> value) : value_{std::move(value)} {}
    Json child(json_t* value) const;
    std::shared_ptr<json_t> value_;
};

// Builds a JSON text by appending; commas are put where they belong. The caller pairs open and close.
class Writer {
public:
    // expected: bytes to have room for from the start, where an answer is known to be long.
    explicit Writer(std::size_t expected = 0) { text_.reserve(expected); }
    Writer& object() { return open('{'); }
    Writer& end_object() { return close('}'); }
    Writer& array() { return open('['); }
    Writer& end_array() { return close(']'); }
    Writer& key(std::string_view name);
    Writer& value(std::string_view text);
    Writer& value(const char* text) { return value(std::string_view{text}); }
    Writer& value(std::int64_t number);
    Writer& value(int number) { return value(static_cast<std::int64_t>(number)); }
    Writer& value(bool truth);
    Writer& null();
    Writer& raw(std::string_view json);  // a finished JSON text, such as PostgreSQL's

    template <class T>
    Writer& member(std::string_view name, const T& what) {
        return key(name).value(what);
    }
    Writer& member_raw(std::string_view name, std::string_view json) { return key(name).raw(json); }

    const std::string& str() const { return text_; }
    std::string take() { return std::move(text_); }

private:
    Writer& open(char bracket);
    Writer& close(char bracket);
    char separator() const;  // what stands between what is written and what comes; 0 is nothing
    void separate();
    std::string text_;
};

// Appends text as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_quoted(std::string& to, std::string_view text);

}  // namespace core

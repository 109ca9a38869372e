// Form: reads and checks the fields of a JSON object, and gathers what is wrong with all of them into one answer.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/json.h"

namespace core {

struct Length {
    std::size_t min;
    std::size_t max;  // in characters (code points), after trimming
};

class Form {
public:
    explicit Form(Json object) : object_{std::move(object)} {}

    // Trimmed text; absent or null counts as empty. `what` names it in the message: "The description".
    std::string text(std::string_view field, Length length, std::string_view what);
    std::string email(std::string_view field, bool required = true);  // lower-cased host, trimmed
    std::optional<std::string> token(std::string_view field);         // characters of a Token
    std::optional<std::int64_t> id(std::string_view field, bool required);  // a number, or digits in a string
    Json value(std::string_view field) const { return object_[field]; }
    bool has(std::string_view field) const { return static_cast<bool>(object_[field]); }

    void wrong(std::string_view field, std::string what);
    bool right() const { return fields_.empty(); }
    void check();  // throws Error 422 with every wrong field

private:
    Json object_;
    Fields fields_;
};

std::size_t characters(std::string_view utf8);  // code points
std::string trimmed(std::string_view text);
// One @, a dot in the host, no spaces or control characters, at most 254 bytes (RFC 5321 §4.5.3.1.3).
bool is_email(std::string_view text);

}  // namespace core

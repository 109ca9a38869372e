// Form: field by field checks with messages that say what to do.
#include "core/form.h"

#include <algorithm>
#include <charconv>

namespace core {

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(space);
    if (first == text.npos) return {};
    return std::string{text.substr(first, text.find_last_not_of(space) - first + 1)};
}

bool is_email(std::string_view text) {
    const auto at = text.find('@');
    if (text.size() > 254 || at == text.npos || at == 0 || at > 64 || text.find('@', at + 1) != text.npos) return false;
    const auto host = text.substr(at + 1);
    const auto dot = host.rfind('.');
    if (dot == host.npos || dot == 0 || dot + 1 == host.size() || host.find("..") != host.npos || host.front() == '.') return false;
    return std::all_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && std::string_view{"()<>,;:\\\"[]"}.find(c) == std::string_view::npos;
    });
}

std::string Form::text(std::string_view field, Length length, std::string_view what) {
    const Json value = object_[field];
    if (value && !value.is(Json::Kind::string) && !value.is(Json::Kind::null)) {
        wrong(field, std::string{what} + " must be text.");
        return {};
    }
    std::string text = trimmed(value.text());
    const std::size_t size = characters(text);
    if (size < length.min) {
        wrong(field, size == 0 ? std::string{what} + " is needed."
                               : std::string{what} + " needs at least " + std::to_string(length.min) + " characters; it has " +
                                     std::to_string(size) + ".");
    } else if (size > length.max) {
        wrong(field, std::string{what} + " may have at most " + std::to_string(length.max) + " characters; it has " +
                         std::to_string(size) + ".");
    }
    return text;
}

std::string Form::email(std::string_view field, bool required) {
    std::string address = trimmed(object_[field].text());
    if (address.empty()) {
        if (required || (object_[field] && !object_[field].is(Json::Kind::string) && !object_[field].is(Json::Kind::null)))
            wrong(field, "The e-mail address is needed.");
        return {};
    }
    if (!is_email(address)) {
        wrong(field, "This is not an e-mail address. It looks like name@example.com.");
        return {};
    }
    const auto host = address.begin() + static_cast<std::ptrdiff_t>(address.find('@'));
    std::transform(host, address.end(), host, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return address;
}

std::optional<std::string> Form::token(std::string_view field) {
    const Json value = object_[field];
    if (!value || value.is(Json::Kind::null)) return std::nullopt;
    const std::string_view text = value.text();
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    if (text.empty() || text.size() > 128 || text.find_first_not_of(allowed) != text.npos) {
        wrong(field, "This is not a token of ours.");
        return std::nullopt;
    }
    return std::string{text};
}

std::optional<std::int64_t> Form::id(std::string_view field, bool required) {
    const Json value = object_[field];
    std::int64_t number = 0;
    if (value.is(Json::Kind::integer)) {
        number = value.integer();
    } else if (value.is(Json::Kind::string)) {
        const auto text = value.text();
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (code != std::errc{} || end != text.data() + text.size()) number = 0;
    } else if (!value || value.is(Json::Kind::null)) {
        if (required) wrong(field, "This is needed.");
        return std::nullopt;
    }
    if (number < 1 || number > 2'147'483'647) {
        wrong(field, "This is not a number of ours.");
        return std::nullopt;
    }
    return number;
}

void Form::wrong(std::string_view field, std::string what) { fields_.emplace(field, std::move(what)); }

void Form::check() {
    if (!fields_.empty()) throw unprocessable(fields_);
}

}  // namespace core

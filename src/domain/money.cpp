// Money: digits in groups of three, and back.
#include "domain/money.h"

namespace domain {

std::string pesos(std::int64_t centavos, std::string_view sign) {
    const bool below = centavos < 0;
    const std::uint64_t all = below ? 0 - static_cast<std::uint64_t>(centavos) : static_cast<std::uint64_t>(centavos);
    std::string whole = std::to_string(all / 100);
    for (std::size_t at = whole.size(); at > 3; at -= 3) whole.insert(at - 3, 1, ',');
    const std::string cents = std::to_string(all % 100);
    return std::string{below ? "−" : ""}.append(sign) + whole + (cents.size() == 1 ? ".0" : ".") + cents;
}

std::optional<std::int64_t> read_pesos(std::string_view typed) {
    std::string text = core::trimmed(typed);
    for (const std::string_view sign : {"₱", "PHP", "Php", "P"})
        if (text.starts_with(sign)) {
            text = core::trimmed(std::string_view{text}.substr(sign.size()));
            break;
        }
    const auto point = text.find('.');
    const std::string_view whole = std::string_view{text}.substr(0, point);
    const std::string_view cents = point == text.npos ? std::string_view{} : std::string_view{text}.substr(point + 1);
    if (whole.empty() || cents.size() > 2 || (point != text.npos && cents.empty())) return std::nullopt;
    std::int64_t value = 0;
    const auto take = [&value](char c) {
        if (c < '0' || c > '9' || value > most_centavos) return false;
        value = value * 10 + (c - '0');
        return true;
    };
    // Groups of three: "75,00" means something else where commas are decimal.
    std::size_t group = 0;
    bool grouped = false;
    for (const char c : whole) {
        if (c == ',') {
            if (group == 0 || group > 3 || (grouped && group != 3)) return std::nullopt;
            grouped = true;
            group = 0;
        } else if (take(c)) {
            ++group;
        } else {
            return std::nullopt;
        }
    }
    if (group == 0 || (grouped && group != 3)) return std::nullopt;
    for (const char c : cents)
        if (!take(c)) return std::nullopt;
    for (std::size_t i = cents.size(); i < 2; ++i)
        if (!take('0')) return std::nullopt;
    if (value > most_centavos) return std::nullopt;
    return value;
}

Halves halves(std::int64_t centavos) { return {centavos / 2, centavos - centavos / 2}; }

std::int64_t amount_field(core::Form& form, std::string_view field) {
    const core::Json value = form.value(field);
    std::int64_t amount = 0;
    if (value.is(core::Json::Kind::integer)) amount = value.integer();
    else if (value.is(core::Json::Kind::string)) amount = read_pesos(value.text()).value_or(0);
    if (amount <= 0 || amount > most_centavos)
        form.wrong(field, "Write the amount in pesos, such as 7,500 or 7,500.50.");
    return amount;
}

}  // namespace domain

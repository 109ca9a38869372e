// Money: whole centavos, as they are written for people and read from what people type. Any thread may use it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/form.h"

namespace domain {

inline constexpr std::int64_t most_centavos = 99'999'999'999;  // a billion pesos: below what payments.amount and sums can hold

std::string pesos(std::int64_t centavos, std::string_view sign = "₱");  // "₱7,500.00", "−₱20.50"; "PHP 7,500.00"

// "7,500", "₱7500.5", "PHP 7,500.50"; nothing for what is no amount, has a third decimal or is out of range.
std::optional<std::int64_t> read_pesos(std::string_view typed);

struct Halves {
    std::int64_t deposit, balance;
};
// Half of a price, rounded down to the centavo; the odd centavo is in the balance.
Halves halves(std::int64_t centavos);

// An amount above zero in a request: centavos where it is a whole number, pesos where it is text as somebody typed it.
std::int64_t amount_field(core::Form& form, std::string_view field);

}  // namespace domain

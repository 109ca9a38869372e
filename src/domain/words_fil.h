// What mails and receipts say in Filipino. In order of the English text: a static_assert holds it.
#pragma once
#include <algorithm>
#include <array>

#include "domain/wording.h"

namespace domain {

inline constexpr auto words_fil = std::to_array<Phrase>({
    {"Hello,", "Kumusta,"},
});
static_assert(std::ranges::is_sorted(words_fil, {}, &Phrase::english));

}  // namespace domain

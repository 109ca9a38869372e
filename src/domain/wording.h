// Wording: in which language somebody is spoken to, and what mails and receipts say in it. Any thread may call it.
#pragma once
#include <array>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "core/http.h"

namespace domain {

// Those that have catalogues: here (words_fil.cpp) and for the pages (web/assets/words). English is what the texts are written in.
inline constexpr std::array<std::string_view, 2> shipped_languages{"en", "fil"};
bool is_shipped(std::string_view language);

// What a visitor is shown: the own choice (a cookie), else the first of Accept-Language that there is. Empty: neither.
inline constexpr std::string_view language_cookie = "language";
std::string language_of(const core::Request& request);
// A Set-Cookie by which the pages, too, know the choice; not HttpOnly, as assets/js/language.js reads it.
std::string language_cookie_line(const core::Request& request, std::string_view language);

// The text in that language, with {1}, {2} … replaced by the values. What a catalogue lacks is said in English.
std::string say(std::string_view language, std::string_view english, std::initializer_list<std::string_view> values = {});

struct Phrase {
    std::string_view english, other;
};
std::span<const Phrase> phrases(std::string_view language);  // the catalogue, in order of the English

}  // namespace domain

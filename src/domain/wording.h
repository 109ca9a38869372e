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

// What lists and logs hold, in words; each kind has a catalogue of its own, as "May" is a month to a mail and a permission to a list.
enum class Words {
    mails,   // whole texts of mails and receipts, for say()
    heads,   // of the columns of lists
    fields,  // names of fields, by what they are called in JSON
    plans,   // what the built-in planner writes
    codes,   // words that are kept as they are: statuses, roles, actions; and short texts with holes, for said_in()
};
// The text in that language, with {1}, {2} … replaced by the values. What a catalogue lacks is said in English.
std::string say(std::string_view language, std::string_view english, std::initializer_list<std::string_view> values = {}, Words kind = Words::mails);

struct Phrase {
    std::string_view english, other;
};
std::span<const Phrase> phrases(std::string_view language, Words kind = Words::mails);  // the catalogue, in order of the English

// The word in that language; itself where the catalogue lacks it, or the language is English.
std::string_view word_in(std::string_view language, Words kind, std::string_view word);
// The same of a text that may have somebody's words in it: "files of project 7" by "{1} of project {2}".
std::string said_in(std::string_view language, std::string_view text);

}  // namespace domain

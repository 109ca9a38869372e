// Letter: one mail's words as text and as HTML, in an agency's name and colours.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace domain {

// An agency as a mail shows it to its reader. `accent` is "#rrggbb"; anything else is shown in the house's own colour.
struct Brand {
    std::string name, accent, site;  // site: the address that links begin with
    std::string language = "en";     // the reader's
    bool code = false;               // amounts as PHP 7,500.00

    std::string say(std::string_view english, std::initializer_list<std::string_view> values = {}) const;
    std::string pesos(std::int64_t centavos) const;
};

struct Letter {
    std::string subject, text, html;
};

// Gathers a letter piece by piece, in the order of the calls. Whatever is given is text: it is escaped for HTML, and
// neither side shows more than the other. In the text a link stands on a line of its own.
class LetterWriter {
public:
    // `glance`: what a list of mails shows beside the subject.
    LetterWriter(Brand brand, std::string subject, std::string_view glance);

    LetterWriter& heading(std::string_view text);
    LetterWriter& paragraph(std::string_view text);
    LetterWriter& quote(std::string_view who, std::string_view text);  // as it was written, line by line
    LetterWriter& facts(const std::vector<std::pair<std::string, std::string>>& rows);
    LetterWriter& button(std::string_view label, std::string_view link);
    LetterWriter& copy_of(std::string_view link);  // for who cannot press the button; the text has it anyway

    // Why it came; where its reader can change that, empty where nothing can be changed.
    Letter end(std::string_view why, std::string_view preferences = {}, std::string_view unsubscribe = {});

private:
    Brand brand_;
    std::string subject_, glance_, text_, html_;
};

// One line of at most `most` characters (code points): without control characters, and with … where it was cut.
std::string one_line(std::string_view text, std::size_t most = 200);
std::string escaped(std::string_view text);  // for HTML text and attributes in double quotes

}  // namespace domain

// owner-letter: prints the mails to the owner of an agency that was just made, as JSON: {"en":{"new":{"subject","text","html"},"known":{…}},"fil":{…}},
// for somebody without an account and for who has one, in every language. Reads three lines from standard input: the agency's name, its address, the token
// for a password. Exit codes: 0 printed, 1 a line is missing, 2 wrong use, 3 no output.
#include <iostream>
#include <string>

#include "core/json.h"
#include "domain/mails.h"
#include "domain/wording.h"

int main(int argc, char**) {
    if (argc > 1) {  // never as arguments: the process list shows those to everybody
        std::cerr << "usage: owner-letter < FILE    (three lines: name, address, token)\n";
        return 2;
    }
    std::string name, site, token;
    if (!std::getline(std::cin, name) || !std::getline(std::cin, site) || !std::getline(std::cin, token) || name.empty() || site.empty() || token.empty()) {
        std::cerr << "owner-letter: three lines are needed: name, address, token\n";
        return 1;
    }
    core::Writer out;
    out.object();
    for (const std::string_view language : domain::shipped_languages) {
        const domain::Brand brand{name, "", site, std::string{language}};
        out.key(language).object();
        for (const char* who : {"new", "known"}) {
            const domain::Letter letter = domain::owner_letter(brand, std::string_view{who} == "new" ? std::string_view{token} : std::string_view{});
            out.key(who).object().member("subject", letter.subject).member("text", letter.text).member("html", letter.html).end_object();
        }
        out.end_object();
    }
    std::cout << out.end_object().take() << std::endl;
    return std::cout ? 0 : 3;
}

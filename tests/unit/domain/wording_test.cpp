// Wording: who is spoken to in which language, and that every text of mails has its place in a catalogue.
#include "domain/wording.h"

#include <gtest/gtest.h>

#include <set>

#include "domain/letter.h"
#include "domain/mails.h"
#include "domain/notices.h"

using namespace domain;

namespace {

core::Request asking(std::string accepts, std::string cookie = "") {
    core::Request request;
    request.cookie = std::move(cookie);
    request.headers.emplace_back("accept-language", std::move(accepts));
    return request;
}

std::multiset<char> holes(std::string_view text) {
    std::multiset<char> found;
    for (std::size_t at = 0; at + 2 < text.size(); ++at)
        if (text[at] == '{' && text[at + 2] == '}') found.insert(text[at + 1]);
    return found;
}

}  // namespace

TEST(Wording, TheOwnChoiceGoesBeforeTheBrowsers) {
    EXPECT_EQ(language_of(asking("en", "language=fil")), "fil");
    EXPECT_EQ(language_of(asking("fil", "a=b; language=en")), "en");
    EXPECT_EQ(language_of(asking("fil", "language=de")), "fil");
    EXPECT_EQ(language_of(asking("", "")), "");
}

TEST(Wording, TheHeaviestLanguageThatWeHaveIsTaken) {
    EXPECT_EQ(language_of(asking("de, fil-PH;q=0.8, en;q=0.9")), "en");
    EXPECT_EQ(language_of(asking("TL_PH")), "fil");
    EXPECT_EQ(language_of(asking("en;q=0, fil;q=0.001")), "fil");
    EXPECT_EQ(language_of(asking("de;q=1, *;q=0.5")), "");
    EXPECT_EQ(language_of(asking(",;;q=,en;q=abc,-")), "");
    EXPECT_EQ(language_of(asking(std::string(100'000, ','))), "");
}

TEST(Wording, ValuesGoIntoTheirHolesWhateverTheyHold) {
    EXPECT_EQ(say("en", "{1} is {2}", {"{2}", "{1}"}), "{2} is {1}");
    EXPECT_EQ(say("fil", "We received {1} for {2}", {"₱1", "A"}), "Natanggap namin ang ₱1 para sa A");
    EXPECT_EQ(say("fil", "a text of nobody's {1}", {"x"}), "a text of nobody's x");
    EXPECT_EQ(say("en", "{9} {", {}), " {");
}

TEST(Wording, EveryCatalogueKeepsTheHolesOfTheEnglish) {
    for (const auto language : shipped_languages)
        for (const Phrase& phrase : phrases(language)) EXPECT_EQ(holes(phrase.english), holes(phrase.other)) << phrase.english;
}

TEST(Wording, AMailIsInTheLanguageOfWhoReadsItAndMoneyAsTheAgencyWritesIt) {
    const Brand brand{"Bayani", "#26346f", "https://bayani.example", "fil", true};
    const Reader reader{"Juana", "https://bayani.example/account", "https://bayani.example/unsubscribe", false};
    const Notice notice{1, 7, "payment-received", "Panaderya", core::Json::parse(R"({"amount": 750050, "part": "deposit", "method": "bank", "receipt": "R-1", "remaining": 100})")};
    const Letter made = notice_letter(brand, reader, {notice}, false);
    EXPECT_EQ(made.subject, "Natanggap namin ang PHP 7,500.50 para sa Panaderya");
    EXPECT_TRUE(made.text.starts_with("Kumusta Juana,\n\nDumating na ang deposit mo para sa Panaderya. Salamat po.\n\nHalaga: PHP 7,500.50\n")) << made.text;
    EXPECT_NE(made.html.find("<html lang=\"fil\">"), std::string::npos);
    for (const char* english : {"You ", "Choose", "mails", "has arrived", "₱"}) EXPECT_EQ(made.text.find(english), std::string::npos) << english << " in\n" << made.text;
    EXPECT_NE(verification_letter(brand, "https://x").text.find("Kumusta,"), std::string::npos);
}

// Wording: who is spoken to in which language, and that every text of mails has its place in a catalogue.
#include "domain/wording.h"

#include <gtest/gtest.h>

#include <set>

#include "domain/facts.h"
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
        for (const Words kind : {Words::mails, Words::heads, Words::fields, Words::plans, Words::codes})
            for (const Phrase& phrase : phrases(language, kind)) EXPECT_EQ(holes(phrase.english), holes(phrase.other)) << phrase.english;
}

TEST(Wording, AWordMeansWhatItsPlaceSays) {
    EXPECT_EQ(word_in("fil", Words::mails, "May"), "Mayo");
    EXPECT_EQ(word_in("fil", Words::heads, "May"), "Maaaring gawin");
    EXPECT_EQ(word_in("fil", Words::codes, "a word of nobody's"), "a word of nobody's");
    EXPECT_EQ(word_in("en", Words::codes, "in-progress"), "in-progress");
}

TEST(Wording, AShortTextIsSaidAroundWhatItNames) {
    EXPECT_EQ(said_in("fil", "files of project 7"), "mga file ng project 7");
    EXPECT_EQ(said_in("fil", "odd list of project 7"), "odd list ng project 7");
    EXPECT_EQ(said_in("fil", "project 12"), "project 12");
    EXPECT_EQ(said_in("fil", "questions of service 3"), "mga tanong ng serbisyo 3");
    EXPECT_EQ(said_in("fil", "Juana dela Cruz"), "Juana dela Cruz");
    EXPECT_EQ(said_in("en", "files of project 7"), "files of project 7");
    for (const char* odd : {"", "project ", " of project ", "{1}", "of project"}) EXPECT_EQ(said_in("fil", odd), odd);
    EXPECT_EQ(said_in("fil", "This proof, or its number, was given for payment 7 before."), "Naibigay na noon ang katibayang ito, o ang numero nito, para sa bayad 7.");
}

TEST(Wording, FactsAreLinesOfNamesAndWordsAndSomebodysOwnStays) {
    const auto said = [](const char* json) { return facts_in("fil", core::Json::parse(json)); };
    EXPECT_EQ(said(R"({"status": {"from": "pending", "to": "in-progress"}, "title": "pending"})"), "Status: pending → ginagawa na\nPamagat: pending");
    EXPECT_EQ(said(R"({"project": 7, "from": "view", "to": "work"})"), "Binago: tumingin → magsulat, magpadala ng file at magbayad\nProject: 7");
    EXPECT_EQ(said(R"({"how": "code", "currencyDisplay": "code"})"), "Paraan: code mula sa app\nMga halaga: PHP");
    EXPECT_EQ(said(R"({"amount": 750050, "note": null, "closed": true, "hosts": ["a.example", "b.example"]})"), "Halaga: ₱7,500.50\nDay off: oo\nMga host: a.example, b.example");
    EXPECT_EQ(said(R"({"fields": ["title", "priority"], "unheard": {"name": "x", "of": [{"status": "paid"}, {"status": ""}]}, "items": []})"),
              "Binago: Pamagat, Priority\nunheard: Pangalan: x; of: Status: bayad na / Status: wala\nMga item: wala");
    EXPECT_EQ(said(R"({"proof": {"at": "2026-11-22T07:00:03.851561+00:00", "reference": "2026-11-22T07:00:03.851561+00:00"}})"), "Katibayan ng bayad: Kailan: 2026-11-22 07:00:03 UTC; Reference: 2026-11-22T07:00:03.851561+00:00");
    EXPECT_EQ(said("{}"), "");
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

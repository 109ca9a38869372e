// Mails: whole links, nothing of a stranger's in them, and HTML that cannot be broken out of.
#include "domain/mails.h"

#include <gtest/gtest.h>

using namespace domain;

namespace {
constexpr const char* page = "https://agency.example/verify?token=AbC-_9";

Brand named(std::string name) { return {std::move(name), "#26346f", "https://agency.example"}; }
}

TEST(MailsLetter, TheLinkStandsOnALineOfItsOwnInTheText) {
    EXPECT_NE(verification_letter(named("Lunaxcode"), page).text.find(std::string{"\n\n"} + page + "\n\n"), std::string::npos);
    EXPECT_NE(reset_letter(named("Lunaxcode"), page).text.find(std::string{"\n\n"} + page + "\n\n"), std::string::npos);
}

TEST(MailsLetter, TheHtmlLinksToTheSameAddress) {
    for (const Letter& letter : {verification_letter(named("Lunaxcode"), page), reset_letter(named("Lunaxcode"), page)})
        EXPECT_NE(letter.html.find(std::string{"<a href=\""} + page + "\""), std::string::npos);
}

TEST(MailsLetter, NamesTheAgencyAndSaysHowLongTheLinkWorks) {
    const Letter verification = verification_letter(named("Bayani Web"), page), reset = reset_letter(named("Bayani Web"), page);
    EXPECT_EQ(verification.subject, "Confirm your e-mail address for Bayani Web");
    EXPECT_NE(verification.text.find("24 hours"), std::string::npos);
    EXPECT_EQ(reset.subject, "Choose a new password for Bayani Web");
    EXPECT_NE(reset.text.find("one hour"), std::string::npos);
}

TEST(MailsLetter, AnAgencysNameIsTextInHtml) {
    const Letter letter = reset_letter(named("A&B <script>\"x\"</script>"), page);
    EXPECT_EQ(letter.html.find("<script>"), std::string::npos);
    EXPECT_NE(letter.html.find("A&amp;B &lt;script&gt;&quot;x&quot;&lt;/script&gt;"), std::string::npos);
    EXPECT_NE(letter.text.find("A&B <script>"), std::string::npos);
}

TEST(MailsLetter, ASubjectIsOneLineWhateverTheAgencyIsCalled) {
    const Letter letter = verification_letter(named("Evil\r\nBcc: everybody@example.test"), page);
    EXPECT_EQ(letter.subject.find_first_of("\r\n"), std::string::npos);
}

TEST(MailsAddress, IsTheInstallationsUnlessTheHostIsTheTenantsOwn) {
    EXPECT_EQ(site_address("https://agency.example", ""), "https://agency.example");
    EXPECT_EQ(site_address("https://agency.example", "other.example"), "https://other.example");
    EXPECT_EQ(site_address("http://127.0.0.1:8080", "other.example.test"), "http://other.example.test:8080");
    EXPECT_EQ(site_address("http://[::1]:8080/sub", "other.example"), "http://other.example:8080/sub");
}

TEST(MailsAddress, TheHostOfAnAddressIsWithoutItsPort) {
    EXPECT_EQ(host_in("https://agency.example"), "agency.example");
    EXPECT_EQ(host_in("http://127.0.0.1:8080/x"), "127.0.0.1");
    EXPECT_EQ(host_in("http://[::1]:8080"), "[::1]");
}

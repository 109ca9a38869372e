// Notices: every kind has words, none says what it does not know, and links lead to our own pages.
#include "domain/notices.h"

#include <gtest/gtest.h>

using namespace domain;
using core::Json;

namespace {

constexpr const char* kinds[] = {"plan-ready",       "plan-failed",     "message",        "payment-received",  "payment-due", "payment-rejected", "payment-refunded",
                                 "proof-submitted",  "project-created", "project-status", "project-completed", "file-uploaded", "a-kind-of-tomorrow"};

const Brand brand{"Bayani", "#26346f", "https://bayani.example"};
Reader reader(bool staff = false) { return {"Juana", "https://bayani.example/account", "https://bayani.example/unsubscribe", staff}; }
Notice notice(const char* kind, const char* data = "{}") { return {1, 7, kind, "A page", Json::parse(data)}; }
Letter letter(const char* kind, const char* data = "{}", bool staff = false) { return notice_letter(brand, reader(staff), {notice(kind, data)}, false); }

}  // namespace

TEST(Notices, EveryKindHasASubjectAGreetingAndAWayOn) {
    for (const char* kind : kinds)
        for (const bool staff : {false, true}) {
            const Letter made = letter(kind, "{}", staff);
            EXPECT_NE(made.subject.find("A page"), std::string::npos) << kind;
            EXPECT_TRUE(made.text.starts_with("Hello Juana,\n\n")) << kind;
            EXPECT_NE(made.text.find("https://bayani.example/projects/7"), std::string::npos) << kind;
            const bool indented = std::string_view{kind} == "message";  // what somebody wrote
            EXPECT_EQ(made.text.find(indented ? "     " : "  "), std::string::npos) << kind << ": a word is missing in\n" << made.text;
            EXPECT_EQ(made.text.find(" ."), std::string::npos) << kind << ": a word is missing in\n" << made.text;
        }
}

TEST(Notices, MoneyIsInCentavosAndWrittenInPesos) {
    const Letter made = letter("payment-received", R"({"amount": 750050, "part": "deposit", "method": "gcash", "receipt": "R-1", "remaining": 0})");
    EXPECT_EQ(made.subject, "We received ₱7,500.50 for A page");
    EXPECT_NE(made.text.find("Amount: ₱7,500.50\nPaid by: GCash\nReceipt: R-1\n"), std::string::npos) << made.text;
    EXPECT_EQ(made.text.find("Still to be paid"), std::string::npos);
}

TEST(Notices, DataOfAnotherTypeIsLeftOut) {
    const Letter made = letter("payment-due", R"({"amount": "7500", "part": 1, "due": ["x"], "reason": null})");
    EXPECT_EQ(made.subject, "The payment for A page is due");
    EXPECT_EQ(made.text.find("7500"), std::string::npos);
}

TEST(Notices, APathLeadsToOurOwnPagesOnly) {
    EXPECT_NE(letter("payment-due", R"({"path": "/projects/7/payment?part=deposit"})").text.find("https://bayani.example/projects/7/payment?part=deposit\n"), std::string::npos);
    for (const char* evil : {R"({"path": "//evil.example"})", R"({"path": "https://evil.example"})", R"({"path": "/\\evil.example"})", R"({"path": "/x\nhttps://evil.example"})"})
        EXPECT_EQ(letter("payment-due", evil).text.find("evil"), std::string::npos) << evil;
}

TEST(Notices, MessagesAboutOneProjectAreOneMail) {
    std::vector<Notice> three(3, notice("message", R"({"author": "Maria", "excerpt": "One\nTwo"})"));
    const Letter made = notice_letter(brand, reader(), three, false);
    EXPECT_EQ(made.subject, "3 new messages about A page");
    EXPECT_NE(made.text.find("Maria:\n    One\n    Two\n"), std::string::npos) << made.text;
    EXPECT_NE(made.html.find("One<br>Two"), std::string::npos);
}

TEST(Notices, FilesThatFollowOneAnotherAreOneMail) {
    std::vector<Notice> files(3, notice("file-uploaded", R"({"author": "Maria", "name": "menu.pdf"})"));
    const Letter made = notice_letter(brand, reader(), files, false);
    EXPECT_EQ(made.subject, "3 new files for A page");
    EXPECT_NE(made.text.find("Maria added menu.pdf.\n\nMaria added menu.pdf.\n\n"), std::string::npos) << made.text;
}

TEST(Notices, ADigestIsByProjectAndNeverEndless) {
    std::vector<Notice> many;
    for (int i = 0; i < 90; ++i) many.push_back({i, i % 2 + 1, "file-uploaded", i % 2 ? "Second" : "First", Json::parse(R"({"author": "Maria", "name": "menu.pdf"})")});
    const Letter made = notice_letter(brand, reader(), many, true);
    EXPECT_NE(made.subject.find("90 pieces of news"), std::string::npos);
    EXPECT_LT(made.text.find("First\n-----"), made.text.size());
    EXPECT_NE(made.text.find("and 50 more"), std::string::npos);
    EXPECT_EQ(made.text.find("Second"), std::string::npos) << "the first forty are the first project's";
}

TEST(Notices, ASignatureIsOfEachPart) {
    const std::string good = unsubscribe_signature("key", "tenant", "user", "topic");
    EXPECT_EQ(good.size(), 64U);
    for (const auto& other : {unsubscribe_signature("kez", "tenant", "user", "topic"), unsubscribe_signature("key", "tenans", "user", "topic"),
                              unsubscribe_signature("key", "tenant", "users", "topic"), unsubscribe_signature("key", "tenant", "user", "topi"),
                              unsubscribe_signature("key", "tenant", "topic", "user")})
        EXPECT_NE(other, good);
}

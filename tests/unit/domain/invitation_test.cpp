// Invitations: whose words are mailed to whom.
#include "domain/invitation.h"

#include <gtest/gtest.h>

#include "domain/mails.h"

using namespace domain;

namespace {

const Brand brand{"Bayani & Sons", "#26346f", "https://bayani.example"};
const Offer to_work{"new@example.test", "member", {}, {}, {}};
const Offer to_follow{"new@example.test", "client", 7, "Buy now at evil.example", "view"};

Person from(const char* role) { return {"u", "Win at evil.example", "ana@example.test", true, role, 1}; }

bool says(const Letter& letter, std::string_view words) { return (letter.subject + letter.text + letter.html).find(words) != std::string::npos; }

}  // namespace

TEST(Invitation, WhoWorksHereIsNamed) {
    const Letter letter = invitation_letter(brand, to_work, from("admin"), "https://bayani.example/invitation?token=t", 7);
    EXPECT_TRUE(says(letter, "Win at evil.example invites you to work at Bayani & Sons, as a member of the team."));
    EXPECT_TRUE(says(letter, "within 7 days."));
    EXPECT_NE(letter.html.find("https://bayani.example/invitation?token=t"), std::string::npos);
    EXPECT_TRUE(says(invitation_letter(brand, to_work, from("admin"), "https://x/", 1), "within one day."));
}

TEST(Invitation, AClientsOwnWordsAreMailedToNobody) {
    const Letter letter = invitation_letter(brand, to_follow, from("client"), "https://bayani.example/invitation?token=t", 7);
    EXPECT_FALSE(says(letter, "evil.example"));
    EXPECT_TRUE(says(letter, "ana@example.test invites you to a project at Bayani & Sons"));
    EXPECT_TRUE(says(invitation_letter(brand, to_follow, from("staff"), "https://x/", 7), "“Buy now at evil.example”"));
}

TEST(Invitation, AnOwnersMailHasThePasswordsLinkOnlyWhereOneIsNeeded) {
    EXPECT_TRUE(says(owner_letter(brand, "t0ken"), "https://bayani.example/reset?token=t0ken"));
    EXPECT_FALSE(says(owner_letter(brand, ""), "/reset"));
    EXPECT_TRUE(says(owner_letter(brand, ""), "https://bayani.example/login"));
}

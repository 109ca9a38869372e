// Accounts: which networks limits count, and which passwords are taken.
#include "domain/account.h"

#include <gtest/gtest.h>
#include <time.h>

#include "core/crypto.h"

using namespace domain;

TEST(AccountNetwork, AnIpv4AddressCountsByItself) {
    EXPECT_EQ(network_of("203.0.113.7"), "203.0.113.7");
    EXPECT_NE(network_of("203.0.113.7"), network_of("203.0.113.8"));
}

TEST(AccountNetwork, OneHouseholdsIpv6AddressesCountTogether) {
    EXPECT_EQ(network_of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    EXPECT_EQ(network_of("2001:DB8:1:2::9"), network_of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    EXPECT_NE(network_of("2001:db8:1:2::9"), network_of("2001:db8:1:3::9"));
}

TEST(AccountNetwork, AnIpv4AddressInIpv6ClothesIsTheSameVisitor) {
    EXPECT_EQ(network_of("::ffff:203.0.113.7"), network_of("203.0.113.7"));
    EXPECT_EQ(address_of("::ffff:203.0.113.7"), "203.0.113.7");
}

TEST(AccountNetwork, TheAddressItselfIsKeptWhole) { EXPECT_EQ(address_of("2001:db8::0:1"), "2001:db8::1"); }

TEST(AccountNetwork, WhatIsNoAddressGivesNothing) {
    for (const char* text : {"", "unix:", "203.0.113", "203.0.113.7.9", "203.0.113.7, 10.0.0.1", "fe80::1%eth0", "' or 1=1", "::1/64"}) {
        EXPECT_FALSE(address_of(text)) << text;
        EXPECT_FALSE(network_of(text)) << text;
    }
}

namespace {

core::Fields faults(const std::string& json, core::Length length) {
    core::Form form{core::Json::parse(json)};
    read_password(form, length);
    try {
        form.check();
    } catch (const core::Error& error) {
        return error.fields;
    }
    return {};
}

}  // namespace

TEST(AccountPassword, IsTakenAsItIs) {
    core::Form form{core::Json::parse(R"({"password":"  with spaces \t"})")};
    EXPECT_EQ(read_password(form, new_password), "  with spaces \t");
    EXPECT_TRUE(form.right());
}

TEST(AccountPassword, LengthCountsCharactersNotBytes) {
    EXPECT_TRUE(faults(R"({"password":"ñññññ"})", new_password).contains("password"));
    EXPECT_TRUE(faults(R"({"password":"ñññññññññ"})", new_password).contains("password"));
    EXPECT_TRUE(faults(R"({"password":"ññññññññññ"})", new_password).empty());
    EXPECT_TRUE(faults(R"({"password":")" + std::string(200, 'x') + R"("})", new_password).empty());
    EXPECT_TRUE(faults(R"({"password":")" + std::string(201, 'x') + R"("})", new_password).contains("password"));
    EXPECT_TRUE(faults(R"({"password":"short"})", any_password).empty());
}

TEST(AccountPassword, WhatIsNoTextIsAFault) {
    for (const char* json : {"{}", R"({"password":null})", R"({"password":1234567890})", R"({"password":["long enough"]})", R"({"password":""})"})
        EXPECT_TRUE(faults(json, any_password).contains("password")) << json;
}

TEST(AccountOpens, OnlyTheRightPasswordOfALivingAccount) {
    Account account{"id", "ana@example.test", core::hash_password("correct horse"), false};
    EXPECT_TRUE(opens(account, "correct horse"));
    EXPECT_FALSE(opens(account, "correct horse "));
    EXPECT_FALSE(opens(std::nullopt, "correct horse"));
    account.disabled = true;
    EXPECT_FALSE(opens(account, "correct horse"));
    EXPECT_FALSE(opens(Account{"id", "ana@example.test", "", false}, ""));
}

// Seconds of the processor that this thread has had: what else the machine does is not in them.
static double own_time() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// An account that is not there, is disabled, has no password or a hash of another kind costs a whole argon2id all the same.
TEST(AccountOpens, TakesAsLongWhereThereIsNothingToOpen) {
    const auto seconds = [](const std::optional<Account>& account) {
        double best = 1e9;
        for (int i = 0; i < 3; ++i) {
            const double begin = own_time();
            opens(account, "guess");
            best = std::min(best, own_time() - begin);
        }
        return best;
    };
    const double real = seconds(Account{"id", "a@example.test", core::hash_password("correct horse"), false});
    EXPECT_GT(seconds(std::nullopt), real / 3);
    EXPECT_GT(seconds(Account{"id", "a@example.test", core::hash_password("correct horse"), true}), real / 3);
    EXPECT_GT(seconds(Account{"id", "a@example.test", "", false}), real / 3);
    EXPECT_GT(seconds(Account{"id", "a@example.test", "$2a$10$abcdefghijklmnopqrstuv", false}), real / 3);
}

TEST(AccountHash, IsOutdatedWhenItsLimitsAreNotOurs) {
    EXPECT_FALSE(core::outdated(core::hash_password("correct horse")));
    EXPECT_TRUE(core::outdated("$argon2id$v=19$m=4096,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY"));
    EXPECT_TRUE(core::outdated("$2a$10$abcdefghijklmnopqrstuv"));
}

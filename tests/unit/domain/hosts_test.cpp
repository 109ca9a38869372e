// Hosts: what may be typed as one, and the mails about one that is asked for.
#include "domain/hosts.h"

#include <gtest/gtest.h>

using namespace domain;

namespace {

std::optional<std::string> typed(const char* json) {
    core::Form form{core::Json::parse("{}")};
    const auto host = host_of(form, "host", core::Json::parse(std::string{"["} + json + "]")[0]);
    EXPECT_EQ(host.has_value(), form.right()) << json;
    return host;
}

bool says(const Letter& letter, std::string_view words) { return letter.text.find(words) != std::string::npos && letter.html.find(escaped(words)) != std::string::npos; }

}  // namespace

TEST(Hosts, AHostIsKeptInSmallLettersWithoutSpacesAround) {
    EXPECT_EQ(typed(R"("  WWW.Agency.Example ")"), "www.agency.example");
    EXPECT_EQ(typed(R"("[::1]")"), "[::1]");
}

TEST(Hosts, WhatCanBeNoHostIsRefused) {
    for (const char* wrong : {"\"\"", "7", "null", R"("https://a.example")", R"("a b")", R"("a.example/x")", R"("x'y")", R"("a\"b")", R"("ä.example")"}) EXPECT_FALSE(typed(wrong)) << wrong;
    EXPECT_FALSE(typed(('"' + std::string(254, 'a') + '"').c_str()));
}

TEST(Hosts, AnArrayIsAsPostgresqlWritesOne) { EXPECT_EQ(array_of_hosts({"a.example", "[::1]"}), R"({"a.example","[::1]"})"); }

TEST(Hosts, EachMailNamesTheDomainInItsReadersLanguage) {
    Brand brand{"Bayani & Sons", "#26346f", "https://bayani.example"};
    EXPECT_TRUE(says(host_asked_letter(brand, "Bayani & Sons", "b.example"), "Bayani & Sons asks for the domain b.example."));
    EXPECT_TRUE(says(host_asked_letter(brand, "B", "b.example"), "https://bayani.example/platform?status=asking"));
    EXPECT_TRUE(says(host_given_letter(brand, "b.example", "https://b.example"), "https://b.example"));
    EXPECT_TRUE(says(host_declined_letter(brand, "b.example", "It leads <elsewhere>."), "It leads <elsewhere>."));
    brand.language = "fil";
    for (const Letter& letter : {host_asked_letter(brand, "B", "b.example"), host_given_letter(brand, "b.example", "https://b.example"), host_declined_letter(brand, "b.example", "Hindi.")})
        for (const char* english : {"The ", "You ", "Look", "Open", " asks "}) EXPECT_EQ(letter.text.find(english), std::string::npos) << english << " in\n" << letter.text;
}

// Money: centavos for people and from people, halves without a centavo lost.
#include "domain/money.h"

#include <gtest/gtest.h>

#include <limits>

using namespace domain;

TEST(Money, IsWrittenInGroupsOfThreeWithItsCentavos) {
    EXPECT_EQ(pesos(0), "₱0.00");
    EXPECT_EQ(pesos(5), "₱0.05");
    EXPECT_EQ(pesos(750'000), "₱7,500.00");
    EXPECT_EQ(pesos(99'950), "₱999.50");
    EXPECT_EQ(pesos(123'456'789), "₱1,234,567.89");
    EXPECT_EQ(pesos(-2'050), "−₱20.50");
    EXPECT_EQ(pesos(std::numeric_limits<std::int64_t>::min()), "−₱92,233,720,368,547,758.08");
}

TEST(Money, IsReadAsPeopleTypeIt) {
    for (const char* typed : {"7500", "7,500", "7500.0", "7,500.00", "₱7,500.00", " ₱ 7500 ", "PHP 7,500", "P7500.00", "007500"})
        EXPECT_EQ(read_pesos(typed), 750'000) << typed;
    EXPECT_EQ(read_pesos("0.05"), 5);
    EXPECT_EQ(read_pesos("12.5"), 1'250);
    EXPECT_EQ(read_pesos("1,234,567.89"), 123'456'789);
}

TEST(Money, WhatIsNoAmountIsNotGuessedAt) {
    for (const char* typed : {"", " ", "₱", "seven", "-5", "+5", "7.505", "7.", ".50", "75,00", "7,5000", ",500", "7,,500", "7500,", "1,23,456", "1e5", "7 500", "0x10",
                              "7.5.0", "99999999999999999999", "9,999,999,999.99", "½"})
        EXPECT_EQ(read_pesos(typed), std::nullopt) << typed;
}

TEST(Money, WrittenAndReadAgainIsTheSame) {
    for (std::int64_t centavos = 0; centavos < most_centavos; centavos = centavos * 3 + 7) EXPECT_EQ(read_pesos(pesos(centavos)), centavos) << centavos;
    EXPECT_EQ(read_pesos(pesos(most_centavos)), most_centavos);
}

TEST(Money, HalvesAddUpAndTheOddCentavoIsInTheBalance) {
    for (const std::int64_t price : {0LL, 1LL, 2LL, 3LL, 1'500'000LL, 1'234'501LL, 99'999'999'999LL}) {
        const Halves parts = halves(price);
        EXPECT_EQ(parts.deposit + parts.balance, price);
        EXPECT_EQ(parts.balance - parts.deposit, price % 2);
    }
}

TEST(Money, AnAmountInARequestIsCentavosAsANumberAndPesosAsText) {
    const auto read = [](const char* json, bool right) {
        core::Form form{core::Json::parse(json)};
        const auto amount = amount_field(form, "amount");
        EXPECT_EQ(form.right(), right) << json;
        return amount;
    };
    EXPECT_EQ(read(R"({"amount":750000})", true), 750'000);
    EXPECT_EQ(read(R"({"amount":"7,500"})", true), 750'000);
    for (const char* wrong : {"{}", R"({"amount":0})", R"({"amount":-1})", R"({"amount":"0"})", R"({"amount":null})", R"({"amount":[1]})", R"({"amount":75.5})",
                              R"({"amount":9999999999999})"})
        read(wrong, false);
}

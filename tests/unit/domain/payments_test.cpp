// Payments: what a report from outside may do to a payment, in whatever order and number it comes.
#include "domain/payments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

using namespace domain;
using Outcome = Verdict::Outcome;
using Kind = Report::Kind;

namespace {

Payment open_payment() {
    Payment payment;
    payment.id = 7;
    payment.amount = 750'000;
    payment.attempt_at = 1'000;
    payment.status = "processing";
    payment.stage = "open";
    payment.intent = "pi_ours";
    return payment;
}

Report told(Kind kind, std::int64_t amount = 750'000) {
    Report report;
    report.kind = kind;
    report.id = "pay_1";
    report.currency = "PHP";
    report.intent = "pi_ours";
    report.amount = amount;
    report.at = 2'000;
    return report;
}

// What the worker does with a verdict.
Outcome apply(Payment& payment, const Report& report) {
    const Verdict verdict = judge(payment, report);
    if (verdict.outcome == Outcome::credited) {
        payment.status = "succeeded";
        payment.stage = "paid";
        payment.credited_as = report.id;
    } else if (verdict.outcome == Outcome::failed) {
        payment.status = payment.stage = "failed";
    }
    return verdict.outcome;
}

}  // namespace

TEST(PaymentJudgement, TheVeryAmountInPesosForTheVeryIntentIsCreditedOnce) {
    Payment payment = open_payment();
    EXPECT_EQ(apply(payment, told(Kind::paid)), Outcome::credited);
    EXPECT_EQ(apply(payment, told(Kind::paid)), Outcome::repeated);
}

TEST(PaymentJudgement, AnotherAmountCurrencyOrIntentIsHeldWithAReason) {
    std::vector<Report> wrong(5, told(Kind::paid));
    wrong[0].amount -= 1;
    wrong[1].amount += 1;
    wrong[2].amount = 0;
    wrong[3].currency = "USD";
    wrong[4].intent = "pi_of_another";
    for (const Report& report : wrong)
        for (const char* status : {"processing", "failed", "succeeded"}) {
            Payment payment = open_payment();
            payment.status = status;
            const Verdict verdict = judge(payment, report);
            EXPECT_EQ(verdict.outcome, Outcome::held);
            EXPECT_FALSE(verdict.why.empty());
        }
}

TEST(PaymentJudgement, ASecondPaymentOfTheSameIntentIsHeld) {
    Payment payment = open_payment();
    apply(payment, told(Kind::paid));
    Report second = told(Kind::paid);
    second.id = "pay_2";
    EXPECT_EQ(judge(payment, second).outcome, Outcome::held);
}

TEST(PaymentJudgement, MoneyThatComesAfterAFailureIsCredited) {
    Payment payment = open_payment();
    EXPECT_EQ(apply(payment, told(Kind::failed)), Outcome::failed);
    EXPECT_EQ(apply(payment, told(Kind::failed)), Outcome::repeated);
    EXPECT_EQ(apply(payment, told(Kind::paid)), Outcome::credited);
}

TEST(PaymentJudgement, AFailureAfterTheMoneyOrOlderThanTheLastTryIsNoNews) {
    Payment payment = open_payment();
    Report old = told(Kind::failed);
    old.at = 999;
    EXPECT_EQ(judge(payment, old).outcome, Outcome::ignored);
    payment.stage = "starting";
    EXPECT_EQ(judge(payment, told(Kind::failed)).outcome, Outcome::ignored);
    payment = open_payment();
    apply(payment, told(Kind::paid));
    EXPECT_EQ(judge(payment, told(Kind::failed)).outcome, Outcome::ignored);
}

TEST(PaymentJudgement, AReportWithoutAnIntentIsForWhoeverItsMetadataNamed) {
    Report report = told(Kind::paid);
    report.intent.clear();
    EXPECT_EQ(judge(open_payment(), report).outcome, Outcome::credited);
    Payment early = open_payment();
    early.intent.clear();
    EXPECT_EQ(judge(early, told(Kind::paid)).outcome, Outcome::credited);
}

TEST(PaymentJudgement, RefundsAreForPeopleAndWhatIsUnknownIsLeft) {
    EXPECT_EQ(judge(open_payment(), told(Kind::refunded)).outcome, Outcome::held);
    EXPECT_EQ(judge(open_payment(), told(Kind::other)).outcome, Outcome::ignored);
}

TEST(PaymentJudgement, InAnyOrderAndNumberExactlyOneReportCredits) {
    std::mt19937 random{20261121};
    for (int round = 0; round < 2'000; ++round) {
        std::vector<Report> reports;
        for (int i = 0; i < 3; ++i) reports.push_back(told(Kind::paid));
        for (int i = 0; i < 4; ++i) {
            reports.push_back(told(Kind::failed));
            reports.back().at = static_cast<std::int64_t>(random() % 2'000);
        }
        reports.push_back(told(Kind::paid, 750'000 + 1 + static_cast<std::int64_t>(random() % 1'000)));
        reports.push_back(told(Kind::other));
        std::shuffle(reports.begin(), reports.end(), random);
        Payment payment = open_payment();
        const auto credits = std::count_if(reports.begin(), reports.end(), [&](const Report& r) { return apply(payment, r) == Outcome::credited; });
        ASSERT_EQ(credits, 1);
        ASSERT_EQ(payment.status, "succeeded");
    }
}

// Payments: what a report from outside means for a payment of ours, and the statements that change money.
// judge() is pure; statements run in a transaction of the tenant that holds the payment's row (FOR UPDATE).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "core/db.h"
#include "domain/jobs.h"

namespace domain {

// A payment's row as far as judging needs it.
struct Payment {
    std::int64_t id = 0, project = 0, amount = 0;  // centavos
    std::int64_t attempt_at = 0;                   // when the client last began to pay; seconds since 1970
    std::string status, stage, intent, checkout, credited_as;  // credited_as: the ledger's external id
    bool succeeded() const { return status == "succeeded"; }
};

// What an event, or PayMongo when asked, tells of a payment.
struct Report {
    enum class Kind { paid, failed, refunded, other } kind = Kind::other;
    std::string id, currency, intent, said, method;  // id: pay_…; intent: pi_… or cs_…, empty: not told; method: what it was paid with
    std::int64_t amount = 0;
    std::int64_t at = 0;  // seconds since 1970; 0: not told
};

struct Verdict {
    enum class Outcome { credited, repeated, failed, held, ignored } outcome = Outcome::ignored;
    std::string why;  // of failed: for the client; of held: for the agency
};
const char* name_of(Verdict::Outcome outcome);

// Money is credited once, only for the very amount in pesos and the very intent; whatever else says "paid" is held for people.
// A failure that is older than the client's last try, or comes after the money, is ignored.
Verdict judge(const Payment& payment, const Report& report);

// Two statements: what one reads beside a row that it had to wait for is as old as its beginning.
core::Query lock_payment(std::int64_t payment);
core::Query find_payment(std::int64_t payment);
Payment read_payment(const core::Row& row);

// Ledger, receipt, the payment's own words and the notices about it, in one statement; no row where it was credited before.
// actor: a user's id, or "paymongo". method: what PayMongo says that it was paid with, which on its own page is for the client
// to choose; empty, or no word of ours: as it was begun. Answers the receipt's number.
core::Query credit(std::int64_t payment, std::string_view external_id, std::string_view actor, std::string_view method = {});
core::Query fail_payment(std::int64_t payment, std::string_view why);
core::Query hold_payment(std::int64_t payment, std::string_view why);

}  // namespace domain

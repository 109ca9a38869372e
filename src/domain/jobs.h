// Jobs: work that outlives a request, in public.jobs and public.outbox, claimed under a lease that a fence guards.
// Routes need nothing of this: they call the SQL functions enqueue(), tell_client() and the like in their own transaction.
// Functions use the Db of the calling thread and throw what core::Db throws.
#pragma once
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/db.h"
#include "core/mail.h"

namespace domain {

// A claim is the claimer's for this long after it was last renewed; then anybody may take it over.
inline constexpr std::chrono::seconds lease{12};

struct Claim {
    std::int64_t id, fence;
    int attempts;        // this one counts
    std::string tenant;  // empty: mail of the installation itself
};

struct Job : Claim {
    int most_attempts;
    std::string kind, payload;  // JSON
};

struct MailClaim : Claim {
    core::Mail mail;  // without its sender
    std::string from_name, from_address;  // the tenant's own; empty: MAIL_FROM's
};

struct Due {
    bool jobs, mail;                 // something can be claimed now
    std::chrono::milliseconds next;  // until something else can be, by what is known now; a day when nothing is
};

Due look(core::Db& db);  // one statement: this is what an idle worker asks
// At most `most`, the tenants with the fewest running jobs first, each tenant's in order; expired leases before all.
std::vector<Job> claim_jobs(core::Db& db, std::string_view worker, int most);
std::vector<MailClaim> claim_mail(core::Db& db, int most);
// Renews leases; the ids that are still the caller's.
std::vector<std::int64_t> renew_jobs(core::Db& db, std::span<const Claim> claims);
std::vector<std::int64_t> renew_mail(core::Db& db, std::span<const Claim> claims);

// What becomes of a job. Each is the entry of a transaction, whose statements then take effect only while the claim is
// still the caller's: else they raise, and lease_lost() knows the error.
core::Query hold(const Claim& job);  // and keeps others from taking it over until the transaction ends
core::Query finish(const Claim& job);
core::Query fail(const Claim& job, std::string_view why);
core::Query put_off(const Claim& job, std::chrono::milliseconds delay, int attempts, std::string_view why);
core::Query hand_back(const Claim& job);  // queued at once; the attempt does not count
bool lease_lost(const core::Error& error);

// What becomes of a mail; false when the claim was not the caller's any more.
bool sent(core::Db& db, const Claim& mail);
bool mail_failed(core::Db& db, const Claim& mail, std::string_view why);
bool put_mail_off(core::Db& db, const Claim& mail, std::chrono::milliseconds delay, std::string_view why);
bool hand_mail_back(core::Db& db, const Claim& mail);

// Deletes jobs that ended, and mail that was sent, more than 30 days ago (its links are dead, its words are private), and
// PayMongo's events of nobody's payment after 90.
// Failed mail stays. A few thousand rows a call; true when there may be more.
bool forget_old(core::Db& db);

// first × 2^(attempts-1), × 0.75..1.25 by `chance` in 0..1, at most `most`; but `least` or up to a tenth more where that is larger.
std::chrono::milliseconds back_off(int attempts, std::chrono::milliseconds first, std::chrono::milliseconds most,
                                   std::chrono::milliseconds least, double chance);

}  // namespace domain

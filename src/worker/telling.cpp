// Telling: one notice's job and what becomes of it.
#include "worker/telling.h"

#include "core/json.h"
#include "core/log.h"
#include "domain/notices.h"

namespace worker {
namespace {

using namespace std::chrono_literals;
using core::Level;

constexpr int most_attempts = 20;  // 2 s, 4 s … ten minutes: two hours and a half

void note(Level level, const char* event, const domain::Job& job, std::string_view why) {
    core::log(level, event, {{"job", job.id}, {"tenant", job.tenant}, {"attempt", job.attempts}, {"why", why}});
}

void settle(Desk& desk, const core::Query& end) {
    desk.persist([&](core::Db& db) {
        core::Transaction transaction{db, "", end};
        transaction.entered();
        transaction.commit();
        return true;
    });
}

void tell_once(const domain::Job& job, Desk& desk) {
    const auto payload = core::Json::try_parse(job.payload);
    const std::int64_t notice = payload ? (*payload)["notice"].integer() : 0;
    const auto told = desk.databases.with([&](core::Db& db) { return domain::tell(db, job, notice, desk.config); });
    if (told == domain::Told::mailed) note(Level::info, "notice written", job, "");
    if (told == domain::Told::waits_for_verification) note(Level::debug, "notice waits", job, "the address is not verified yet");
}

}  // namespace

void tell(const domain::Job& job, Desk& desk) noexcept {
    try {
        try {
            tell_once(job, desk);
        } catch (const core::Error& error) {
            if (domain::lease_lost(error)) return;
            const bool last = job.attempts >= most_attempts;
            note(last ? Level::error : Level::warn, last ? "notice failed" : "notice put off", job, error.what());
            settle(desk, last ? domain::fail(job, error.what())
                                   : domain::put_off(job, domain::back_off(job.attempts, 2s, 10min, 0s, chance()), job.attempts, error.what()));
        }
    } catch (const std::exception& error) {  // the lease runs out, and somebody takes over
        note(Level::error, "notice left", job, error.what());
    }
}

}  // namespace worker

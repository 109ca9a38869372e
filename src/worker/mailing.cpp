// Mailing: one delivery and what becomes of its row.
#include "worker/mailing.h"

#include "core/log.h"
#include "gateways/mail.h"

namespace worker {
namespace {

using namespace std::chrono_literals;
using core::Level;

// 5 s, 10 s … an hour: two days in all. The links in our mails are dead by then.
constexpr int most_attempts = 58;

// The tenant's name over the installation's address, unless the tenant has one of its own.
core::Mail addressed(const domain::MailClaim& letter, const core::Config& config) {
    core::Mail mail = letter.mail;
    if (letter.from_name.empty() && letter.from_address.empty()) return mail;
    const std::string address = letter.from_address.empty() ? core::bare_address(config.mail_from) : letter.from_address;
    mail.from = letter.from_name.empty() ? address : letter.from_name + " <" + address + ">";
    return mail;
}

void settle(const domain::MailClaim& letter, Desk& desk) {
    const gateways::Delivery delivery = gateways::deliver(desk.config, desk.fetcher, addressed(letter, desk.config), letter.id);
    const auto note = [&](Level level, const char* event) {
        core::log(level, event, {{"mail", letter.id}, {"tenant", letter.tenant}, {"attempt", letter.attempts}, {"why", delivery.why}});
    };
    const auto write = [&](auto change) { desk.persist([&](core::Db& db) { return change(db); }); };
    if (delivery.done) {
        write([&](core::Db& db) { return domain::sent(db, letter); });
        note(Level::info, "mail sent");
    } else if (desk.stopping) {
        write([&](core::Db& db) { return domain::hand_mail_back(db, letter); });
    } else if (delivery.permanent || letter.attempts >= most_attempts) {
        write([&](core::Db& db) { return domain::mail_failed(db, letter, delivery.why); });
        note(Level::error, "mail failed");
    } else {
        const auto delay = domain::back_off(letter.attempts, 5s, 1h, 0s, chance());
        write([&](core::Db& db) { return domain::put_mail_off(db, letter, delay, delivery.why); });
        note(Level::warn, "mail put off");
    }
}

}  // namespace

void post(const domain::MailClaim& letter, Desk& desk) noexcept {
    try {
        settle(letter, desk);
    } catch (const std::exception& error) {  // its lease runs out, and it is tried again under the same Message-ID
        core::log(Level::error, "mail left", {{"mail", letter.id}, {"tenant", letter.tenant}, {"why", error.what()}});
    }
}

}  // namespace worker

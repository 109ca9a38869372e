// Mailing: delivers one mail of the outbox.
#pragma once
#include "worker/desk.h"

namespace worker {

// Settles the row whatever happens: sent, put off, failed for all to see, or handed back. One thread a mail. Throws nothing.
void post(const domain::MailClaim& letter, Desk& desk) noexcept;

}  // namespace worker

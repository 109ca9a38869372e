// Mail: delivers by SMTP_URL, or as .eml files in MAIL_DIR where there is none.
#pragma once
#include <string>

#include "core/config.h"
#include "core/fetch.h"

namespace gateways {

struct Delivery {
    bool done = false;
    bool permanent = false;  // not done, and trying again is of no use
    std::string why;         // for the log and the outbox row; names no recipient
};

// mail.from is the sender, MAIL_FROM where it is empty. A mail that is delivered again keeps its Message-ID, or its file.
// The .eml file is called ID-LOCAL.eml, by the outbox row and the Message-ID, and is there as a whole or not at all.
// Throws nothing of its own; the Fetcher's thread rule is this function's.
Delivery deliver(const core::Config& config, core::Fetcher& fetcher, core::Mail mail, long long id);

}  // namespace gateways

// Notices: what people are told by mail. SQL's tell_client(), tell_staff() and tell_user() make them (sql/README.md);
// here are their words, and the mail that those of one person become.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/json.h"
#include "domain/jobs.h"
#include "domain/letter.h"

namespace domain {

struct Notice {
    std::int64_t id = 0, project = 0;  // project 0: none
    std::string kind, project_name;
    core::Json data;
};

struct Reader {
    std::string name;
    std::string preferences, unsubscribe;  // addresses
    bool staff = false;
};

// One notice, or several of one kind about one project, or the digest of a day. Unknown words in `data` are left out.
Letter notice_letter(const Brand& brand, const Reader& reader, const std::vector<Notice>& notices, bool digest);

// The signature of a link that ends mails of one topic ("digest": those that come once a day) for one person.
std::string unsubscribe_signature(std::string_view key, std::string_view tenant, std::string_view user_id, std::string_view topic);

// Writes the mail that a notice waits for, with all that go out together with it, and settles the job. Where the address is
// not verified yet the job waits. Uses the Db of the calling thread; throws what core::Db throws.
enum class Told { mailed, nothing_to_tell, waits_for_verification };
Told tell(core::Db& db, const Claim& job, std::int64_t notice, const core::Config& config);

}  // namespace domain

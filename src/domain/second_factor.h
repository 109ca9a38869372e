// Second factor: codes of an authenticator app and recovery codes, and the sign-in that waits for one. For `.platform()` routes.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/route.h"
#include "domain/account.h"
#include "domain/session.h"

namespace domain {

inline constexpr Limit second_factors{"second-factor", 6, 60, std::chrono::minutes{15}};

// What follows a right first factor, committed: a session; or the token of a step, where the account has a second factor; or
// neither, where the agency has disabled the person. The hash is as for start_session().
struct Entrance {
    enum class Outcome { inside, second_step, disabled } outcome;
    std::optional<Session> session;
    std::string step;
};
Entrance pass_first_factor(core::Call& call, const std::string& user_id, const std::optional<std::string>& password_hash,
                           const std::optional<std::string>& lead_token, const char* how);

// The rest of that sign-in, by a code of the app or a recovery code. Throws Error 401, 422 or 429.
Session pass_second_factor(core::Call& call, const std::string& step, const std::string& code);

// Offers a new secret, which counts once a code of it was given back.
std::string offer_secret(core::Call& call, const std::string& user_id);
// Nothing where the code is wrong; else the ten recovery codes, which are seen this once.
std::optional<std::vector<std::string>> confirm_secret(core::Call& call, const std::string& user_id, std::string_view code);
std::vector<std::string> new_recovery_codes(core::Call& call, const std::string& user_id);
// Takes a code of a confirmed factor, once. "code", "recovery-code", or nothing where it is wrong.
const char* take_code(core::Call& call, const std::string& user_id, const std::string& code);

const char* step_cookie(const core::Call& call);
std::string step_cookie_line(const core::Call& call, std::string_view token);  // an empty token takes the cookie away

}  // namespace domain

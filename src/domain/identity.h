// Identity: whose account a Google account is, and the round trip to Google and back. For routes that are `.platform()`.
#pragma once
#include <optional>
#include <string>

#include "core/route.h"

namespace domain {

// A sign-in that is under way at Google. Its row is used once, by the browser that began it, within ten minutes.
struct Flow {
    std::string nonce, verifier, redirect_uri, return_to;
    std::optional<std::string> lead_token;
};
// Answers the state, by which take_flow() finds it again. `browser`: what this browser keeps in a cookie.
std::string begin_flow(core::Call& call, const Flow& flow, const std::string& browser);
struct TakenFlow : Flow {
    bool ours = true;  // within its time, by the same browser, on the same agency's site
};
std::optional<TakenFlow> take_flow(core::Call& call, const std::string& state, const std::string& browser);

// Finds or makes the account of a Google account. The subject decides; an address links only where Google has verified it.
// An account whose address nobody had verified loses its password and its sessions: whoever set it may be a stranger.
struct Identified {
    enum class Outcome { right, unverified, disabled } outcome;
    std::string user_id;
};
Identified identify(core::Call& call, const std::string& subject, const std::string& email, bool verified, const std::string& name);

// A path of this site that a browser takes for nothing else; the fallback where it is none.
std::string local_path(const std::string& path, const char* fallback);

}  // namespace domain

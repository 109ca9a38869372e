// Google: signing in by OpenID Connect: discovery, the code's exchange under PKCE, and the judgement on an ID token.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/fetch.h"
#include "core/json.h"

namespace gateways {

// What Google says of somebody.
struct GooglePerson {
    std::string subject, email, name;
    bool email_verified = false;
};

// The parts of a compact JWS; nothing of them is believed yet.
struct Jwt {
    std::string key_id, signed_text, signature;
    core::Json claims;
};
struct GoogleKey {
    std::string id, modulus, exponent;  // big-endian bytes
};

// RS256 and nothing else. Nothing where it is no such token, with the reason in `why`.
std::optional<Jwt> read_jwt(std::string_view text, std::string& why);
// RSA keys for signatures; what cannot be used is left out.
std::vector<GoogleKey> read_keys(std::string_view jwks);
// What is wrong with the claims of a token whose signature holds; empty: nothing. `now` in seconds since 1970.
std::string wrong_claims(const core::Json& claims, std::string_view issuer, std::string_view client_id, std::string_view nonce, std::int64_t now);

// Keeps the discovery document and the keys for an hour. One thread owns it. Throws nothing for what Google does.
class Google {
public:
    explicit Google(const core::Config& config) : config_{config} {}

    static bool configured(const core::Config& config) { return !config.google_client_id.empty() && !config.google_client_secret.empty(); }

    // Where to send the visitor; nothing while Google is out of reach, with the reason in `why`.
    std::optional<std::string> door(const std::string& redirect_uri, const std::string& state, const std::string& nonce,
                                    const std::string& verifier, std::string& why);

    // away: no answer, or none that can be used; the visitor may try again. refused: this sign-in cannot be believed.
    enum class Outcome { right, away, refused };
    struct Answer {
        Outcome outcome = Outcome::refused;
        GooglePerson person;
        std::string why;  // for the log; holds no token and no code
    };
    Answer exchange(const std::string& code, const std::string& verifier, const std::string& redirect_uri, const std::string& nonce);

    const std::string& issuer() const { return config_.google_issuer; }

private:
    using Clock = std::chrono::steady_clock;
    bool discover(std::string& why);
    bool fetch_keys(std::string& why);
    const GoogleKey* key(const std::string& id, std::string& why);
    std::optional<core::Json> get(const std::string& url, std::string& why);

    const core::Config& config_;
    core::Fetcher fetcher_;
    std::string authorization_endpoint_, token_endpoint_, jwks_uri_;
    std::vector<GoogleKey> keys_;
    std::optional<Clock::time_point> discovered_, fetched_, tried_keys_;
};

}  // namespace gateways

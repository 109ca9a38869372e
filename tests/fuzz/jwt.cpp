// Fuzzes what Google's answers are read by: a token is what its parts say or nothing, and no made-up signature ever holds.
#include <cstdint>
#include <string>

#include "claim.h"
#include "core/crypto.h"
#include "core/signature.h"
#include "gateways/google.h"

using fuzz::claim;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto keys = gateways::read_keys(text);
    for (const auto& key : keys) {
        claim(!key.id.empty() && !key.modulus.empty() && !key.exponent.empty(), "a key is whole");
        (void)core::rs256_holds(key.modulus, key.exponent, "text", key.modulus);
    }
    // As it is, and as the two parts of a token that is otherwise well formed.
    const std::string header = core::base64url(R"({"alg":"RS256","kid":"k"})");
    for (const std::string& token : {std::string{text}, header + "." + core::base64url(text) + ".AAAA", core::base64url(text) + "." + core::base64url("{}") + "." + header}) {
        std::string why;
        const auto jwt = gateways::read_jwt(token, why);
        claim(jwt.has_value() == why.empty(), "a token is read, or the reason is said");
        if (!jwt) continue;
        claim(jwt->signed_text + "." + core::base64url(jwt->signature) == token, "the parts are the token");
        claim(!jwt->key_id.empty(), "it names its key");
        if (gateways::wrong_claims(jwt->claims, "https://issuer.example", "us", "nonce", 1'800'000'000).empty()) {
            claim(jwt->claims["iss"].text() == "https://issuer.example" && jwt->claims["nonce"].text() == "nonce", "right claims are ours");
            claim(!jwt->claims["sub"].text().empty() && jwt->claims["exp"].number() >= 1'799'999'940, "right claims name somebody, now");
        }
    }
    return 0;
}

// Crypto: passwords, tokens, digests and comparison (libsodium). Any thread may use all of it.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace core {

// 128 random bits as 22 characters of base64url: session cookies, links in mails, draft tokens.
std::string random_token();

std::string sha256(std::string_view bytes);                           // 32 bytes
// The same over bytes that come piece by piece. One thread at a time.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    void add(std::string_view bytes);
    std::string finish();  // 32 bytes; once

private:
    struct State;
    std::unique_ptr<State> state_;
};
std::string hmac_sha256(std::string_view key, std::string_view bytes);  // 32 bytes
std::string hex(std::string_view bytes);                              // lower case
std::string base64url(std::string_view bytes);                        // without padding (RFC 7515 §2)
std::optional<std::string> from_base64url(std::string_view text);     // nothing where it is not exactly that
bool equal(std::string_view a, std::string_view b);                   // constant time for equal lengths

// Secrets kept in the database, under the setting SECRET_KEY (XChaCha20-Poly1305). `context` says what and whose it is
// ("second-factor u-1"): sealed text opens under the same key and context only, so that no row can stand in for another.
bool is_secret_key(std::string_view text);  // 32 bytes, as 64 hexadecimal digits or as base64
std::string seal(std::string_view secret_key, std::string_view context, std::string_view plain);
std::optional<std::string> open_sealed(std::string_view secret_key, std::string_view context, std::string_view sealed);
std::string random_bytes(std::size_t count);

// Argon2id at libsodium's interactive limits (2 passes, 64 MiB: RFC 9106 §4 second choice is of that order).
// At most two are computed at once in a process, so that sign-ins cannot use up the machine's memory.
std::string hash_password(std::string_view password);
bool verify_password(std::string_view hash, std::string_view password);
bool outdated(std::string_view hash);  // made with other limits than hash_password's, or by another algorithm
// As long as a real verification: for an account that does not exist.
void verify_nothing(std::string_view password);

}  // namespace core

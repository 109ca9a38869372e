// Signature: RS256 (RFC 7518 §3.3) and HMAC-SHA1 by OpenSSL. Any thread may call it.
#pragma once
#include <string>
#include <string_view>

namespace core {

// Whether `signature` is RSASSA-PKCS1-v1_5 with SHA-256 of `text` under the public key of these big-endian numbers.
// False for keys below 2048 or above 8192 bits, even or too small exponents, and for whatever OpenSSL refuses.
bool rs256_holds(std::string_view modulus, std::string_view exponent, std::string_view text, std::string_view signature);

std::string hmac_sha1(std::string_view key, std::string_view text);  // 20 bytes; for RFC 6238 alone, where SHA-1 is what apps speak

}  // namespace core

// Codes by the clock; HMAC-SHA1 is OpenSSL's (signature.h).
#include "core/totp.h"

#include "core/crypto.h"
#include "core/http.h"
#include "core/signature.h"

namespace core {

std::string base32(std::string_view bytes) {
    constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string text;
    std::uint32_t held = 0;
    int bits = 0;
    for (const char byte : bytes) {
        held = (held << 8) | static_cast<unsigned char>(byte);
        for (bits += 8; bits >= 5; bits -= 5) text += letters[(held >> (bits - 5)) & 31];
    }
    if (bits > 0) text += letters[(held << (5 - bits)) & 31];
    return text;
}

std::int64_t totp_step(std::chrono::system_clock::time_point at) {
    return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count() / totp_period.count();
}

std::string totp_code(std::string_view secret, std::int64_t step) {
    std::string counter(8, '\0');
    for (int i = 7; i >= 0; --i, step >>= 8) counter[static_cast<std::size_t>(i)] = static_cast<char>(step & 0xFF);
    const std::string digest = hmac_sha1(secret, counter);
    const auto at = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(digest[i])); };
    const std::size_t offset = at(19) & 15;  // RFC 4226 §5.3
    const std::uint32_t number = ((at(offset) & 0x7F) << 24 | at(offset + 1) << 16 | at(offset + 2) << 8 | at(offset + 3)) % 1'000'000;
    const std::string digits = std::to_string(number);
    return std::string(6 - digits.size(), '0') + digits;
}

std::optional<std::int64_t> totp_match(std::string_view secret, std::string_view code, std::int64_t present) {
    std::optional<std::int64_t> found;
    for (std::int64_t step = present - 1; step <= present + 1; ++step)
        if (equal(totp_code(secret, step), code)) found = step;
    return found;
}

std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view account) {
    return "otpauth://totp/" + url_encoded(issuer) + ":" + url_encoded(account) + "?secret=" + base32(secret) + "&issuer=" + url_encoded(issuer) +
           "&algorithm=SHA1&digits=6&period=30";
}

}  // namespace core

// Totp: one-time codes of six digits by the clock (RFC 6238, HMAC-SHA1, 30 seconds), and base32 (RFC 4648 §6).
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace core {

std::string base32(std::string_view bytes);  // upper case, without padding: as authenticator apps take it

inline constexpr std::chrono::seconds totp_period{30};
std::int64_t totp_step(std::chrono::system_clock::time_point at);
std::string totp_code(std::string_view secret, std::int64_t step);

// The step that the code belongs to: the present one, the one before or the one after, as clocks differ (§5.2). Takes the
// same time whatever the code is. The caller sees to it that a step is taken once.
std::optional<std::int64_t> totp_match(std::string_view secret, std::string_view code, std::int64_t present);

// What an app reads out of a QR code (the Key URI format).
std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view account);

}  // namespace core

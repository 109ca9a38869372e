// Totp: the vectors of RFC 6238 and RFC 4648, the window of three steps; and that a QR code is drawn.
#include "core/totp.h"

#include <gtest/gtest.h>

#include "core/crypto.h"
#include "core/qr.h"
#include "core/signature.h"

using namespace core;

constexpr std::string_view secret = "12345678901234567890";

TEST(Totp, HmacSha1AsInRfc2202) {
    EXPECT_EQ(hex(hmac_sha1(std::string(20, '\x0b'), "Hi There")), "b617318655057264e28bc0b6fb378c8ef146be00");
    EXPECT_EQ(hex(hmac_sha1("Jefe", "what do ya want for nothing?")), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
    EXPECT_EQ(hex(hmac_sha1(std::string(80, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")), "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

TEST(Totp, CodesAsInRfc6238) {  // appendix B, the last six of its eight digits
    const auto at = [](std::int64_t seconds) { return totp_code(secret, seconds / totp_period.count()); };
    EXPECT_EQ(at(59), "287082");
    EXPECT_EQ(at(1111111109), "081804");
    EXPECT_EQ(at(1111111111), "050471");
    EXPECT_EQ(at(1234567890), "005924");
    EXPECT_EQ(at(2000000000), "279037");
    EXPECT_EQ(at(20000000000), "353130");
}

TEST(Totp, OneStepToEitherSideIsTakenAndNoMore) {
    const std::int64_t now = 37037036;
    for (std::int64_t off = -3; off <= 3; ++off) {
        const auto found = totp_match(secret, totp_code(secret, now + off), now);
        if (off >= -1 && off <= 1) EXPECT_EQ(found, now + off);
        else EXPECT_EQ(found, std::nullopt);
    }
    EXPECT_EQ(totp_match(secret, "", now), std::nullopt);
    EXPECT_EQ(totp_match(secret, totp_code(secret, now) + "0", now), std::nullopt);
}

TEST(Totp, Base32AsInRfc4648) {
    EXPECT_EQ(base32(""), "");
    EXPECT_EQ(base32("f"), "MY");
    EXPECT_EQ(base32("fo"), "MZXQ");
    EXPECT_EQ(base32("foo"), "MZXW6");
    EXPECT_EQ(base32("foob"), "MZXW6YQ");
    EXPECT_EQ(base32("fooba"), "MZXW6YTB");
    EXPECT_EQ(base32("foobar"), "MZXW6YTBOI");
}

TEST(Totp, TheUriOfAnAppSaysWhoAndWhere) {
    EXPECT_EQ(totp_uri("foobar", "Luna & Sons", "j@example.test"),
              "otpauth://totp/Luna%20%26%20Sons:j%40example.test?secret=MZXW6YTBOI&issuer=Luna%20%26%20Sons&algorithm=SHA1&digits=6&period=30");
}

TEST(Totp, AQrCodeHasItsThreeCornersAndAQuietZone) {
    const QrPicture picture = qr_picture("otpauth://totp/x");
    EXPECT_EQ((picture.size - 8 - 17) % 4, 0);
    EXPECT_EQ(picture.path.find("M4 4h7v1h-7z"), 0U);
    EXPECT_NE(picture.path.find("M" + std::to_string(picture.size - 11) + " 4h7v1h-7z"), std::string::npos);
    EXPECT_NE(picture.path.find("M4 " + std::to_string(picture.size - 5) + "h7v1h-7z"), std::string::npos);
    EXPECT_THROW(qr_picture(std::string(8000, 'x')), std::exception);
}

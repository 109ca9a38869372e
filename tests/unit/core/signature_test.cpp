// Signature: one that OpenSSL's own tool made, and everything near it that must not hold.
#include "core/signature.h"

#include <gtest/gtest.h>

#include "core/crypto.h"

using namespace core;

namespace {

std::string bytes(std::string_view text) { return from_base64url(text).value(); }

// `openssl dgst -sha256 -sign` made it with a key that nobody kept.
const std::string modulus = bytes(
    "wxEjd5xr8kZVwh0qIMhSog5kzuq6XJJV0tOzPXVsGg7ghJ7sG4KVfmDGiIZQ5lycgSKC9KRDWf16XfhclYGNx6RDYo22BWjWZStRWOF9yBWInrE0NVvUhB3Gz7HO2FUIUkjGtEdcpRCOts_fpaMXrD"
    "csTxfEhJ87IofRbi6kTrBqGhIcnvEdgMA8QOhhlGE6Mzb069ErzSEynUl5y2Tw8TIGOj_a9VvMHol9R-TYVV9MjUFXoy_4yYoeinkiCM2mNdtVk6J1CW4lgdckGIfYtrHTjC3Zr8wjYcI7v0vwHIZY"
    "-aDc4cYN-O0EsU3TLegyN71jYcncOBB6x9KloEcDUQ");
const std::string exponent = bytes("AQAB");
const std::string text = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsifQ.eyJzdWIiOiIxIiwibm90ZSI6Im1hZGUgd2l0aCBvcGVuc3NsIGRnc3QifQ";
const std::string signature = bytes(
    "SIru1rOegKv0MuGPye8ugvrcgCpG0Xfv_JUI0yoTHaI9yt3nGUcbEHUL7fKwsxBpbPtDjWDzg6smCsfiQf9hbiBtvgWRCQJoVMxNXyvESEJ1qGHNgfb4g5z3tSIO7lvK_WOU_08X9V_PmOcog_w8as"
    "9CdeDy2ebcFxk2Y-kJ616ME_xffaNxstl3C_BTZE-8rnwM_h9MYAiaflT7C2kYsRmZEyvHK7BP9jlm8qTx6Pm_4BlyVZIG5AsF-iVv-9SUYc93uvU-cKlyuSrzNCTFf1r_e_4FghBG6RNN_iBoufqH"
    "nRMPyIR-6dysqZnCJWpyH4gQmeyyT95Oggk8xeFW9w");

}  // namespace

TEST(Signature, HoldsForWhatWasSigned) { EXPECT_TRUE(rs256_holds(modulus, exponent, text, signature)); }

TEST(Signature, NothingElseHolds) {
    EXPECT_FALSE(rs256_holds(modulus, exponent, text + "x", signature));
    EXPECT_FALSE(rs256_holds(modulus, exponent, "", signature));
    for (std::size_t at : {std::size_t{0}, signature.size() / 2, signature.size() - 1}) {
        std::string other = signature;
        other[at] = static_cast<char>(other[at] ^ 1);
        EXPECT_FALSE(rs256_holds(modulus, exponent, text, other)) << at;
    }
    EXPECT_FALSE(rs256_holds(modulus, exponent, text, ""));
    EXPECT_FALSE(rs256_holds(modulus, exponent, text, signature.substr(1)));
    EXPECT_FALSE(rs256_holds(modulus, exponent, text, signature + '\0'));
    EXPECT_FALSE(rs256_holds(modulus, exponent, text, std::string(2000, 'x')));
    EXPECT_FALSE(rs256_holds(modulus, exponent, text, std::string(256, '\0')));
}

TEST(Signature, WeakAndMadeUpKeysAreRefused) {
    EXPECT_FALSE(rs256_holds("", exponent, text, signature));
    EXPECT_FALSE(rs256_holds(modulus, "", text, signature));
    EXPECT_FALSE(rs256_holds(modulus, std::string{"\1", 1}, text, signature)) << "an exponent of one makes anything a signature";
    EXPECT_FALSE(rs256_holds(modulus, std::string{"\2", 1}, text, signature));
    EXPECT_FALSE(rs256_holds(modulus.substr(0, 128), exponent, text, signature.substr(0, 128))) << "1,024 bits are too few";
    EXPECT_FALSE(rs256_holds(std::string(256, '\0'), exponent, text, signature));
    EXPECT_FALSE(rs256_holds(std::string(5000, '\xff'), exponent, text, signature));
    EXPECT_FALSE(rs256_holds(modulus, std::string(17, '\xff'), text, signature));
}

// Crypto: published vectors, and what tokens and passwords promise.
#include "core/crypto.h"

#include <gtest/gtest.h>

#include <set>

using namespace core;

TEST(Crypto, Sha256AsInFips180) {
    EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Crypto, HmacAsInRfc4231) {
    EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Crypto, ASealedSecretOpensUnderItsKeyAndContextOnly) {
    const std::string key(64, 'a'), other = std::string(63, 'a') + "b";
    const std::string sealed = seal(key, "second-factor u-1", "the secret");
    EXPECT_EQ(sealed.find("the secret"), std::string::npos);
    EXPECT_NE(sealed, seal(key, "second-factor u-1", "the secret"));
    EXPECT_EQ(open_sealed(key, "second-factor u-1", sealed), "the secret");
    EXPECT_EQ(open_sealed(key, "second-factor u-2", sealed), std::nullopt);
    EXPECT_EQ(open_sealed(other, "second-factor u-1", sealed), std::nullopt);
    EXPECT_EQ(open_sealed("", "second-factor u-1", sealed), std::nullopt);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
        std::string damaged = sealed;
        damaged[i] = static_cast<char>(damaged[i] ^ 1);
        EXPECT_EQ(open_sealed(key, "second-factor u-1", damaged), std::nullopt);
        EXPECT_EQ(open_sealed(key, "second-factor u-1", sealed.substr(0, i)), std::nullopt);
    }
    EXPECT_THROW(seal("", "c", "s"), std::exception);
}

TEST(Crypto, ASecretKeyIs32BytesAsHexOrBase64) {
    EXPECT_TRUE(is_secret_key("00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff"));
    EXPECT_TRUE(is_secret_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="));
    EXPECT_TRUE(is_secret_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"));
    EXPECT_TRUE(is_secret_key("__________________________________________8"));
    EXPECT_FALSE(is_secret_key(""));
    EXPECT_FALSE(is_secret_key("secret"));
    EXPECT_FALSE(is_secret_key("00112233445566778899aabbccddeeff00112233445566778899aabbccddee"));
    EXPECT_FALSE(is_secret_key(std::string(64, 'g')));
}

TEST(Crypto, ATokenIs22CharactersOfBase64UrlAndNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const std::string token = random_token();
        EXPECT_EQ(token.size(), 22U);
        EXPECT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), std::string::npos) << token;
        seen.insert(token);
    }
    EXPECT_EQ(seen.size(), 1000U);
}

TEST(Crypto, EqualComparesAllOfBoth) {
    EXPECT_TRUE(equal("", ""));
    EXPECT_TRUE(equal("abc", "abc"));
    EXPECT_FALSE(equal("abc", "abd"));
    EXPECT_FALSE(equal("abc", "abcd"));
    EXPECT_FALSE(equal("abc", ""));
    EXPECT_FALSE(equal(std::string_view{"a\0b", 3}, std::string_view{"a\0c", 3}));
}

TEST(Crypto, APasswordIsVerifiedByItsHashOnly) {
    const std::string hash = hash_password("correct horse battery staple");
    EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=65536,t=2,p=1$")) << hash;
    EXPECT_TRUE(verify_password(hash, "correct horse battery staple"));
    EXPECT_FALSE(verify_password(hash, "correct horse battery stapl"));
    EXPECT_FALSE(verify_password(hash, ""));
    EXPECT_NE(hash, hash_password("correct horse battery staple"));
}

TEST(Crypto, WhatIsNoHashVerifiesNothing) {
    for (const char* hash : {"", "plain text", "$argon2id$", "$2b$10$abcdefghijklmnopqrstuuGFvO5PQ8CGNSTO9kRzMLfFQrdHK8Oye"})
        EXPECT_FALSE(verify_password(hash, "plain text")) << hash;
}

TEST(Crypto, Base64UrlAsInRfc4648WithoutPadding) {
    EXPECT_EQ(base64url(""), "");
    EXPECT_EQ(base64url("f"), "Zg");
    EXPECT_EQ(base64url("foobar"), "Zm9vYmFy");
    EXPECT_EQ(base64url("\xfb\xff"), "-_8");
    for (const std::string& bytes : {std::string{}, std::string{"f"}, std::string("\0\xff\0", 3), std::string(1000, '\xfe')})
        EXPECT_EQ(from_base64url(base64url(bytes)), bytes);
    for (const char* wrong : {"Z", "Zg==", "Zh", "Zg\n", " Zg", "+/8", "Zg.Zg", "c2l\xee"}) EXPECT_FALSE(from_base64url(wrong)) << wrong;
}

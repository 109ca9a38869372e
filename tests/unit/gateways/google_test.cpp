// Google: what a token must be before anybody is believed to be somebody.
#include "gateways/google.h"

#include <gtest/gtest.h>

#include "core/crypto.h"

using namespace gateways;
using core::base64url;
using core::Json;

namespace {

constexpr std::int64_t now = 1'800'000'000;
constexpr const char* issuer = "https://accounts.google.com";

std::string token(const std::string& header, const std::string& claims, const std::string& signature = "sig") {
    return base64url(header) + "." + base64url(claims) + "." + base64url(signature);
}

std::string claims(const std::string& changes = "{}") {
    core::Writer out;
    const Json given = Json::parse(R"({"iss":"https://accounts.google.com","aud":"us","azp":"us","sub":"1","nonce":"n","iat":1799999990,"exp":1800003600})");
    const Json other = Json::parse(changes);
    out.object();
    for (const auto& key : given.keys())
        if (!other[key]) out.member_raw(key, given[key].dump());
    for (const auto& key : other.keys())
        if (!other[key].is(Json::Kind::null)) out.member_raw(key, other[key].dump());
    return out.end_object().take();
}

std::string wrong(const std::string& changes) { return wrong_claims(Json::parse(claims(changes)), issuer, "us", "n", now); }

bool readable(const std::string& text) {
    std::string why;
    const bool read = read_jwt(text, why).has_value();
    EXPECT_EQ(read, why.empty()) << text;
    return read;
}

}  // namespace

TEST(GoogleToken, IsReadInItsThreeParts) {
    std::string why;
    const auto jwt = read_jwt(token(R"({"alg":"RS256","kid":"k"})", R"({"sub":"1"})"), why);
    ASSERT_TRUE(jwt) << why;
    EXPECT_EQ(jwt->key_id, "k");
    EXPECT_EQ(jwt->signature, "sig");
    EXPECT_EQ(jwt->claims["sub"].text(), "1");
    EXPECT_EQ(jwt->signed_text + "." + base64url("sig"), token(R"({"alg":"RS256","kid":"k"})", R"({"sub":"1"})"));
}

TEST(GoogleToken, OnlyRs256IsReadAtAll) {
    for (const char* alg : {R"("none")", R"("None")", R"("HS256")", R"("HS512")", R"("RS512")", R"("ES256")", R"("PS256")", R"("rs256")", R"("")", "null", "1", R"(["RS256"])"})
        EXPECT_FALSE(readable(token(R"({"kid":"k","alg":)" + std::string{alg} + "}", "{}"))) << alg;
    EXPECT_FALSE(readable(token(R"({"kid":"k"})", "{}")));
    EXPECT_FALSE(readable(token(R"({"alg":"RS256"})", "{}")));
    EXPECT_FALSE(readable(token(R"({"alg":"RS256","kid":"k","crit":["b64"]})", "{}")));
    EXPECT_FALSE(readable(token(R"({"alg":"RS256","alg":"none","kid":"k"})", "{}"))) << "two answers to one question";
}

TEST(GoogleToken, WhatIsNoTokenIsNotRead) {
    const std::string good = token(R"({"alg":"RS256","kid":"k"})", "{}");
    EXPECT_TRUE(readable(good));
    for (const std::string& text : {std::string{}, std::string{"."}, std::string{".."}, std::string{"..."}, good + ".x", good + "=", good + "\n", " " + good,
                                    good.substr(0, good.rfind('.')), token("[]", "{}"), token(R"({"alg":"RS256","kid":"k"})", "[1]"), token("{", "{}"),
                                    good + std::string(20'000, 'A')})
        EXPECT_FALSE(readable(text)) << text.substr(0, 80);
}

TEST(GoogleKeys, OnlyRsaKeysForSignaturesAreTaken) {
    const auto keys = read_keys(R"({"keys":[{"kty":"RSA","kid":"a","n":"AQAB","e":"AQAB","use":"sig","alg":"RS256"},{"kty":"RSA","kid":"b","n":"AQAB","e":"AQAB"},
        {"kty":"RSA","kid":"c","n":"AQAB","e":"AQAB","use":"enc"},{"kty":"RSA","kid":"d","n":"AQAB","e":"AQAB","alg":"RS512"},{"kty":"oct","kid":"e","k":"AQAB"},
        {"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"RSA","kid":"f","n":"not base64!","e":"AQAB"},{"kty":"RSA","kid":"g","e":"AQAB"},7]})");
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0].id, "a");
    EXPECT_EQ(keys[0].exponent, std::string("\1\0\1", 3));
    EXPECT_EQ(keys[1].id, "b");
    for (const char* none : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":"x"})", "no json"}) EXPECT_TRUE(read_keys(none).empty()) << none;
}

TEST(GoogleClaims, RightOnesHaveNothingWrong) {
    EXPECT_EQ(wrong("{}"), "");
    EXPECT_EQ(wrong(R"({"iss":"accounts.google.com"})"), "");
    EXPECT_EQ(wrong(R"({"aud":["us"]})"), "");
    EXPECT_EQ(wrong(R"({"aud":["us","them"]})"), "") << "azp says for whom";
    EXPECT_EQ(wrong(R"({"azp":null})"), "");
    EXPECT_EQ(wrong(R"({"exp":1799999960,"iat":1799999900})"), "") << "clocks may differ by a minute";
    EXPECT_EQ(wrong(R"({"iat":1800000050})"), "");
    EXPECT_EQ(wrong(R"({"exp":1800003600.5})"), "");
}

TEST(GoogleClaims, EachIsLookedAt) {
    for (const char* changes :
         {R"({"iss":"https://accounts.google.com.evil.example"})", R"({"iss":null})", R"({"iss":["https://accounts.google.com"]})", R"({"aud":"them"})", R"({"aud":null})",
          R"({"aud":[]})", R"({"aud":["them"]})", R"({"aud":["us","them"],"azp":null})", R"({"aud":{"us":1}})", R"({"azp":"them"})", R"({"azp":7})", R"({"exp":1799999939})",
          R"({"exp":null})", R"({"exp":"1900000000"})", R"({"exp":-1})", R"({"exp":0})", R"({"iat":null})", R"({"iat":1800000061})", R"({"iat":1799999399})", R"({"nbf":1800000061})",
          R"({"nonce":"m"})", R"({"nonce":null})", R"({"nonce":""})", R"({"sub":null})", R"({"sub":""})", R"({"sub":7})"})
        EXPECT_NE(wrong(changes), "") << changes;
    EXPECT_NE(wrong_claims(Json::parse(claims(R"({"nonce":""})")), issuer, "us", "", now), "") << "no nonce is no match";
    EXPECT_NE(wrong_claims(Json::parse(claims(R"({"iss":"accounts.google.com"})")), "https://other.example", "us", "n", now), "");
    EXPECT_NE(wrong_claims(Json::parse(claims("{\"sub\":\"" + std::string(256, '1') + "\"}")), issuer, "us", "n", now), "");
}

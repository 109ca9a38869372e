// Signature: the only pair that names OpenSSL.
#include "core/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>

#include <stdexcept>

#include "core/owned.h"

namespace core {
namespace {

using Number = Owned<BIGNUM, BN_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Number number(std::string_view bytes) { return Number{BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)}; }

Key public_key(const BIGNUM* modulus, const BIGNUM* exponent) {
    const Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> builder{OSSL_PARAM_BLD_new()};
    if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return {};
    const Owned<OSSL_PARAM, OSSL_PARAM_free> parameters{OSSL_PARAM_BLD_to_param(builder.get())};
    const Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context{EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)};
    EVP_PKEY* key = nullptr;
    if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
        EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
        return {};
    return Key{key};
}

bool holds(const BIGNUM* modulus, const BIGNUM* exponent, std::string_view text, std::string_view signature) {
    const int bits = BN_num_bits(modulus);
    if (bits < 2048 || bits > 8192 || !BN_is_odd(modulus) || !BN_is_odd(exponent) || BN_is_one(exponent) || BN_num_bits(exponent) > 64) return false;
    const Key key = public_key(modulus, exponent);
    const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context{EVP_MD_CTX_new()};
    // RSA keys of this kind are PKCS#1 v1.5 unless told otherwise.
    return key && context && EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(text), text.size()) == 1;
}

}  // namespace

bool rs256_holds(std::string_view modulus, std::string_view exponent, std::string_view text, std::string_view signature) {
    if (modulus.empty() || modulus.size() > 1100 || exponent.empty() || exponent.size() > 16 || signature.empty() || signature.size() > 1100)
        return false;
    const Number n = number(modulus), e = number(exponent);
    const bool right = n && e && holds(n.get(), e.get(), text, signature);
    ERR_clear_error();
    return right;
}

std::string hmac_sha1(std::string_view key, std::string_view text) {
    std::string digest(20, '\0');
    std::size_t size = 0;
    char name[] = "SHA1";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0), OSSL_PARAM_construct_end()};
    if (!EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA1", parameters, key.data(), key.size(), bytes_of(text), text.size(),
                   reinterpret_cast<unsigned char*>(digest.data()), digest.size(), &size) || size != digest.size())
        throw std::runtime_error("OpenSSL gives no HMAC-SHA1");
    return digest;
}

}  // namespace core

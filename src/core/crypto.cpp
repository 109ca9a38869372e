// Crypto: the only pair that names libsodium.
#include "core/crypto.h"

#include <sodium.h>

#include <semaphore>
#include <stdexcept>

namespace core {
namespace {

void ready() {
    static const int state = sodium_init();
    if (state < 0) throw std::runtime_error("libsodium cannot start: no source of random numbers");
}

constexpr const char* nobody = "$argon2id$v=19$m=65536,t=2,p=1$j3j6Sk299L/nPDBk/ipySw$ouFgSRCKFvPQitwdyeu1eqxysItxNMtKqXdloLRu+hk";

std::counting_semaphore<2> hashing{2};

struct Turn {
    Turn() { hashing.acquire(); }
    ~Turn() { hashing.release(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
};

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

}  // namespace

std::string random_token() {
    ready();
    unsigned char bits[16];
    randombytes_buf(bits, sizeof bits);
    char text[sodium_base64_ENCODED_LEN(sizeof bits, sodium_base64_VARIANT_URLSAFE_NO_PADDING)];
    return sodium_bin2base64(text, sizeof text, bits, sizeof bits, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::string sha256(std::string_view bytes) {
    std::string digest(crypto_hash_sha256_BYTES, '\0');
    crypto_hash_sha256(reinterpret_cast<unsigned char*>(digest.data()), bytes_of(bytes), bytes.size());
    return digest;
}

struct Sha256::State {
    crypto_hash_sha256_state hash;
};
Sha256::Sha256() : state_{std::make_unique<State>()} { crypto_hash_sha256_init(&state_->hash); }
Sha256::~Sha256() = default;
void Sha256::add(std::string_view bytes) { crypto_hash_sha256_update(&state_->hash, bytes_of(bytes), bytes.size()); }
std::string Sha256::finish() {
    std::string digest(crypto_hash_sha256_BYTES, '\0');
    crypto_hash_sha256_final(&state_->hash, reinterpret_cast<unsigned char*>(digest.data()));
    return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    std::string digest(crypto_auth_hmacsha256_BYTES, '\0');
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
    crypto_auth_hmacsha256_update(&state, bytes_of(bytes), bytes.size());
    crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(digest.data()));
    return digest;
}

std::string base64url(std::string_view bytes) {
    constexpr int variant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), variant);
    text.pop_back();
    return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
    // libsodium takes some bytes above 127 for letters.
    if (text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != text.npos) return std::nullopt;
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr, &size, &end,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 || end != text.data() + text.size())
        return std::nullopt;
    bytes.resize(size);
    return bytes;
}

std::string hex(std::string_view bytes) {
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes_of(bytes), bytes.size());
    text.pop_back();
    return text;
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

namespace {

std::optional<std::string> key_bytes(std::string_view text) {
    std::string bytes(64, '\0');
    std::size_t size = 0;
    const char* end = nullptr;
    const auto whole = [&](int failed) { return failed == 0 && end == text.data() + text.size() && size == crypto_aead_xchacha20poly1305_ietf_KEYBYTES; };
    const auto to = reinterpret_cast<unsigned char*>(bytes.data());
    if (text.size() > 64 || text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=") != text.npos) return std::nullopt;
    bool right = text.size() == 64 && whole(sodium_hex2bin(to, bytes.size(), text.data(), text.size(), nullptr, &size, &end));
    for (const int variant : {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING, sodium_base64_VARIANT_URLSAFE, sodium_base64_VARIANT_URLSAFE_NO_PADDING})
        right = right || whole(sodium_base642bin(to, bytes.size(), text.data(), text.size(), nullptr, &size, &end, variant));
    if (!right) return std::nullopt;
    bytes.resize(size);
    return bytes;
}

}  // namespace

bool is_secret_key(std::string_view text) { return key_bytes(text).has_value(); }

std::string random_bytes(std::size_t count) {
    ready();
    std::string bytes(count, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return bytes;
}

std::string seal(std::string_view secret_key, std::string_view context, std::string_view plain) {
    const auto key = key_bytes(secret_key);
    if (!key) throw std::runtime_error("SECRET_KEY is not set, so that no secret can be kept");
    std::string sealed = random_bytes(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
    std::string box(plain.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES, '\0');
    crypto_aead_xchacha20poly1305_ietf_encrypt(reinterpret_cast<unsigned char*>(box.data()), nullptr, bytes_of(plain), plain.size(), bytes_of(context),
                                               context.size(), nullptr, bytes_of(sealed), bytes_of(*key));
    return sealed += box;
}

std::optional<std::string> open_sealed(std::string_view secret_key, std::string_view context, std::string_view sealed) {
    constexpr std::size_t nonce = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, tag = crypto_aead_xchacha20poly1305_ietf_ABYTES;
    const auto key = key_bytes(secret_key);
    if (!key || sealed.size() < nonce + tag) return std::nullopt;
    std::string plain(sealed.size() - nonce - tag, '\0');
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(reinterpret_cast<unsigned char*>(plain.data()), nullptr, nullptr, bytes_of(sealed.substr(nonce)),
                                                   sealed.size() - nonce, bytes_of(context), context.size(), bytes_of(sealed), bytes_of(*key)) != 0)
        return std::nullopt;
    return plain;
}

std::string hash_password(std::string_view password) {
    ready();
    const Turn turn;
    char text[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str_alg(text, password.data(), password.size(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                              crypto_pwhash_MEMLIMIT_INTERACTIVE, crypto_pwhash_ALG_ARGON2ID13) != 0)
        throw std::runtime_error("not enough memory to hash a password");
    return text;
}

bool verify_password(std::string_view hash, std::string_view password) {
    ready();
    const Turn turn;
    return crypto_pwhash_str_verify(std::string{hash}.c_str(), password.data(), password.size()) == 0;
}

bool outdated(std::string_view hash) {
    return crypto_pwhash_str_needs_rehash(std::string{hash}.c_str(), crypto_pwhash_OPSLIMIT_INTERACTIVE,
                                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0;
}

void verify_nothing(std::string_view password) {
    // Of a random token that nobody kept. Made beforehand: a CGI process answers once, and must not take twice as long.
    verify_password(nobody, password);
}

}  // namespace core

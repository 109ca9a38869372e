// Google: OpenID Connect Core 1.0, RFC 7636 (PKCE), RFC 7515 (JWS) as far as Google speaks them.
#include "gateways/google.h"

#include <algorithm>

#include "core/crypto.h"
#include "core/http.h"
#include "core/signature.h"

namespace gateways {
namespace {

using namespace std::chrono_literals;
using core::Incoming;
using core::Json;

constexpr std::size_t longest_token = 16 * 1024;
constexpr auto fresh = 1h, usable = 24h;  // documents: when they are asked for again, and how long the last ones do when that fails
constexpr auto between_key_fetches = 5s;  // an unknown key id asks for the keys again, but not at any pace
constexpr std::int64_t skew = 60;         // seconds that clocks may differ
constexpr std::int64_t oldest = 600;      // a token is for this very sign-in

bool local(std::string_view url) {
    for (const std::string_view host : {"http://127.0.0.1", "http://localhost", "http://[::1]"})
        if (url.starts_with(host) && (url.size() == host.size() || url[host.size()] == ':' || url[host.size()] == '/')) return true;
    return false;
}

// Certificates are what makes the token endpoint Google's; this machine itself may do without.
bool safe_endpoint(std::string_view url, std::string_view issuer) {
    return url.size() < 500 && (url.starts_with("https://") || (local(url) && local(issuer)));
}

std::string without_slash(std::string url) {
    while (url.ends_with('/')) url.pop_back();
    return url;
}

// RFC 7517: values without padding.
std::string number(const Json& key, const char* name) { return core::from_base64url(key[name].text()).value_or(""); }

// Seconds since 1970 of a NumericDate, which may have a fraction; 0 where it is none.
std::int64_t seconds(const Json& value) {
    const double number = value.number();
    return number > 0 && number < 1e12 ? static_cast<std::int64_t>(number) : 0;
}

bool for_us(const Json& claims, std::string_view client_id) {
    const Json audience = claims["aud"], party = claims["azp"];
    if (party && party.text() != client_id) return false;
    if (audience.is(Json::Kind::string)) return audience.text() == client_id;
    if (!audience.is(Json::Kind::array)) return false;
    bool named = false;
    for (std::size_t i = 0; i < audience.size(); ++i) named = named || audience[i].text() == client_id;
    return named && (audience.size() == 1 || party);  // several audiences: azp says for whom it was made
}

// Google's own tokens may name it without the scheme.
bool from(std::string_view issuer, std::string_view wanted) {
    return issuer == wanted || (wanted == "https://accounts.google.com" && issuer == "accounts.google.com");
}

std::string why_not(const Incoming& answer, const char* what) {
    if (answer.status == 0) return std::string{what} + ": " + answer.why;
    return std::string{what} + " answered " + std::to_string(answer.status);
}

}  // namespace

std::optional<Jwt> read_jwt(std::string_view text, std::string& why) {
    const auto no = [&](const char* reason) {
        why = reason;
        return std::nullopt;
    };
    if (text.size() > longest_token) return no("the token is too long");
    const auto first = text.find('.'), second = first == text.npos ? text.npos : text.find('.', first + 1);
    if (second == text.npos || text.find('.', second + 1) != text.npos) return no("the token is not in three parts");
    const auto head = core::from_base64url(text.substr(0, first)), body = core::from_base64url(text.substr(first + 1, second - first - 1));
    auto signature = core::from_base64url(text.substr(second + 1));
    if (!head || !body || !signature) return no("a part of the token is not base64url");
    const auto header = Json::try_parse(*head);
    auto claims = Json::try_parse(*body);
    if (!header || !header->is(Json::Kind::object) || !claims || !claims->is(Json::Kind::object)) return no("a part of the token is no JSON object");
    if ((*header)["alg"].text() != "RS256") return no("the token's algorithm is not RS256");
    if ((*header)["crit"]) return no("the token has extensions that are not known here");
    if ((*header)["kid"].text().empty()) return no("the token names no key");
    return Jwt{std::string{(*header)["kid"].text()}, std::string{text.substr(0, second)}, *std::move(signature), *std::move(claims)};
}

std::vector<GoogleKey> read_keys(std::string_view jwks) {
    std::vector<GoogleKey> keys;
    const auto document = Json::try_parse(jwks);
    const Json list = document ? (*document)["keys"] : Json{};
    for (std::size_t i = 0; i < list.size() && i < 50; ++i) {
        const Json key = list[i];
        const bool fits = key["kty"].text() == "RSA" && (!key["use"] || key["use"].text() == "sig") && (!key["alg"] || key["alg"].text() == "RS256");
        GoogleKey made{std::string{key["kid"].text()}, number(key, "n"), number(key, "e")};
        if (fits && !made.id.empty() && !made.modulus.empty() && !made.exponent.empty()) keys.push_back(std::move(made));
    }
    return keys;
}

std::string wrong_claims(const Json& claims, std::string_view issuer, std::string_view client_id, std::string_view nonce, std::int64_t now) {
    if (!from(claims["iss"].text(), issuer)) return "the token is another issuer's";
    if (!for_us(claims, client_id)) return "the token is for somebody else";
    const std::int64_t expires = seconds(claims["exp"]), issued = seconds(claims["iat"]);
    if (expires == 0 || now > expires + skew) return "the token is over";
    if (issued == 0 || issued > now + skew || issued < now - oldest) return "the token was not made now";
    if (claims["nbf"] && seconds(claims["nbf"]) > now + skew) return "the token is not valid yet";
    if (nonce.empty() || !core::equal(claims["nonce"].text(), nonce)) return "the token is of another sign-in";
    const std::string_view subject = claims["sub"].text();
    if (subject.empty() || subject.size() > 255) return "the token names nobody";
    return {};
}

std::optional<Json> Google::get(const std::string& url, std::string& why) {
    core::Outgoing request;
    request.url = url;
    request.connect_limit = 3s;
    request.limit = 5s;
    request.size_limit = 256 * 1024;
    Incoming answer = fetcher_.fetch(request);
    if (answer.status == 0 || answer.status >= 500) answer = fetcher_.fetch(request);  // reading is repeated once
    if (answer.status != 200) {
        why = why_not(answer, "Google's document");
        return std::nullopt;
    }
    auto document = Json::try_parse(answer.body);
    if (!document || !document->is(Json::Kind::object)) {
        why = "Google's document is no JSON object";
        return std::nullopt;
    }
    return document;
}

bool Google::discover(std::string& why) {
    const auto now = Clock::now();
    if (discovered_ && now - *discovered_ < fresh) return true;
    const std::string issuer = without_slash(config_.google_issuer);
    const auto document = safe_endpoint(issuer, issuer) ? get(issuer + "/.well-known/openid-configuration", why) : std::nullopt;
    if (document) {
        const auto endpoint = [&](const char* name) { return std::string{(*document)[name].text()}; };
        const std::string authorization = endpoint("authorization_endpoint"), token = endpoint("token_endpoint"), keys = endpoint("jwks_uri");
        const bool safe = safe_endpoint(authorization, issuer) && safe_endpoint(token, issuer) && safe_endpoint(keys, issuer);
        if (without_slash(endpoint("issuer")) == issuer && safe) {
            authorization_endpoint_ = authorization;
            token_endpoint_ = token;
            jwks_uri_ = keys;
            discovered_ = now;
            return true;
        }
        why = "the discovery document is another issuer's, or names unsafe addresses";
    } else if (why.empty()) {
        why = "GOOGLE_ISSUER is no https address";
    }
    return discovered_ && now - *discovered_ < usable;
}

bool Google::fetch_keys(std::string& why) {
    tried_keys_ = Clock::now();
    const auto document = get(jwks_uri_, why);
    if (!document) return false;
    auto keys = read_keys(document->dump());
    if (keys.empty()) {
        why = "Google's keys hold none that can be used";
        return false;
    }
    keys_ = std::move(keys);
    fetched_ = tried_keys_;
    return true;
}

const GoogleKey* Google::key(const std::string& id, std::string& why) {
    const auto find = [&]() -> const GoogleKey* {
        const auto found = std::ranges::find(keys_, id, &GoogleKey::id);
        return found == keys_.end() ? nullptr : &*found;
    };
    const auto now = Clock::now();
    const bool old = !fetched_ || now - *fetched_ > fresh, too_old = !fetched_ || now - *fetched_ > usable;
    const bool may_ask = !tried_keys_ || now - *tried_keys_ > between_key_fetches;
    if ((old || !find()) && (may_ask || !fetched_) && !fetch_keys(why) && too_old) return nullptr;
    const GoogleKey* found = find();
    if (!found) why = "the token's key is not one of Google's";
    return found;
}

std::optional<std::string> Google::door(const std::string& redirect_uri, const std::string& state, const std::string& nonce,
                                        const std::string& verifier, std::string& why) {
    if (!discover(why)) return std::nullopt;
    using core::url_encoded;
    return authorization_endpoint_ + (authorization_endpoint_.find('?') == std::string::npos ? "?" : "&") + "response_type=code&client_id=" +
           url_encoded(config_.google_client_id) + "&redirect_uri=" + url_encoded(redirect_uri) + "&scope=openid%20email%20profile&state=" +
           url_encoded(state) + "&nonce=" + url_encoded(nonce) + "&code_challenge=" + core::base64url(core::sha256(verifier)) +
           "&code_challenge_method=S256&prompt=select_account";
}

Google::Answer Google::exchange(const std::string& code, const std::string& verifier, const std::string& redirect_uri, const std::string& nonce) {
    Answer answer;
    const auto ends = [&](Outcome outcome) {
        answer.outcome = outcome;
        return answer;
    };
    if (!discover(answer.why)) return ends(Outcome::away);
    using core::url_encoded;
    core::Outgoing request;
    request.method = "POST";
    request.url = token_endpoint_;
    request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"Accept", "application/json"}};
    request.body = "grant_type=authorization_code&code=" + url_encoded(code) + "&redirect_uri=" + url_encoded(redirect_uri) + "&client_id=" +
                   url_encoded(config_.google_client_id) + "&client_secret=" + url_encoded(config_.google_client_secret) + "&code_verifier=" + url_encoded(verifier);
    request.connect_limit = 3s;
    request.limit = 8s;
    request.size_limit = 64 * 1024;
    Incoming token = fetcher_.fetch(request);
    // A code works once: it is sent again only where it cannot have arrived.
    if (token.fault == Incoming::Fault::connect) token = fetcher_.fetch(request);
    const auto document = Json::try_parse(token.body);
    if (token.status != 200) {
        answer.why = why_not(token, "the token endpoint");
        const bool refused = token.status >= 400 && token.status < 500 && token.status != 429;
        if (refused && document) answer.why += ": " + std::string{(*document)["error"].text().substr(0, 60)};
        return ends(refused ? Outcome::refused : Outcome::away);
    }
    if (!document || !(*document)["id_token"].is(Json::Kind::string)) {
        answer.why = "the token endpoint's answer holds no ID token";
        return ends(Outcome::away);
    }
    const auto jwt = read_jwt((*document)["id_token"].text(), answer.why);
    if (!jwt) return ends(Outcome::refused);
    const GoogleKey* signer = key(jwt->key_id, answer.why);
    if (!signer) return ends(keys_.empty() ? Outcome::away : Outcome::refused);
    answer.why.clear();
    if (!core::rs256_holds(signer->modulus, signer->exponent, jwt->signed_text, jwt->signature)) {
        answer.why = "the token's signature does not hold";
        return ends(Outcome::refused);
    }
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
    answer.why = wrong_claims(jwt->claims, without_slash(config_.google_issuer), config_.google_client_id, nonce, now);
    if (!answer.why.empty()) return ends(Outcome::refused);
    const Json verified = jwt->claims["email_verified"];
    answer.person = {std::string{jwt->claims["sub"].text()}, std::string{jwt->claims["email"].text()}, std::string{jwt->claims["name"].text()},
                     verified.boolean() || verified.text() == "true"};
    return ends(Outcome::right);
}

}  // namespace gateways

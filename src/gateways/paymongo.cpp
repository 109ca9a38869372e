// PayMongo: requests of v1, what their answers mean, and the signature of events.
#include "gateways/paymongo.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/crypto.h"
#include "core/form.h"
#include "core/json.h"

namespace gateways {
namespace {

using core::Incoming;
using core::Json;
using core::Writer;
using Kind = PaymongoAnswer::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds connect_limit{5'000};
constexpr std::size_t longest_answer = 1024 * 1024;
constexpr int newest_intents = 100;  // looked through for one whose answer was lost

// Why a payment failed, for the one who pays; codes are PayMongo's.
constexpr std::array<std::pair<std::string_view, const char*>, 13> reasons{{
    {"card_expired", "The card has expired. Please use another one."},
    {"expired_card", "The card has expired. Please use another one."},
    {"insufficient_funds", "There is not enough money on it for this payment."},
    {"cvc_invalid", "The security code (CVC) is not right."},
    {"cvc_incorrect", "The security code (CVC) is not right."},
    {"incorrect_cvn", "The security code (CVC) is not right."},
    {"card_number_invalid", "The card number is not right."},
    {"processor_unavailable", "The bank could not be reached. Please try again later."},
    {"processor_blocked", "The bank did not allow this payment. Please ask them, or use another way to pay."},
    {"resource_failed_state", "This attempt is over. Please start again."},
    {"authentication_failed", "The bank could not confirm that it was you. Please try again."},
    {"payment_cancelled", "The payment was cancelled."},
    {"parameter_below_minimum", "The amount is too small for this way of paying."},
}};

std::string reason(std::string_view code) {
    const auto* found = std::find_if(reasons.begin(), reasons.end(), [&](const auto& one) { return one.first == code; });
    return found != reasons.end() ? found->second : "The payment was declined. Please try another way to pay.";
}

// A word that came from outside, fit for the log and for a row.
std::string word(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, 100))
        out += (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' ? c : '?';
    return out;
}

std::int64_t number(const Json& value) {
    if (!value.is(Json::Kind::string)) return value.integer();
    std::int64_t read = 0;
    const std::string_view text = value.text();
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), read);
    return code == std::errc{} && end == text.data() + text.size() ? read : 0;
}

std::int64_t row_number(const Json& value) {
    const std::int64_t read = number(value);
    return read > 0 && read <= 2'147'483'647 ? read : 0;
}

Paid read_payment(const Json& resource) {
    const Json data = resource["attributes"];
    Paid paid;
    paid.id = word(resource["id"].text());
    paid.status = word(data["status"].text());
    paid.currency = word(data["currency"].text());
    paid.amount = number(data["amount"]);
    paid.intent = word(data["payment_intent_id"].text());
    paid.source = word(data["source"]["type"].text());
    if (paid.status == "failed") paid.said = reason(data["failed_code"].text());
    return paid;
}

void read_payments(const Json& list, std::vector<Paid>& payments) {
    for (std::size_t i = 0; i < list.size() && i < 50; ++i) payments.push_back(read_payment(list[i]));
}

// Of a payment_intent or a checkout_session.
Intent read_intent(const Json& resource) {
    const Json data = resource["attributes"];
    Intent intent;
    intent.id = word(resource["id"].text());
    intent.status = word(data["status"].text());
    intent.amount = number(data["amount"]);
    intent.currency = word(data["currency"].text());
    intent.named_payment = row_number(data["metadata"]["payment"]);
    intent.named_tenant = word(data["metadata"]["tenant"].text());
    intent.redirect = data["next_action"]["redirect"]["url"].text();
    if (intent.redirect.empty()) intent.redirect = data["checkout_url"].text();
    if (const Json error = data["last_payment_error"]; error.is(Json::Kind::object))
        intent.failure = reason(error["failed_code"] ? error["failed_code"].text() : error["code"].text());
    read_payments(data["payments"], intent.payments);
    const Json within = data["payment_intent"];
    intent.within = word(within["id"].text());
    if (intent.payments.empty()) read_payments(within["attributes"]["payments"], intent.payments);
    for (Paid& paid : intent.payments) {
        if (paid.intent.empty()) paid.intent = word(within ? within["id"].text() : resource["id"].text());
        if (within && paid.status == "paid") intent.status = "paid";
    }
    return intent;
}

std::string attributes(const Writer& inner) { return Writer{}.object().key("data").object().key("attributes").raw(inner.str()).end_object().end_object().take(); }

void write_billing(Writer& out, const Order& order) {
    out.key("billing").object().member("name", order.name).member("email", order.email);
    if (!order.phone.empty()) out.member("phone", order.phone);
    out.end_object();
}

void write_metadata(Writer& out, const Order& order) {
    out.key("metadata").object().member("payment", std::to_string(order.payment)).member("tenant", order.tenant).member("project", order.project).end_object();
}

void write_methods(Writer& out, const char* name) { out.key(name).array().value("card").value("gcash").value("paymaya").end_array(); }

std::string page(const Order& order) { return order.site + "/projects/" + order.project + "/payment?payment=" + std::to_string(order.payment); }

}  // namespace

PaymongoAnswer Paymongo::call(core::Fetcher& fetcher, const char* method, std::string url, std::string body, const std::string& key, Json* data) const {
    core::Outgoing request;
    request.method = method;
    request.url = std::move(url);
    request.basic_user = config_.paymongo_secret_key;
    request.connect_limit = connect_limit;
    request.limit = seconds{config_.paymongo_timeout_seconds};
    request.size_limit = longest_answer;
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    if (!key.empty()) request.headers.emplace_back("Idempotency-Key", key);
    request.body = std::move(body);
    const Incoming answer = fetcher.fetch(request);

    PaymongoAnswer told;
    if (answer.fault == Incoming::Fault::connect) {
        told.why = "PayMongo cannot be reached: " + answer.why;
        return told;
    }
    told.kind = Kind::unknown;
    told.why = answer.why;
    if (answer.fault != Incoming::Fault::none) return told;
    const auto json = Json::try_parse(answer.body);
    const std::string status = "HTTP " + std::to_string(answer.status);
    if (answer.status >= 200 && answer.status < 300) {
        if (!json || !(*json)["data"]) {
            told.why = status + " without data";
            return told;
        }
        told.kind = Kind::done;
        if (data) {
            *data = (*json)["data"];
            return told;
        }
        told.intent = read_intent((*json)["data"]);
        told.id = told.intent.id;
        if (told.id.empty()) {
            told.kind = Kind::unknown;
            told.why = status + " without an id";
        }
        return told;
    }
    const std::string code = json ? word((*json)["errors"][std::size_t{0}]["code"].text()) : "";
    told.why = status + (code.empty() ? "" : " " + code);
    if (answer.status == 429) {
        told.kind = Kind::away;
        std::int64_t wait = 0;
        const std::string_view after = answer.header("retry-after");
        std::from_chars(after.data(), after.data() + after.size(), wait);
        told.wait = seconds{std::clamp<std::int64_t>(wait, 0, 3600)};
    } else if (answer.status != 408 && answer.status < 500) {
        told.kind = Kind::refused;
        const bool keys = answer.status == 401 || answer.status == 403;
        told.people = keys ? "Payments by card and wallet are not set up rightly. Please tell the agency, or use another way to pay." : reason(code);
    }
    return told;
}

PaymongoAnswer Paymongo::create_intent(core::Fetcher& fetcher, const Order& order) const {
    Writer out;
    out.object().member("amount", order.amount).member("currency", "PHP").member("capture_type", "automatic").member("description", order.description);
    write_methods(out, "payment_method_allowed");
    write_metadata(out, order);
    return call(fetcher, "POST", config_.paymongo_base_url + "/payment_intents", attributes(out.end_object()),
                "lunaxcode-" + order.tenant + "-" + std::to_string(order.payment));
}

PaymongoAnswer Paymongo::intent(core::Fetcher& fetcher, std::string_view id) const {
    return call(fetcher, "GET", config_.paymongo_base_url + "/payment_intents/" + std::string{id}, "");
}

PaymongoAnswer Paymongo::find_intent(core::Fetcher& fetcher, const Order& order) const {
    Json list;
    PaymongoAnswer told = call(fetcher, "GET", config_.paymongo_base_url + "/payment_intents?limit=" + std::to_string(newest_intents), "", {}, &list);
    if (told.kind != Kind::done) return told;
    for (std::size_t i = 0; i < list.size(); ++i) {
        Intent one = read_intent(list[i]);
        if (one.named_payment != order.payment || one.named_tenant != order.tenant || one.amount != order.amount) continue;
        if (!told.id.empty() && told.intent.paid()) continue;  // of two, the one that was paid; else the older one
        told.id = one.id;
        told.intent = std::move(one);
    }
    return told;
}

PaymongoAnswer Paymongo::create_method(core::Fetcher& fetcher, std::string_view type, const Order& order) const {
    Writer out;
    out.object().member("type", type);
    write_billing(out, order);
    return call(fetcher, "POST", config_.paymongo_base_url + "/payment_methods", attributes(out.end_object()));
}

PaymongoAnswer Paymongo::attach(core::Fetcher& fetcher, std::string_view intent, std::string_view method, const Order& order) const {
    Writer out;
    out.object().member("payment_method", method).member("return_url", page(order)).end_object();
    return call(fetcher, "POST", config_.paymongo_base_url + "/payment_intents/" + std::string{intent} + "/attach", attributes(out));
}

std::string Paymongo::sessions_url() const {
    return config_.paymongo_checkout_url.empty() ? config_.paymongo_base_url + "/checkout_sessions" : config_.paymongo_checkout_url;
}

PaymongoAnswer Paymongo::create_session(core::Fetcher& fetcher, const Order& order, std::string_view reference, std::string_view key) const {
    Writer out;
    out.object().key("line_items").array().object().member("name", order.description).member("amount", order.amount).member("currency", "PHP");
    out.member("quantity", 1).end_object().end_array().member("description", order.description).member("reference_number", reference);
    write_methods(out, "payment_method_types");
    write_billing(out, order);
    write_metadata(out, order);
    out.member("success_url", page(order)).member("cancel_url", page(order));
    return call(fetcher, "POST", sessions_url(), attributes(out.end_object()), "lunaxcode-" + order.tenant + "-session-" + std::string{key});
}

PaymongoAnswer Paymongo::session(core::Fetcher& fetcher, std::string_view id) const {
    return call(fetcher, "GET", sessions_url() + "/" + std::string{id}, "");
}

PaymongoAnswer Paymongo::cancel_intent(core::Fetcher& fetcher, std::string_view id) const {
    return call(fetcher, "POST", config_.paymongo_base_url + "/payment_intents/" + std::string{id} + "/cancel", "");
}

// Under v1, wherever sessions are made.
PaymongoAnswer Paymongo::expire_session(core::Fetcher& fetcher, std::string_view id) const {
    return call(fetcher, "POST", config_.paymongo_base_url + "/checkout_sessions/" + std::string{id} + "/expire", "");
}

std::optional<PaymentEvent> read_event(std::string_view body) {
    const auto json = Json::try_parse(body);
    if (!json) return std::nullopt;
    const Json data = (*json)["data"], about = data["attributes"], resource = about["data"];
    PaymentEvent event;
    event.id = word(data["id"].text());
    event.type = word(about["type"].text());
    if (event.id.empty() || event.type.empty() || data["type"].text() != "event" || !about["livemode"].is(Json::Kind::boolean) ||
        !resource.is(Json::Kind::object))
        return std::nullopt;
    event.live = about["livemode"].boolean();
    event.created = number(about["created_at"]);
    const Json metadata = resource["attributes"]["metadata"];
    event.named_payment = row_number(metadata["payment"]);
    event.named_tenant = word(metadata["tenant"].text());
    if (event.type.starts_with("checkout_session.")) {
        const Intent session = read_intent(resource);
        event.session = session.id;
        for (const Paid& paid : session.payments)
            if (event.paid.id.empty() || paid.status == "paid") event.paid = paid;
    } else {
        event.paid = read_payment(resource);
    }
    return event;
}

Signature check_signature(std::string_view header, std::string_view body, std::string_view secret, bool live) {
    std::string_view stamp, given;
    while (!header.empty()) {
        const std::string_view part = header.substr(0, header.find(','));
        header.remove_prefix(std::min(part.size() + 1, header.size()));
        const auto equals = part.find('=');
        if (equals == part.npos) continue;
        const std::string name = core::trimmed(part.substr(0, equals));
        const std::string_view value = part.substr(equals + 1);
        if (name == "t") stamp = value;
        else if (name == (live ? "li" : "te")) given = value;
    }
    Signature signature;
    const auto [end, code] = std::from_chars(stamp.data(), stamp.data() + stamp.size(), signature.at);
    if (secret.empty() || stamp.empty() || code != std::errc{} || end != stamp.data() + stamp.size()) return {};
    const std::string expected = core::hex(core::hmac_sha256(secret, std::string{stamp} + "." + std::string{body}));
    signature.right = core::equal(expected, given);
    return signature;
}

}  // namespace gateways

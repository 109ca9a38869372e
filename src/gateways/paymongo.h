// PayMongo: payment intents, payment methods and hosted checkout, and the events that it sends us.
// Writes nothing anywhere and retries nothing: an answer says what is known, and its caller decides.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config.h"
#include "core/fetch.h"

namespace core {
class Json;
}

namespace gateways {

// One payment as PayMongo tells of it, in an event or inside an intent. Empty or 0: not told.
struct Paid {
    std::string id, status, currency, intent, said, source;  // said: why it failed; source: card, gcash, paymaya …
    std::int64_t amount = 0;
};

// A payment intent, or a hosted checkout session with the payments made in it.
struct Intent {
    std::string id, within, status, currency, redirect, failure, named_tenant;  // within: a session's own intent
    std::int64_t amount = 0, named_payment = 0;  // named: our own ids, from its metadata
    std::vector<Paid> payments;
    bool paid() const { return status == "succeeded" || status == "paid"; }
    bool over() const { return status == "cancelled" || status == "canceled" || status == "expired"; }
};

struct PaymongoAnswer {
    // away: PayMongo did not take the request. unknown: it may have. refused: it said no, asking again is of no use.
    enum class Kind { done, refused, away, unknown } kind = Kind::away;
    Intent intent;
    std::string id;                // of a payment method
    std::string people;            // why not, for the client
    std::string why;               // for the log; holds no key
    std::chrono::seconds wait{0};  // PayMongo asked for that much patience
};

// What an intent is made for.
struct Order {
    std::int64_t payment, amount;
    std::string tenant, description, site, project;  // site: address that visitors use; project: its id
    std::string name, email, phone;                  // of who pays
};

class Paymongo {
public:
    explicit Paymongo(const core::Config& config) : config_{config} {}

    PaymongoAnswer create_intent(core::Fetcher& fetcher, const Order& order) const;
    PaymongoAnswer intent(core::Fetcher& fetcher, std::string_view id) const;
    // The intent whose metadata names this payment, among the newest ones; kind done without an id: there is none.
    // refused: PayMongo gives no list.
    PaymongoAnswer find_intent(core::Fetcher& fetcher, const Order& order) const;
    PaymongoAnswer create_method(core::Fetcher& fetcher, std::string_view type, const Order& order) const;
    PaymongoAnswer attach(core::Fetcher& fetcher, std::string_view intent, std::string_view method, const Order& order) const;
    // Of tries with one `key` PayMongo may know that they are one.
    PaymongoAnswer create_session(core::Fetcher& fetcher, const Order& order, std::string_view reference, std::string_view key) const;
    PaymongoAnswer session(core::Fetcher& fetcher, std::string_view id) const;
    // So that nobody can pay it any more. refused: it is paid, being paid, or over already; look at it. What is asked twice does no harm.
    PaymongoAnswer cancel_intent(core::Fetcher& fetcher, std::string_view id) const;
    PaymongoAnswer expire_session(core::Fetcher& fetcher, std::string_view id) const;
    bool live() const { return config_.paymongo_secret_key.starts_with("sk_live_"); }

private:
    // data: where the answer's data go; nullptr: they are read as an intent.
    PaymongoAnswer call(core::Fetcher& fetcher, const char* method, std::string url, std::string body, const std::string& key = {},
                        core::Json* data = nullptr) const;
    std::string sessions_url() const;
    const core::Config& config_;
};

// An event of a webhook, as far as we use it.
struct PaymentEvent {
    std::string id, type, session;  // session: cs_…, where it came with one
    std::string named_tenant;
    std::int64_t named_payment = 0, created = 0;  // created: seconds since 1970
    bool live = false;
    Paid paid;
};
// Nothing where the body is no event. Throws nothing.
std::optional<PaymentEvent> read_event(std::string_view body);

// Whether a Paymongo-Signature header is of this secret over this very body. The mode picks te or li; compared in constant time.
struct Signature {
    bool right = false;
    std::int64_t at = 0;  // seconds since 1970, as the header says
};
Signature check_signature(std::string_view header, std::string_view body, std::string_view secret, bool live);

}  // namespace gateways

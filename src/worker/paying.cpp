// Paying: what is asked of PayMongo, in which order, and what each answer leads to.
#include "worker/paying.h"

#include <utility>
#include <vector>

#include "core/json.h"
#include "core/log.h"
#include "domain/payments.h"
#include "gateways/paymongo.h"

namespace worker {
namespace {

using namespace std::chrono_literals;
using core::ask;
using core::Level;
using core::Query;
using core::Row;
using core::Sql;
using core::Transaction;
using domain::Payment;
using domain::Report;
using gateways::Intent;
using gateways::Paid;
using gateways::PaymongoAnswer;
using Kind = PaymongoAnswer::Kind;

constexpr Sql waiting_events = R"(
    select event_id, event_type, coalesce(status, ''), coalesce(amount, 0), coalesce(currency, ''), coalesce(intent_id, ''), coalesce(resource_id, ''),
           coalesce(said, ''), coalesce(extract(epoch from at)::bigint, 0),
           coalesce(body #>> '{data,attributes,data,attributes,source,type}', (
               select p #>> '{attributes,source,type}' from jsonb_path_query(body, '$.data.attributes.data.attributes.payments[*]') p
               where p ->> 'id' = resource_id limit 1), '')
    from payment_events where payment_id = $1 and outcome is null order by received_at, event_id limit 500)";
constexpr Sql settle_events = R"(
    update payment_events e set outcome = s.outcome, processed_at = now()
    from unnest($1::text[], $2::text[]) as s (id, outcome) where e.event_id = s.id)";
constexpr Sql name_intent = R"(
    update payments set payment_intent_id = $2, updated_at = now() where id = $1 and payment_intent_id = '' and claim_intent($2, id))";

constexpr Sql beginning = R"(
    select p.stage = 'starting', p.payment_intent_id, p.checkout_id, coalesce(p.method_id, ''), p.payment_method, p.asked_at is not null, p.lookups,
           p.amount, p.project_id, coalesce(p.reference, ''), coalesce(p.site, ''), j.client_name, j.client_email, coalesce(j.client_phone, ''),
           case p.part when 'balance' then 'Balance' else 'Deposit' end || ' for ' || j.name
    from payments p join projects j on j.id = p.project_id where p.id = $1)";
constexpr Sql note_asked = "update payments set asked_at = now(), lookups = 0 where id = $1";
constexpr Sql note_not_asked = "update payments set asked_at = null where id = $1";
constexpr Sql note_lookup = "update payments set lookups = lookups + 1 where id = $1";
constexpr Sql name_session = R"(
    update payments set checkout_id = $2, payment_intent_id = case when $3 <> '' and claim_intent($3, id) then $3 else payment_intent_id end
    where id = $1 and claim_intent($2, id))";
constexpr Sql send_client = R"(
    update payments set stage = 'open', next_url = nullif($2, ''), failure = null, updated_at = now() where id = $1 and stage = 'starting')";

// What is open is asked about for two weeks; what was given up may still be paid in another window, so a day longer.
constexpr Sql checking = R"(
    select p.provider = 'paymongo' and (p.status = 'processing' or p.status = 'failed' and p.closed_at > now() - interval '1 day'),
           p.payment_intent_id, p.checkout_id, p.status = 'processing' and p.attempt_at < now() - interval '14 days'
    from payments p where p.id = $1)";
// Given up, and not known to be over there.
constexpr Sql ending = R"(
    select p.stage = 'cancelled' and p.provider = 'paymongo' and p.ended_at is null, p.payment_intent_id, p.checkout_id from payments p where p.id = $1)";
constexpr Sql note_ended = "update payments set ended_at = now(), not_ended = null, updated_at = now() where id = $1";
constexpr Sql note_not_ended = "update payments set not_ended = $2, updated_at = now() where id = $1 and stage = 'cancelled'";
constexpr Sql note_checked = "update payments set checked_at = now() where id = $1";

// An intent whose creation was not answered shows up in PayMongo's list within seconds, if there is one.
constexpr int enough_lookups = 2;

std::string array(const std::vector<std::string>& words) {
    std::string text = "{";
    for (const std::string& word : words) text += (text.size() > 1 ? ",\"" : "\"") + word + "\"";
    return text + "}";
}

Report reported(const Paid& paid) {
    Report report;
    report.kind = paid.status == "paid" ? Report::Kind::paid : Report::Kind::other;
    report.id = paid.id;
    report.method = paid.source;
    report.currency = paid.currency;
    report.intent = paid.intent;
    report.amount = paid.amount;
    return report;
}

Report reported(const Row& event) {
    const std::string_view type = event.text(1), status = event.text(2);
    Report report;
    if ((type == "payment.paid" || type == "checkout_session.payment.paid") && status == "paid") report.kind = Report::Kind::paid;
    else if (type == "payment.failed") report.kind = Report::Kind::failed;
    else if (type.find("refund") != type.npos) report.kind = Report::Kind::refunded;
    report.amount = event.integer(3);
    report.currency = event.text(4);
    report.intent = event.text(5);
    report.id = event.text(6);
    report.said = event.text(7);
    report.at = event.integer(8);
    report.method = event.text(9);
    return report;
}

// Where a client may be sent: not into a script, and not back into a page of ours by a made-up scheme.
bool is_web_address(std::string_view url) { return url.starts_with("https://") || url.starts_with("http://"); }

class Paying {
public:
    Paying(const domain::Job& job, Desk& desk) : job_{job}, desk_{desk}, paymongo_{desk.config} {}
    void run();

private:
    void take_events();
    void start();
    void check(bool again);
    void end_outside();
    void start_intent(gateways::Order& order, const Row& row);
    void start_session(const gateways::Order& order, const Row& row);
    bool make_intent(const gateways::Order& order, const Row& row, std::string& intent);
    void attach(const gateways::Order& order, std::string_view intent, std::string method, std::string_view kind);
    void follow(const Intent& intent);
    domain::Verdict take(Transaction& transaction, Payment& payment, const Report& report);
    void apply(const Intent& intent, Query entry);
    void refuse(const std::string& people);
    void later(const PaymongoAnswer& answer);
    void put_off(std::chrono::milliseconds delay, const std::string& why);
    void change(Query entry, const Query& query);
    void end() { change(domain::finish(job_), ask<note_checked>(id_)); }
    void log(Level level, const char* event, std::string_view why) const {
        core::log(level, event, {{"job", job_.id}, {"tenant", job_.tenant}, {"payment", id_}, {"attempt", job_.attempts}, {"why", why}});
    }

    const domain::Job& job_;
    Desk& desk_;
    gateways::Paymongo paymongo_;
    std::int64_t id_ = 0;
};

// One transaction of the tenant under an entry that guards the claim.
void Paying::change(Query entry, const Query& query) {
    desk_.persist([&](core::Db& db) {
        Transaction transaction{db, job_.tenant, entry};
        transaction.run(query);
        transaction.commit();
        return true;
    });
}

void Paying::put_off(std::chrono::milliseconds delay, const std::string& why) {
    change(domain::put_off(job_, delay, job_.attempts, why), ask<note_checked>(id_));
}

domain::Verdict Paying::take(Transaction& transaction, Payment& payment, const Report& report) {
    using Outcome = domain::Verdict::Outcome;
    domain::Verdict verdict = judge(payment, report);
    switch (verdict.outcome) {
        case Outcome::credited:
            transaction.run(domain::credit(payment.id, report.id, "paymongo", report.method));
            if (payment.intent.empty() && report.intent.starts_with("pi_")) transaction.run(ask<name_intent>(payment.id, report.intent));
            payment.status = "succeeded";
            payment.credited_as = report.id;
            log(Level::info, "payment credited", "");
            break;
        case Outcome::failed:
            transaction.run(domain::fail_payment(payment.id, verdict.why));
            payment.status = "failed";
            break;
        case Outcome::held:
            transaction.run(domain::hold_payment(payment.id, verdict.why));
            log(Level::warn, "payment held", verdict.why);
            break;
        case Outcome::repeated:
        case Outcome::ignored: break;
    }
    return verdict;
}

void Paying::take_events() {
    desk_.persist([&](core::Db& db) {
        Transaction transaction{db, job_.tenant, domain::finish(job_)};
        const auto row = transaction.all(domain::lock_payment(id_), domain::find_payment(id_))[1].maybe();
        if (row) {
            Payment payment = domain::read_payment(*row);
            for (bool more = true; more;) {
                const auto events = transaction.list<waiting_events>(id_);
                std::vector<std::string> ids, outcomes;
                for (int i = 0; i < events.size(); ++i) {
                    ids.push_back(events[i].str(0));
                    outcomes.emplace_back(name_of(take(transaction, payment, reported(events[i])).outcome));
                }
                if (!ids.empty()) transaction.change<settle_events>(array(ids), array(outcomes));
                more = events.size() == 500;
            }
        }
        transaction.commit();
        return true;
    });
}

// Takes in what PayMongo says when asked, as if it had sent it.
void Paying::apply(const Intent& intent, Query entry) {
    desk_.persist([&](core::Db& db) {
        Transaction transaction{db, job_.tenant, entry};
        const auto row = transaction.all(domain::lock_payment(id_), domain::find_payment(id_))[1].maybe();
        if (row) {
            Payment payment = domain::read_payment(*row);
            bool told = false;
            for (const Paid& paid : intent.payments) {
                take(transaction, payment, reported(paid));
                told = told || paid.status == "paid";
            }
            Report report;
            report.intent = intent.id;
            if (!told && intent.status == "succeeded") {  // an intent that lists no payments is paid all the same
                report.kind = Report::Kind::paid;
                report.amount = intent.amount;
                report.currency = intent.currency;
                take(transaction, payment, report);
            } else if (!told && payment.stage == "open" &&  // a failure before the try that is just beginning is no news
                       ((intent.status == "awaiting_payment_method" && !intent.failure.empty()) || intent.status == "expired")) {
                report.kind = Report::Kind::failed;
                report.said = intent.status == "expired" ? "The payment page has expired. Please start again." : intent.failure;
                take(transaction, payment, report);
            }
            // Held, for example: then the client waits for people.
            if (job_.kind == "payment-start") transaction.run(ask<send_client>(id_, ""));
            transaction.run(ask<note_checked>(id_));
        }
        transaction.commit();
        return true;
    });
}

void Paying::refuse(const std::string& people) {
    log(Level::warn, "payment not begun", people);
    change(domain::finish(job_), domain::fail_payment(id_, people));
}

// Nothing is known, or PayMongo is away: the client sees that it takes longer, and in the end that it did not work.
void Paying::later(const PaymongoAnswer& answer) {
    if (desk_.stopping) return change(domain::hand_back(job_), ask<note_checked>(id_));
    log(Level::warn, "paymongo failed", answer.why);
    if (job_.attempts >= job_.most_attempts)
        return refuse("The payment service cannot be reached at the moment. Nothing was charged. Please try again later, or pay another way.");
    put_off(domain::back_off(job_.attempts, 2s, 60s, answer.wait, chance()), answer.why);
}

void Paying::start() {
    const auto row = desk_.persist([&](core::Db& db) {
        Transaction transaction{db, job_.tenant, domain::hold(job_)};
        auto found = transaction.maybe<beginning>(id_);
        transaction.commit();
        return found;
    });
    if (!row || !row->truth(0)) return end();
    gateways::Order order{id_, row->integer(7), job_.tenant, row->str(14), row->str(10), row->str(8), row->str(11), row->str(12), row->str(13)};
    if (desk_.config.paymongo_hosted) start_session(order, *row);
    else start_intent(order, *row);
}

// False: the job is settled. What was asked for is written down before it is asked: after a lost answer, or our own end, the
// intent is looked for by its metadata and not made again blindly. One that nobody was told the id of can never be paid.
bool Paying::make_intent(const gateways::Order& order, const Row& row, std::string& intent) {
    PaymongoAnswer answer;
    answer.kind = Kind::done;
    if (row.truth(5)) {
        answer = paymongo_.find_intent(desk_.fetcher, order);
        if (answer.kind == Kind::away || answer.kind == Kind::unknown) return later(answer), false;
        if (answer.kind == Kind::refused) log(Level::warn, "paymongo lists no intents", answer.why);
        if (answer.id.empty() && row.integer(6) + 1 < enough_lookups && answer.kind == Kind::done) {
            change(domain::hold(job_), ask<note_lookup>(id_));
            answer.why = "its creation was not answered; it is looked for once more";
            return later(answer), false;
        }
        if (!answer.id.empty()) log(Level::info, "payment intent found again", answer.id);
    }
    if (answer.id.empty()) {
        change(domain::hold(job_), ask<note_asked>(id_));
        answer = paymongo_.create_intent(desk_.fetcher, order);
        if (answer.kind == Kind::away) change(domain::hold(job_), ask<note_not_asked>(id_));
        if (answer.kind == Kind::refused) return refuse(answer.people), false;
        if (answer.kind != Kind::done) return later(answer), false;
    }
    change(domain::hold(job_), ask<name_intent>(id_, answer.id));
    intent = answer.id;
    return true;
}

void Paying::start_intent(gateways::Order& order, const Row& row) {
    std::string intent = row.str(1);
    const bool known = !intent.empty();
    if (!known && !make_intent(order, row, intent)) return;
    if (known || job_.attempts > 1) {  // an earlier try may have got further than we were told
        const PaymongoAnswer answer = paymongo_.intent(desk_.fetcher, intent);
        if (answer.kind == Kind::away || answer.kind == Kind::unknown) return later(answer);
        if (answer.kind == Kind::refused) return refuse(answer.people);
        const Intent& now = answer.intent;
        if (now.paid() || now.status == "processing" || (job_.attempts > 1 && now.status == "awaiting_next_action")) return follow(now);
    }
    attach(order, intent, row.str(3), row.text(4));
}

void Paying::attach(const gateways::Order& order, std::string_view intent, std::string method, std::string_view kind) {
    if (method.empty()) {  // of a card it comes from the browser; of a wallet it names nothing but the wallet
        const PaymongoAnswer made = paymongo_.create_method(desk_.fetcher, kind, order);
        if (made.kind == Kind::refused) return refuse(made.people);
        if (made.kind != Kind::done) return later(made);
        method = made.id;
    }
    const PaymongoAnswer answer = paymongo_.attach(desk_.fetcher, intent, method, order);
    if (answer.kind == Kind::done) return follow(answer.intent);
    if (answer.kind != Kind::refused) return later(answer);
    const PaymongoAnswer now = paymongo_.intent(desk_.fetcher, intent);  // it takes no method while another one is being used
    if (now.kind == Kind::done && (now.intent.paid() || now.intent.status == "processing" || now.intent.status == "awaiting_next_action"))
        return follow(now.intent);
    refuse(answer.people);
}

void Paying::follow(const Intent& intent) {
    if (intent.paid()) return apply(intent, domain::finish(job_));
    if (intent.status == "awaiting_payment_method")
        return refuse(intent.failure.empty() ? "The payment did not go through. Please try again." : intent.failure);
    if (!intent.redirect.empty() && !is_web_address(intent.redirect)) return refuse("The payment service gave an address that is none.");
    change(domain::finish(job_), ask<send_client>(id_, intent.redirect));
}

void Paying::start_session(const gateways::Order& order, const Row& row) {
    if (const std::string_view known = row.text(2); !known.empty()) {
        const PaymongoAnswer answer = paymongo_.session(desk_.fetcher, known);
        if (answer.kind == Kind::away || answer.kind == Kind::unknown) return later(answer);
        if (answer.kind == Kind::done && (answer.intent.paid() || answer.intent.status == "active")) return follow(answer.intent);
    }
    const PaymongoAnswer answer = paymongo_.create_session(desk_.fetcher, order, row.str(9), std::to_string(job_.id));
    if (answer.kind == Kind::refused) return refuse(answer.people);
    if (answer.kind != Kind::done) return later(answer);  // a page whose address nobody was told cannot be paid on
    change(domain::hold(job_), ask<name_session>(id_, answer.id, answer.intent.within));
    follow(answer.intent);
}

void Paying::check(bool again) {
    const auto row = desk_.persist([&](core::Db& db) {
        Transaction transaction{db, job_.tenant, domain::hold(job_)};
        auto found = transaction.maybe<checking>(id_);
        transaction.commit();
        return found;
    });
    if (!row || !row->truth(0)) return end();
    const std::string intent = row->str(1), session = row->str(2);
    bool open = true;
    std::string why = "open";
    if (!intent.empty() || !session.empty()) {
        const PaymongoAnswer answer = session.empty() ? paymongo_.intent(desk_.fetcher, intent) : paymongo_.session(desk_.fetcher, session);
        if (desk_.stopping && answer.kind != Kind::done) return change(domain::hand_back(job_), ask<note_checked>(id_));
        if (answer.kind == Kind::done) {
            apply(answer.intent, domain::hold(job_));
            open = !answer.intent.paid() && !answer.intent.over();
        } else {
            why = answer.why;
            log(Level::warn, "paymongo failed", why);
        }
    }
    if (open && row->truth(3)) change(domain::hold(job_), domain::fail_payment(id_, "It was not paid within two weeks."));
    if (!open || !again) return end();
    put_off(domain::back_off(job_.attempts, std::chrono::seconds{desk_.config.payment_poll_seconds}, 1h, 0s, chance()), why);
}

// Whoever has its page open still must not pay what was given up. Where PayMongo keeps it open, staff see that, and it is asked
// about for a day: money that comes all the same is credited, and flagged where the part was paid already.
void Paying::end_outside() {
    const auto row = desk_.persist([&](core::Db& db) {
        Transaction transaction{db, job_.tenant, domain::hold(job_)};
        auto found = transaction.maybe<ending>(id_);
        transaction.commit();
        return found;
    });
    if (!row || !row->truth(0)) return end();
    const std::string intent = row->str(1), session = row->str(2);
    PaymongoAnswer answer = session.empty() ? paymongo_.cancel_intent(desk_.fetcher, intent) : paymongo_.expire_session(desk_.fetcher, session);
    if (answer.kind == Kind::refused) {
        const std::string why = answer.why;
        answer = session.empty() ? paymongo_.intent(desk_.fetcher, intent) : paymongo_.session(desk_.fetcher, session);
        if (answer.kind == Kind::done && !answer.intent.paid() && !answer.intent.over()) {
            log(Level::warn, "payment not ended", why);
            return change(domain::finish(job_), ask<note_not_ended>(id_, "PayMongo keeps it open (" + why + "). If it is paid there as well, it shows here."));
        }
    }
    if (answer.kind == Kind::done && answer.intent.paid()) return apply(answer.intent, domain::finish(job_));
    if (answer.kind == Kind::done) return change(domain::finish(job_), ask<note_ended>(id_));
    if (desk_.stopping) return change(domain::hand_back(job_), ask<note_checked>(id_));
    log(Level::warn, "paymongo failed", answer.why);
    if (job_.attempts >= job_.most_attempts)
        return change(domain::finish(job_), ask<note_not_ended>(id_, "PayMongo did not answer when it was to be ended. If it is paid there as well, it shows here."));
    put_off(domain::back_off(job_.attempts, 2s, 60s, answer.wait, chance()), answer.why);
}

void Paying::run() {
    try {
        if (const auto payload = core::Json::try_parse(job_.payload)) id_ = (*payload)["payment"].integer();
        if (job_.kind == "payment") return take_events();
        if (desk_.config.paymongo_secret_key.empty())  // the keys were taken out: whoever puts them back finds everything here
            return put_off(1h, "PAYMONGO_SECRET_KEY is not set");
        if (job_.kind == "payment-start") return start();
        if (job_.kind == "payment-end") return end_outside();
        check(job_.kind == "payment-check");
    } catch (const core::Error& error) {
        if (domain::lease_lost(error)) return log(Level::warn, "payment taken over", error.what());
        log(Level::error, "payment broke off", error.what());
        if (error.status == 503) return;  // the database is away: the lease runs out, and it is done then
        put_off(domain::back_off(job_.attempts, 5s, 1h, 0s, chance()), error.what());
    }
}

}  // namespace

void pay(const domain::Job& job, Desk& desk) noexcept {
    core::set_log_request("job-" + std::to_string(job.id));
    try {
        Paying{job, desk}.run();
    } catch (const std::exception& error) {  // the lease runs out, and somebody takes over
        core::log(Level::error, "payment left", {{"job", job.id}, {"tenant", job.tenant}, {"why", error.what()}});
    }
}

}  // namespace worker

// payments: what a project owes and how its client pays it, and PayMongo's events. Serves /api/projects/{id}/payments, /api/payments.
#include <algorithm>
#include <chrono>

#include "core/app.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/mails.h"
#include "domain/receipt.h"
#include "gateways/paymongo.h"

using namespace core;
using namespace domain;

constexpr std::int64_t least_centavos = 2000;  // that PayMongo takes

constexpr Sql project_owes = R"(
    select json_build_object('id', p.id, 'name', p.name, 'price', p.price, 'paymentStatus', p.payment_status, 'status', p.status,
               'clientName', p.client_name, 'clientEmail', p.client_email, 'balanceRequestedAt', p.balance_requested_at),
           (select json_agg(json_build_object('part', v.part, 'amount', v.amount, 'paid', v.net, 'state', v.state) order by v.part desc)
            from project_parts v where v.project_id = p.id)
    from projects p where p.id = $1)";
constexpr Sql project_payments = R"(
    select coalesce(json_agg(payment_json(p) order by p.id desc), '[]')
    from (select * from payments where project_id = $1 order by id desc limit 100) p)";
constexpr Sql accounts = R"(
    select coalesce(json_agg(json_build_object('id', a.id, 'kind', a.kind, 'label', a.label, 'accountName', a.account_name,
               'accountNumber', a.account_number, 'note', a.note, 'qr', case when a.qr is not null then '/api/payment-accounts/' || a.id || '/qr?v=' || extract(epoch from a.updated_at)::bigint end) order by a.id), '[]')
    from (select * from payment_accounts where active order by id limit 50) a)";
constexpr Sql one_payment = "select payment_json(p) from payments p where p.id = $2 and p.project_id = $1";

// Two clicks at once: the second waits here, and finds what the first made.
constexpr Sql lock_project = "select 1 from projects where id = $1 for no key update";
constexpr Sql part_owed = "select amount, state from project_parts where project_id = $1 and part = $2";
// A payment that was begun is gone on with: its intent at PayMongo is the only one that can be paid.
constexpr Sql begun_payment = R"(
    select id, amount, stage, status = 'processing' from payments
    where project_id = $1 and part = $2 and provider = $3 and (status = 'processing' or status = 'failed' and provider = 'paymongo' and stage <> 'cancelled')
    order by status = 'processing' desc, id desc limit 1)";
constexpr Sql give_up = R"(
    update payments set status = 'failed', stage = 'cancelled', failure = 'The price has changed.', closed_at = now(), updated_at = now()
    where id = $1 and status = 'processing')";
// Whoever transfers the money shall not find the wallet's page still open; the intent is ended at PayMongo by the worker.
constexpr Sql leave_online = R"(
    update payments set status = 'failed', stage = 'cancelled', failure = 'Another way of paying was chosen.', next_url = null, closed_at = now(), updated_at = now()
    where project_id = $1 and part = $2 and provider = 'paymongo' and status = 'processing')";
constexpr Sql new_payment = R"(
    insert into payments (project_id, user_id, part, amount, provider, payment_method, channel, account_id, status, stage, method_id, site, reference)
    select $1::integer, me(), $2, $3, $4::text, $5, (select kind from payment_accounts where id = $6::integer), $6::integer,
           'processing', case $4 when 'manual' then 'open' else 'starting' end,
           $7, $8, 'P' || $1::integer || '-' || upper(substr(translate(md5(gen_random_uuid()::text), '01', 'xy'), 1, 6))
    returning id)";
constexpr Sql pay_again = R"(
    update payments
    set status = 'processing', stage = 'starting', payment_method = $2, method_id = $3, site = $4, attempt_at = now(), failure = null,
        next_url = null, closed_at = null, updated_at = now()
    where id = $1 returning id)";
constexpr Sql queue_start = R"(
    select enqueue('payment-start', 'payment:' || $1::integer, jsonb_build_object('payment', $1::integer)),
           enqueue('payment-check', 'payment:' || $1::integer, jsonb_build_object('payment', $1::integer), now() + make_interval(secs => $2)))";
constexpr Sql other_account = R"(
    update payments set account_id = $2, channel = (select kind from payment_accounts where id = $2), updated_at = now() where id = $1 and stage = 'open')";
constexpr Sql active_account = "select 1 from payment_accounts where id = $1::integer and active";
constexpr Sql own_host = "select $1 = any(hosts) from agency()";
constexpr Sql look_again = R"(
    select enqueue('payment-look', 'payment:' || id, jsonb_build_object('payment', id)) from payments
    where id = $2 and project_id = $1 and provider = 'paymongo' and stage = 'open' and (checked_at is null or checked_at < now() - interval '4 seconds'))";

// A picture or a number that somebody has sent before is taken, and shown to the agency as what it is.
constexpr Sql take_proof = R"(
    with proof as (select id, sha256, regexp_replace(upper($4), '[^A-Z0-9]', '', 'g') as number from files
                   where id = $3 and project_id = $1 and purpose = 'payment' and removed_at is null),
    before as (select min(o.id) as id from payments o, proof f
               where o.id <> $2 and (o.proof_sha256 = f.sha256 or regexp_replace(upper(o.proof_reference), '[^A-Z0-9]', '', 'g') = f.number)),
    taken as (
        update payments p
        set stage = 'submitted', proof_file_id = f.id, proof_sha256 = f.sha256, proof_reference = $4, proof_at = now(), updated_at = now(),
            attention = 'This proof, or its number, was given for payment ' || b.id || ' before.'
        from proof f, before b
        where p.id = $2 and p.project_id = $1 and p.provider = 'manual' and p.stage in ('open', 'submitted') returning p.*)
    select payment_json(t), note_activity($1, 'payment-proof', jsonb_build_object('payment', t.id, 'part', t.part, 'amount', t.amount)),
           tell_staff('proof-submitted', $1, jsonb_build_object('payment', t.id, 'part', t.part, 'amount', t.amount), 'proof ' || t.id || ' ' || t.proof_at)
    from taken t)";
constexpr Sql proof_is_there = "select 1 from files where id = $2 and project_id = $1 and purpose = 'payment' and removed_at is null";

constexpr Sql take_event = R"(
    select take_payment_event($1, $2, nullif($3, ''), nullif($4, ''), $5, nullif($6::integer, 0), nullif($7, ''), nullif($8, ''), $9::bigint,
                              nullif($10, ''), nullif($11, ''), case when $12::bigint > 0 then to_timestamp($12::bigint) end, $13::jsonb))";

Reply overview(Call& call, Id project) {
    const auto [owed, payments, places] = call.db().last(ask<project_owes>(project), ask<project_payments>(project), ask<accounts>());
    const Config& config = call.config;
    const bool online = !config.paymongo_secret_key.empty(), card = online && !config.paymongo_public_key.empty();
    Writer out;
    out.object().member_raw("project", owed.one().text(0)).member_raw("parts", owed.one().text(1)).key("online").object();
    out.member("available", online).member("hosted", online && config.paymongo_hosted).member("card", card).member("least", least_centavos);
    if (card && !config.paymongo_hosted) out.member("publicKey", config.paymongo_public_key).member("baseUrl", config.paymongo_base_url);
    out.end_object().member_raw("accounts", places.one().text(0)).member_raw("payments", payments.one().text(0));
    return ok(out.end_object().take());
}

Reply one(Call& call, Id project, Id payment) {
    const auto row = call.db().last(ask<one_payment>(project, payment))[0].maybe();
    if (!row) throw not_found("payment");
    return ok(row->text(0));
}

void check_method(Form& form, const Config& config, const std::string& method, bool has_card, std::int64_t amount) {
    const bool online = method == "card" || method == "gcash" || method == "paymaya";
    if (!online && method != "manual") form.wrong("method", "The method is one of card, gcash, paymaya and manual.");
    else if (online && config.paymongo_secret_key.empty()) form.wrong("method", "Cards and wallets are not taken online here. Please transfer the amount to one of our accounts.");
    else if (online && amount < least_centavos) form.wrong("method", "The amount is too small to be paid online. Please transfer it to one of our accounts.");
    else if (method == "card" && !config.paymongo_hosted && !has_card) form.wrong("paymentMethodId", "The card's data are missing.");
}

Reply start(Call& call, Id project) {
    Form form{call.body()};
    const std::string part = form.text("part", {1, 20}, "The part"), method = form.text("method", {1, 20}, "The method");
    const auto card = form.token("paymentMethodId");
    const bool by_hand = method == "manual";
    const auto account = form.id("accountId", by_hand);
    if (form.right() && part != "deposit" && part != "balance") form.wrong("part", "The part is deposit or balance.");
    form.check();
    const char* provider = by_hand ? "manual" : "paymongo";
    const auto [locked, owed, begun, place, host] = call.db().all(
        ask<lock_project>(project), ask<part_owed>(project, part), ask<begun_payment>(project, part, provider), ask<active_account>(account), ask<own_host>(call.request.host));
    const std::int64_t amount = owed.one().integer(0);
    check_method(form, call.config, method, card.has_value(), amount);
    if (by_hand && account && place.size() == 0) form.wrong("accountId", "This account is not used any more. Choose another one.");
    form.check();
    const std::string_view state = owed.one().text(1);
    if (state == "paid") throw conflict(part == "deposit" ? "The deposit is paid already." : "The balance is paid already.");
    if (state != "due") throw conflict("The balance can be paid when the work is finished, or when the agency asks for it.");

    auto before = begun.maybe();
    if (before && before->integer(1) != amount) {
        call.db().change<give_up>(before->integer(0));
        before.reset();
    }
    std::int64_t payment = before ? before->integer(0) : 0;
    if (by_hand) call.db().change<leave_online>(project, part);
    const bool running = before && before->text(2) == "starting";
    const std::string site = site_address(call.config.base_url, host.one().truth(0) ? call.request.host : "");
    const auto method_id = by_hand || method != "card" ? std::optional<std::string>{} : card;
    if (!before) payment = call.db().one<new_payment>(project, part, amount, provider, method, account, method_id, site).integer(0);
    else if (by_hand) call.db().change<other_account>(payment, *account);
    else if (!running) call.db().one<pay_again>(payment, method, method_id, site);
    if (!by_hand && !running) call.db().one<queue_start>(payment, call.config.payment_poll_seconds);
    const std::string json = call.db().one<one_payment>(project, payment).str(0);
    if (!running) note_by_staff(call, "payment-begun", "project " + std::to_string(project.value), Writer{}.object().member("payment", payment).member("part", part).member("method", method).member("amount", amount).end_object().take());
    call.commit();
    Reply reply = ok(json);
    reply.status = before ? 200 : 201;
    return reply;
}

Reply look(Call& call, Id project, Id payment) {
    call.db().list<look_again>(project, payment);
    const auto row = call.db().maybe<one_payment>(project, payment);
    if (!row) throw not_found("payment");
    return accepted(row->str(0));
}

Reply prove(Call& call, Id project, Id payment) {
    Form form{call.body()};
    const auto file = form.id("fileId", true);
    const std::string number = form.text("reference", {4, 60}, "The transaction's number");
    if (form.right() && std::ranges::count_if(number, [](char c) { return c >= '0' && c <= '9'; }) < 3)
        form.wrong("reference", "Write the reference number that stands on your proof of payment.");
    form.check();
    if (!call.db().maybe<proof_is_there>(project, *file)) throw unprocessable({{"fileId", "Upload the proof once more: this file is not there."}});
    const auto row = call.db().maybe<take_proof>(project, payment, *file, number);
    if (row) {
        note_by_staff(call, "payment-proof-sent", "project " + std::to_string(project.value), Writer{}.object().member("payment", payment.value).member("file", *file).member("reference", number).end_object().take());
        return ok(row->str(0));
    }
    if (!call.db().maybe<one_payment>(project, payment)) throw not_found("payment");
    throw conflict("This payment waits for no proof: reload the page to see where it stands.");
}

Reply webhook(Call& call) {
    using namespace std::chrono;
    const Request& request = call.request;
    const Config& config = call.config;
    if (config.paymongo_webhook_secret.empty()) throw not_found("page");
    if (request.too_large) throw Error{413, "The event is too large."};
    if (request.cut) throw bad_request("The request ended early.");
    const bool live = gateways::Paymongo{config}.live();
    const auto signature = gateways::check_signature(request.header("paymongo-signature"), request.body, config.paymongo_webhook_secret, live);
    if (!signature.right) throw Error{401, "The signature is not right."};
    const std::int64_t now = duration_cast<seconds>(system_clock::now().time_since_epoch()).count();
    if (signature.at < now - std::int64_t{config.paymongo_tolerance_minutes} * 60 || signature.at > now + 300) throw bad_request("The signature's time is too far from ours.");
    const auto event = gateways::read_event(request.body);
    if (!event) throw bad_request("This is no event.");
    if (event->live != live) throw bad_request(live ? "This is an event of the test mode." : "This is an event of the live mode.");
    const gateways::Paid& paid = event->paid;
    const Row row = call.db().one<take_event>(event->id, event->type, paid.intent, event->session, event->named_tenant, event->named_payment, paid.id, paid.status,
                                              paid.amount, paid.currency, paid.said, event->created, request.body);
    if (row.text(0) == "stray") log(Level::warn, "payment event of nobody", {{"event", event->id}, {"type", event->type}});
    return ok(Writer{}.object().member("received", true).end_object().take());
}

Reply receipt(Call& call, Id project, Id payment) { return receipt_json(call, project, payment); }
Reply receipt_file(Call& call, Id project, Id payment) { return receipt_pdf(call, project, payment); }

constexpr Access open_to_all{"anyone", nullptr, nullptr, nullptr};  // of no tenant: the event says whose it is

constexpr Route routes[] = {
    get<overview>("/api/projects/{id}/payments", member),
    post<start>("/api/projects/{id}/payments", member),
    get<one>("/api/projects/{id}/payments/{payment}", member),
    post<look>("/api/projects/{id}/payments/{payment}/check", onlooker),
    post<prove>("/api/projects/{id}/payments/{payment}/proof", member),
    get<receipt>("/api/projects/{id}/payments/{payment}/receipt", member),
    get<receipt_file>("/api/projects/{id}/payments/{payment}/receipt.pdf", member),
    post<webhook>("/api/payments/webhook", open_to_all).platform().any_origin(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// Payments: the judgement, and the statements that change money.
#include "domain/payments.h"

#include "domain/money.h"

namespace domain {
namespace {

using core::ask;
using core::Sql;
using Outcome = Verdict::Outcome;

constexpr Sql lock_sql = "select 1 from payments where id = $1 for update";
constexpr Sql find_sql = R"(
    select p.id, p.project_id, p.amount, p.status, p.stage, p.payment_intent_id, p.checkout_id, floor(extract(epoch from p.attempt_at))::bigint,
           coalesce((select external_id from ledger l where l.payment_id = p.id and l.kind = 'payment'), '')
    from payments p where p.id = $1)";

// What else was on its way for the same part has no use any more; a proof that is already there is for people to look at.
constexpr Sql credit_sql = R"(
    with paid as (
        update payments p
        set status = 'succeeded', stage = 'paid', paid_at = now(), closed_at = now(), updated_at = now(), failure = null, next_url = null,
            payment_method = case when provider = 'paymongo' and $4 in ('card', 'gcash', 'paymaya') then $4 else payment_method end,
            confirmed_by = case when $3 = 'paymongo' then confirmed_by else $3 end,
            attention = case when (select sum(l.amount) from ledger l where l.project_id = p.project_id and l.part = coalesce(p.part, 'deposit')) > 0
                             then 'This part of the price was paid before: one of the payments is to be given back.' else attention end
        where p.id = $1 and p.status <> 'succeeded'
        returning p.id, p.project_id, p.user_id, coalesce(p.part, 'deposit') as part, p.amount, p.payment_method, p.channel, p.reference, p.proof_reference, p.paid_at),
    entry as (
        insert into ledger (project_id, payment_id, part, kind, amount, external_id, actor)
        select project_id, id, part, 'payment', amount, nullif($2, ''), $3 from paid returning id),
    counted as (update receipt_counter set last = last + 1 where only_row and exists (select from paid) returning last),
    receipt as (
        insert into receipts (number, payment_id, project_id, amount, words)
        select c.last, p.id, p.project_id, p.amount, jsonb_build_object('agency', a.name, 'client', j.client_name, 'email', j.client_email,
               'project', j.name, 'service', j.service, 'part', p.part, 'method', coalesce(p.channel, p.payment_method), 'reference', p.reference,
               'transaction', coalesce(nullif($2, ''), p.proof_reference), 'price', j.price, 'paidAt', p.paid_at)
        from paid p join projects j on j.id = p.project_id, counted c, agency() a returning number),
    begun as (
        update projects j set status = 'in-progress', start_date = coalesce(j.start_date, now()), updated_at = now()
        from paid p where j.id = p.project_id and j.status = 'pending'),
    others as (
        update payments o
        set stage = case when o.proof_at is null then 'cancelled' else o.stage end, status = case when o.proof_at is null then 'failed' else o.status end,
            closed_at = case when o.proof_at is null then now() end, updated_at = now(),
            failure = case when o.proof_at is null then 'It was paid another way.' else o.failure end,
            attention = case when o.proof_at is null then o.attention else 'This part of the price has arrived another way meanwhile.' end
        from paid p where o.project_id = p.project_id and o.part = p.part and o.id <> p.id and o.status = 'processing'),
    told as (
        select p.id, p.project_id, p.user_id, r.number, jsonb_build_object('payment', p.id, 'part', p.part, 'amount', p.amount,
               'receipt', lpad(r.number::text, 6, '0'), 'method', coalesce(p.channel, p.payment_method), 'reference', p.reference) as data
        from paid p, receipt r)
    select t.number, note_activity(t.project_id, 'payment-received', t.data, false, case when $3 = 'paymongo' then t.user_id else $3 end),
           tell_client('payment-received', t.project_id, t.data, 'payment ' || t.id), tell_staff('payment-received', t.project_id, t.data, 'payment ' || t.id)
    from told t)";
constexpr Sql fail_sql = R"(
    update payments set status = 'failed', stage = 'failed', failure = $2, next_url = null, closed_at = now(), updated_at = now()
    where id = $1 and status = 'processing')";
constexpr Sql hold_sql = "update payments set attention = $2, updated_at = now() where id = $1";

}  // namespace

const char* name_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::credited: return "credited";
        case Outcome::repeated: return "repeated";
        case Outcome::failed: return "failed";
        case Outcome::held: return "held";
        case Outcome::ignored: break;
    }
    return "ignored";
}

Verdict judge(const Payment& payment, const Report& report) {
    const bool known = !payment.intent.empty() || !payment.checkout.empty();
    const bool ours = report.intent.empty() || !known || report.intent == payment.intent || report.intent == payment.checkout;
    switch (report.kind) {
        case Report::Kind::paid:
            if (report.amount != payment.amount || report.currency != "PHP")
                return {Outcome::held, "PayMongo reports a payment of " + (report.currency == "PHP" ? pesos(report.amount) : "another currency or amount") +
                                           "; " + pesos(payment.amount) + " was asked for. Nothing was credited."};
            // A second intent for the payment, or its session's own intent, which we were not told of: people decide.
            if (!ours && payment.checkout.empty())
                return {Outcome::held, "PayMongo reports a payment under another name than the one we asked for. Nothing was credited."};
            if (!payment.succeeded()) return {Outcome::credited, {}};
            if (report.id.empty() || report.id == payment.credited_as) return {Outcome::repeated, {}};
            return {Outcome::held, "PayMongo reports that this was paid a second time (" + report.id + "). Only the first is credited."};
        case Report::Kind::failed:
            if (payment.succeeded() || payment.stage == "starting" || !ours || (report.at != 0 && report.at < payment.attempt_at)) return {};
            if (payment.status == "failed") return {Outcome::repeated, {}};
            return {Outcome::failed, report.said.empty() ? "The payment did not go through. Please try again." : report.said};
        case Report::Kind::refunded:
            return {Outcome::held, "PayMongo reports a refund. Record it here once you have looked at it."};
        case Report::Kind::other: break;
    }
    return {};
}

core::Query lock_payment(std::int64_t payment) { return ask<lock_sql>(payment); }
core::Query find_payment(std::int64_t payment) { return ask<find_sql>(payment); }

Payment read_payment(const core::Row& row) {
    return {row.integer(0), row.integer(1), row.integer(2), row.integer(7), row.str(3), row.str(4), row.str(5), row.str(6), row.str(8)};
}

core::Query credit(std::int64_t payment, std::string_view external_id, std::string_view actor, std::string_view method) {
    return ask<credit_sql>(payment, external_id, actor, method);
}
core::Query fail_payment(std::int64_t payment, std::string_view why) { return ask<fail_sql>(payment, why); }
core::Query hold_payment(std::int64_t payment, std::string_view why) { return ask<hold_sql>(payment, why); }

}  // namespace domain

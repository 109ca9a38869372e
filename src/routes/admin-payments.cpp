// admin-payments: what the agency's staff look at, confirm, refuse, record and give back. Serves /api/admin/payments.
#include <algorithm>

#include "core/app.h"
#include "domain/access.h"
#include "domain/money.h"
#include "domain/payments.h"

using namespace core;
using namespace domain;

// A page of the list, newest first; `next` is where the following one begins.
constexpr Sql payment_page = R"(
    select json_build_object('payments', coalesce(json_agg(json_build_object('payment', payment_json(q), 'project', json_build_object(
               'id', j.id, 'name', j.name, 'clientName', j.client_name), 'attention', q.attention,
               'reviewedBy', (select name from people(array[q.reviewed_by])), 'reviewedByMe', coalesce(q.reviewed_by = me(), false), 'reviewedAt', q.reviewed_at,
               'confirmedBy', (select name from people(array[q.confirmed_by]))) order by q.id desc) filter (where p.place <= $3), '[]'),
           'next', min(p.id) filter (where p.place = $3 and p.more), 'staff', (select count(*) from staff_here()))
    from (select id, row_number() over (order by id desc) as place, count(*) over () > $3 as more
          from (select id from payments
                where ($1::integer is null or id < $1::integer)
                  and case $2 when 'all' then true when 'open' then status = 'processing'
                              else stage in ('submitted', 'reviewed') or attention is not null end
                order by id desc limit $3::integer + 1) found) p
    join payments q on q.id = p.id join projects j on j.id = q.project_id)";

constexpr Sql payment_head = R"(
    select payment_json(p), to_json(p.attention), json_build_object('id', j.id, 'name', j.name, 'clientName', j.client_name, 'clientEmail', j.client_email)
    from payments p join projects j on j.id = p.project_id where p.id = $1)";
constexpr Sql payment_entries = R"(
    select coalesce(json_agg(json_build_object('kind', l.kind, 'amount', l.amount, 'reference', l.external_id, 'note', l.note, 'at', l.created_at,
               'by', coalesce((select name from people(array[l.actor])), l.actor)) order by l.id), '[]')
    from (select * from ledger where payment_id = $1 order by id limit 200) l)";
constexpr Sql payment_reports = R"(
    select coalesce(json_agg(json_build_object('id', e.event_id, 'type', e.event_type, 'amount', e.amount, 'currency', e.currency, 'outcome', e.outcome,
               'at', e.received_at) order by e.received_at desc), '[]')
    from (select * from payment_events where payment_id = $1 order by received_at desc limit 50) e)";

constexpr Sql state_of = R"(
    select p.stage, p.provider, p.amount, p.attention is not null, coalesce(p.reviewed_by = me(), false) and (select count(*) from staff_here()) > 1,
           v.state, p.status, p.project_id, coalesce((select sum(l.amount) from ledger l where l.payment_id = p.id), 0)
    from payments p left join project_parts v on v.project_id = p.project_id and v.part = p.part where p.id = $1)";
constexpr Sql review_sql = R"(
    update payments set stage = 'reviewed', reviewed_by = me(), reviewed_at = now(), updated_at = now() where id = $1 and stage = 'submitted' returning id)";
constexpr Sql seen_sql = "update payments set attention = null, updated_at = now() where id = $1";
constexpr Sql reject_sql = R"(
    with gone as (
        update payments set status = 'failed', stage = 'rejected', failure = $2, closed_at = now(), updated_at = now()
        where id = $1 returning id, project_id, part, amount)
    select note_activity(project_id, 'payment-rejected', jsonb_build_object('payment', id, 'part', part, 'amount', amount, 'reason', $2::text)),
           tell_client('payment-rejected', project_id, jsonb_build_object('payment', id, 'part', part, 'amount', amount, 'reason', $2::text), 'rejected ' || id)
    from gone)";
constexpr Sql refund_sql = R"(
    with back as (
        insert into ledger (project_id, payment_id, part, kind, amount, external_id, note, actor)
        select project_id, id, coalesce(part, 'deposit'), 'refund', -$2::bigint, nullif($3, ''), $4, me() from payments where id = $1
        returning id, project_id, payment_id, part, -amount as amount)
    select note_activity(project_id, 'payment-refunded', jsonb_build_object('payment', payment_id, 'part', part, 'amount', amount, 'reason', $4::text)),
           tell_client('payment-refunded', project_id, jsonb_build_object('payment', payment_id, 'part', part, 'amount', amount, 'reason', $4::text), 'refund ' || id)
    from back)";
constexpr Sql settle_sql = R"(
    with seen as (update payments p set attention = null, updated_at = now() from (select id, attention from payments where id = $1) b
                  where p.id = b.id and b.attention is not null returning p.id, p.project_id, b.attention)
    select note_activity(project_id, 'payment-settled', jsonb_build_object('payment', id, 'attention', attention, 'note', $2::text), true) from seen)";

constexpr Sql lock_project = "select 1 from projects where id = $1 for no key update";
constexpr Sql part_owed = "select amount, state, (select d.state from project_parts d where d.project_id = $1 and d.part = 'deposit') from project_parts where project_id = $1 and part = $2";
constexpr Sql record_sql = R"(
    insert into payments (project_id, user_id, part, amount, provider, payment_method, channel, status, stage, reference, proof_reference, proof_at,
                          reviewed_by, reviewed_at,
                                                   attention)
    select $1::integer, me(), $2, $3, 'manual', 'manual', $4, 'processing', 'reviewed', 'P' || $1::integer || '-' || upper(substr(translate(md5(gen_random_uuid()::text), '01', 'xy'), 1, 6)),
           $5::text, now(), me(), now(), (select 'This number was given for payment ' || min(o.id) || ' before.' from payments o
                             where regexp_replace(upper(o.proof_reference), '[^A-Z0-9]', '', 'g') = regexp_replace(upper($5), '[^A-Z0-9]', '', 'g'))
    returning id)";
constexpr Sql request_sql = R"(
    with asked as (update projects set balance_requested_at = now(), balance_requested_by = me(), updated_at = now() where id = $1 returning id)
    select note_activity(id, 'payment-requested', jsonb_build_object('part', 'balance', 'amount', $2::bigint)),
           tell_client('payment-due', id, jsonb_build_object('part', 'balance', 'amount', $2::bigint), 'balance ' || id || ' ' || now()::date)
    from asked)";
constexpr Sql one_payment = "select payment_json(p) from payments p where p.id = $1";

Reply list(Call& call) {
    const auto number = [&](const char* name, std::int64_t fallback) {
        const std::string text = call.request.query_value(name);
        Id id{fallback};
        if (!text.empty() && !core::detail::read_hole(text, id)) throw bad_request(std::string{name} + " must be a positive number.");
        return id.value;
    };
    const std::int64_t before = number("before", 0), limit = std::min<std::int64_t>(number("limit", 25), 100);
    std::string state = call.request.query_value("state");
    if (state.empty()) state = "todo";
    if (state != "todo" && state != "open" && state != "all") throw bad_request("state is todo, open or all.");
    return ok(call.db().last(ask<payment_page>(before ? std::optional{before} : std::nullopt, state, limit))[0].one().text(0));
}

Reply details(Call& call, Id payment) {
    const auto [head, entries, reports] = call.db().last(ask<payment_head>(payment), ask<payment_entries>(payment), ask<payment_reports>(payment));
    const auto row = head.maybe();
    if (!row) throw not_found("payment");
    Writer out;
    out.object().member_raw("payment", row->text(0)).member_raw("attention", row->null(1) ? "null" : row->text(1)).member_raw("project", row->text(2));
    out.member_raw("ledger", entries.one().text(0)).member_raw("events", reports.one().text(0));
    return ok(out.end_object().take());
}

// The row, held until the end: two of the staff decide one after the other.
Row held(Call& call, Id payment) {
    const auto [locked, state] = call.db().all(lock_payment(payment.value), ask<state_of>(payment));
    auto row = state.maybe();
    if (!row) throw not_found("payment");
    return *std::move(row);
}

Reply done(Call& call, std::int64_t payment, int status = 200) {
    Reply reply = ok(call.db().one<one_payment>(payment).str(0));
    reply.status = status;
    call.commit();
    return reply;
}

Reply review(Call& call, Id payment) {
    held(call, payment);
    if (!call.db().maybe<review_sql>(payment)) throw conflict("This payment has no proof that waits to be looked at.");
    return done(call, payment.value);
}

Reply verify(Call& call, Id payment) {
    Form form{call.body()};
    const std::int64_t amount = amount_field(form, "amount");
    const bool acknowledged = form.value("acknowledge").boolean();
    form.check();
    const Row state = held(call, payment);
    if (state.text(0) != "reviewed" || state.text(1) != "manual") throw conflict("Only a payment whose proof was looked at can be confirmed.");
    if (state.truth(4)) throw conflict("You looked at the proof, so somebody else of the agency has to confirm that the money is there.");
    if (state.text(5) == "paid") throw conflict("This part of the price is paid already. Refuse this payment, and give the money back if it came.");
    if (amount != state.integer(2))
        form.wrong("amount", "This payment is of " + pesos(state.integer(2)) + ". If another amount arrived, refuse the payment and tell the client why.");
    if (state.truth(3) && !acknowledged) form.wrong("acknowledge", "Something about this payment needs your attention: say that you have looked at it.");
    form.check();
    call.db().all(ask<seen_sql>(payment), credit(payment.value, "", person(call).id));
    return done(call, payment.value);
}

Reply reject(Call& call, Id payment) {
    Form form{call.body()};
    const std::string reason = form.text("reason", {5, 500}, "The reason");
    form.check();
    const Row state = held(call, payment);
    if (state.text(1) != "manual" || state.text(6) != "processing") throw conflict("Only a payment that waits to be confirmed can be refused.");
    call.db().one<reject_sql>(payment, reason);
    return done(call, payment.value);
}

Reply refund(Call& call, Id payment) {
    Form form{call.body()};
    const std::int64_t amount = amount_field(form, "amount");
    const std::string reason = form.text("reason", {5, 500}, "The reason"), reference = form.text("reference", {0, 100}, "The reference");
    form.check();
    const Row state = held(call, payment);
    if (state.text(6) != "succeeded") throw conflict("Only a payment that has arrived can be given back.");
    if (amount > state.integer(8)) form.wrong("amount", "At most " + pesos(state.integer(8)) + " of this payment can be given back.");
    form.check();
    call.db().one<refund_sql>(payment, amount, reference, reason);
    return done(call, payment.value);
}

Reply settle(Call& call, Id payment) {
    Form form{call.body()};
    const std::string note = form.text("note", {3, 500}, "The note");
    form.check();
    held(call, payment);
    if (call.db().list<settle_sql>(payment, note).size() == 0) throw conflict("Nothing about this payment needs attention.");
    return done(call, payment.value);
}

// Step one of two: whoever records a payment has looked at it, and it is confirmed like any other.
Reply record(Call& call) {
    Form form{call.body()};
    const auto project = form.id("projectId", true);
    const std::string part = form.text("part", {1, 20}, "The part"), channel = form.text("channel", {1, 20}, "The way it was paid");
    const std::string reference = form.text("reference", {4, 60}, "The transaction's number");
    const std::int64_t amount = amount_field(form, "amount");
    constexpr std::string_view channels[] = {"gcash", "paymaya", "bank", "cash"};
    if (part != "deposit" && part != "balance") form.wrong("part", "The part is deposit or balance.");
    if (std::ranges::find(channels, channel) == std::end(channels)) form.wrong("channel", "It is one of gcash, paymaya, bank and cash.");
    form.check();
    const auto [locked, owed] = call.db().all(ask<lock_project>(*project), ask<part_owed>(*project, part));
    const auto row = owed.maybe();
    if (!row) throw unprocessable({{"projectId", "There is no such project."}});
    if (row->text(1) == "paid") throw conflict("This part of the price is paid already.");
    if (part == "balance" && row->text(2) != "paid") throw conflict("The deposit comes first.");
    if (amount != row->integer(0)) throw unprocessable({{"amount", "This part of the price is " + pesos(row->integer(0)) + "."}});
    try {
        const std::int64_t payment = call.db().one<record_sql>(*project, part, amount, channel, reference).integer(0);
        return done(call, payment, 201);
    } catch (const SqlError& error) {
        if (error.constraint != "payments_live") throw;
        throw conflict("The client has begun to pay this part by transfer: confirm or refuse that payment instead.");
    }
}

Reply request_balance(Call& call) {
    Form form{call.body()};
    const auto project = form.id("projectId", true);
    form.check();
    const auto [locked, owed] = call.db().all(ask<lock_project>(*project), ask<part_owed>(*project, "balance"));
    const auto row = owed.maybe();
    if (!row) throw unprocessable({{"projectId", "There is no such project."}});
    if (row->text(1) == "paid") throw conflict("The balance is paid already.");
    if (row->text(2) != "paid") throw conflict("The deposit comes first.");
    call.db().one<request_sql>(*project, row->integer(0));
    call.commit();
    return ok(Writer{}.object().member("projectId", *project).member("part", "balance").member("amount", row->integer(0)).end_object().take());
}

constexpr Route routes[] = {
    get<list>("/api/admin/payments", staff),
    get<details>("/api/admin/payments/{id}", staff),
    post<record>("/api/admin/payments/record", staff),
    post<request_balance>("/api/admin/payments/request-balance", staff),
    post<review>("/api/admin/payments/{id}/review", staff),
    post<verify>("/api/admin/payments/{id}/verify", staff),
    post<reject>("/api/admin/payments/{id}/reject", staff),
    post<refund>("/api/admin/payments/{id}/refund", staff),
    post<settle>("/api/admin/payments/{id}/settle", staff),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// admin-payments: what the agency's staff look at, confirm, refuse, record and give back. Serves /api/admin/payments.
#include <algorithm>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"
#include "domain/money.h"
#include "domain/payments.h"
#include "domain/searching.h"

using namespace core;
using namespace domain;

// Both the list and the file: payments by state ($4), words ($5) of their project or number, and project ($6), in one of three orders.
constexpr std::string_view some = R"(
    with page as (
        select q.*, )", chosen = R"( as key from payments q
        where case $4 when 'all' then true when 'open' then status = 'processing'
                      else stage in ('submitted', 'reviewed') or attention is not null end
          and ($6::bigint = 0 or q.project_id = $6::bigint)
          and ($5 = '' or upper(q.reference) = upper($5) or upper(q.proof_reference) = upper($5)
               or q.project_id in (select p.id from projects p where )", found = R"( @@ search_for($5))) and )";
constexpr std::string_view no_key = "''", after_newest = "$1 = '' and q.id < $2::bigint ", by_newest = "order by q.id desc ",
                           after_oldest = "$1 = '' and q.id > $2::bigint ", by_oldest = "order by q.id ",
                           amount_key = "q.amount", after_amount = "(q.amount, q.id) < ($1::bigint, $2::bigint) ", by_amount = "order by q.amount desc, q.id desc ";
constexpr std::string_view as_json = R"(limit $3)
    select q.key, q.id, json_build_object('payment', payment_json(p), 'project', json_build_object(
               'id', j.id, 'name', j.name, 'clientName', j.client_name), 'attention', q.attention,
               'reviewedBy', (select name from people(array[q.reviewed_by])), 'reviewedByMe', coalesce(q.reviewed_by = me(), false), 'reviewedAt', q.reviewed_at,
               'confirmedBy', (select name from people(array[q.confirmed_by])), 'notEnded', q.not_ended)
    from page q join payments p on p.id = q.id join projects j on j.id = q.project_id )";
// Pesos as a spreadsheet reads them. What was given back is in the ledger.
constexpr std::string_view as_cells = R"(limit $3)
    select q.key, q.id, q.id, q.project_id, j.name, j.client_name, j.client_email, q.part, round(q.amount / 100.0, 2),
           round((select coalesce(-sum(l.amount), 0) from ledger l where l.payment_id = q.id and l.kind = 'refund') / 100.0, 2),
           (select lpad(r.number::text, 6, '0') from receipts r where r.payment_id = q.id),
           (select string_agg(lpad(n.number::text, 6, '0'), E'\n' order by n.number) from credit_notes n where n.payment_id = q.id),
           q.status, q.stage, q.provider, coalesce(q.channel, q.payment_method), q.reference, q.proof_reference, q.attention,
           to_char(q.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), to_char(q.updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    from page q join projects j on j.id = q.project_id )";
constexpr Sql staff_count = "select count(*) from staff_here()";

constexpr Sql payment_head = R"(
    select payment_json(p), to_json(p.attention), json_build_object('id', j.id, 'name', j.name, 'clientName', j.client_name, 'clientEmail', j.client_email)
    from payments p join projects j on j.id = p.project_id where p.id = $1)";
constexpr Sql payment_entries = R"(
    select coalesce(json_agg(json_build_object('kind', l.kind, 'amount', l.amount, 'reference', l.external_id, 'note', l.note, 'at', l.created_at,
               'creditNote', (select lpad(n.number::text, 6, '0') from credit_notes n where n.ledger_id = l.id),
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
    insert into ledger (project_id, payment_id, part, kind, amount, external_id, note, actor)
    select project_id, id, coalesce(part, 'deposit'), 'refund', -$2::bigint, nullif($3, ''), $4, me() from payments where id = $1 returning id)";
// The entry's credit note is a trigger's work, so it can be read by the next statement only.
constexpr Sql refunded_sql = R"(
    with told as (
        select l.id, l.project_id, jsonb_build_object('payment', l.payment_id, 'part', l.part, 'amount', -l.amount, 'reason', l.note,
               'creditNote', lpad(n.number::text, 6, '0')) as data
        from ledger l join credit_notes n on n.ledger_id = l.id where l.id = $1)
    select note_activity(project_id, 'payment-refunded', data), tell_client('payment-refunded', project_id, data, 'refund ' || id) from told)";
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

struct Filter {
    std::string state, words;
    std::int64_t project;  // 0: of all
};

template <const Sql& S>
Query payments_of(const Filter& f, const Page& p) { return ask<S>(p.key, p.id, p.limit, f.state, f.words, f.project); }

constexpr By orders[] = {newest, oldest, {"amount", By::Key::number, "9223372036854775807", highest_id}};
using Ask = Query (*)(const Filter&, const Page&);
constexpr Ask rows[] = {payments_of<Joined<some, no_key, chosen, project_words, found, after_newest, by_newest, as_json, by_newest>::sql>,
                        payments_of<Joined<some, no_key, chosen, project_words, found, after_oldest, by_oldest, as_json, by_oldest>::sql>,
                        payments_of<Joined<some, amount_key, chosen, project_words, found, after_amount, by_amount, as_json, by_amount>::sql>};
constexpr Ask cells[] = {payments_of<Joined<some, no_key, chosen, project_words, found, after_newest, by_newest, as_cells, by_newest>::sql>,
                         payments_of<Joined<some, no_key, chosen, project_words, found, after_oldest, by_oldest, as_cells, by_oldest>::sql>,
                         payments_of<Joined<some, amount_key, chosen, project_words, found, after_amount, by_amount, as_cells, by_amount>::sql>};

Filter filter_of(const Request& request) {
    std::string state = request.query_value("state");
    if (state.empty()) state = "todo";
    if (state != "todo" && state != "open" && state != "all") throw bad_request("There is no such state.", {{"state", "The state is todo, open or all."}});
    Id project{};
    const std::string number = request.query_value("project");
    if (!number.empty() && !core::detail::read_hole(number, project)) throw bad_request("There is no such project.", {{"project", "A project's number is above zero."}});
    return {std::move(state), read_words(request), project.value};
}

Reply list(Call& call) {
    const Filter filter = filter_of(call.request);
    const Page page = read_page(call.request, orders, 25);
    const std::int64_t colleagues = call.db().one<staff_count>().integer(0);
    Writer out;
    write_page(out.object(), "payments", page, page_rows(call, page, rows[page.by](filter, page.plus_one())));
    return ok(out.member("staff", colleagues).end_object().take());
}

Reply csv(Call& call) {
    const Filter filter = filter_of(call.request);
    const Page first = read_page(call.request, orders, 25);
    if (filter.project) note_export(call, "payments", Id{filter.project});
    else note_at_once(call, "exported", "payments");
    return list_file(call, "payments.csv",
                     {{"Payment"}, {"Project"}, {"Project name"}, {"Client"}, {"E-mail"}, {"Part", Cell::code}, {"Amount (PHP)"}, {"Given back (PHP)"},
                      {"Receipt"}, {"Credit notes"}, {"Status", Cell::code}, {"Stage", Cell::code}, {"By", Cell::code}, {"Method", Cell::code},
                      {"Reference"}, {"Client's reference"}, {"Attention", Cell::said}, {"Begun (UTC)"}, {"Changed (UTC)"}},
                     first, [filter](const Page& page) { return cells[page.by](filter, page); });
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

Reply done(Call& call, std::int64_t payment, std::string_view action, int status = 200) {
    Reply reply = ok(call.db().one<one_payment>(payment).str(0));
    reply.status = status;
    call.db().run(audit(call, action, "payment " + std::to_string(payment), reply.body));
    call.commit();
    return reply;
}

Reply review(Call& call, Id payment) {
    held(call, payment);
    if (!call.db().maybe<review_sql>(payment)) throw conflict("This payment has no proof that waits to be looked at.");
    return done(call, payment.value, "payment-reviewed");
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
    return done(call, payment.value, "payment-verified");
}

Reply reject(Call& call, Id payment) {
    Form form{call.body()};
    const std::string reason = form.text("reason", {5, 500}, "The reason");
    form.check();
    const Row state = held(call, payment);
    if (state.text(1) != "manual" || state.text(6) != "processing") throw conflict("Only a payment that waits to be confirmed can be refused.");
    call.db().one<reject_sql>(payment, reason);
    return done(call, payment.value, "payment-rejected");
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
    call.db().one<refunded_sql>(call.db().one<refund_sql>(payment, amount, reference, reason).integer(0));
    return done(call, payment.value, "payment-refunded");
}

Reply settle(Call& call, Id payment) {
    Form form{call.body()};
    const std::string note = form.text("note", {3, 500}, "The note");
    form.check();
    held(call, payment);
    if (call.db().list<settle_sql>(payment, note).size() == 0) throw conflict("Nothing about this payment needs attention.");
    return done(call, payment.value, "payment-settled");
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
        return done(call, payment, "payment-recorded", 201);
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
    call.db().run(audit(call, "balance-requested", "project " + std::to_string(*project), Writer{}.object().member("amount", row->integer(0)).end_object().take()));
    call.commit();
    return ok(Writer{}.object().member("projectId", *project).member("part", "balance").member("amount", row->integer(0)).end_object().take());
}

constexpr Route routes[] = {
    get<list>("/api/admin/payments", staff),
    get<csv>("/api/admin/payments/csv", staff),
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

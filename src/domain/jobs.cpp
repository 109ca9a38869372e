// Jobs: claiming, renewing and ending claims, in SQL.
#include "domain/jobs.h"

#include <algorithm>

namespace domain {
namespace {

using core::ask;
using core::Db;
using core::Query;
using core::Result;
using core::Sql;
using core::Transaction;
using std::chrono::milliseconds;

// A suspended agency's jobs wait; mail that was promised still goes.
constexpr Sql what_is_due = R"(
    select exists (select from jobs where state = 'running' and lease_until < now()) or exists (
               select from jobs j join tenants t on t.schema_name = j.tenant and t.status = 'active'
               where j.state = 'queued' and j.run_after <= now()),
           exists (select from outbox where state = 'sending' and lease_until < now()) or exists (
               select from outbox where state = 'queued' and run_after <= now()),
           ceil(extract(epoch from least(
               (select min(run_after) from jobs where state = 'queued' and run_after > now()),
               (select min(lease_until) from jobs where state = 'running' and lease_until > now()),
               (select min(run_after) from outbox where state = 'queued' and run_after > now()),
               (select min(lease_until) from outbox where state = 'sending' and lease_until > now()),
               now() + interval '1 day') - now()) * 1000)::bigint)";

// `waiting` steps from tenant to tenant through the index, so that the cost follows the tenants that have work, not the
// length of their queues. A job's turn is its place in its tenant's queue behind what that tenant has running.
constexpr Sql claim_jobs_sql = R"(
    with recursive waiting (tenant) as (
        (select tenant from jobs where state = 'queued' order by tenant limit 1)
        union all
        select (select j.tenant from jobs j where j.state = 'queued' and j.tenant > w.tenant order by j.tenant limit 1)
        from waiting w where w.tenant is not null
    ), busy as (
        select tenant, count(*) as running from jobs where state = 'running' and lease_until >= now() group by tenant
    ), turns as (
        select d.id, d.place + coalesce(b.running, 0) as turn, d.run_after as since
        from waiting w
        join tenants t on t.schema_name = w.tenant and t.status = 'active'
        left join busy b on b.tenant = w.tenant
        cross join lateral (
            select id, run_after, row_number() over (order by run_after, id) as place
            from (select id, run_after from jobs where state = 'queued' and tenant = w.tenant and run_after <= now()
                  order by run_after, id limit $1) q) d
        union all
        select id, 0, lease_until from jobs where state = 'running' and lease_until < now()
        order by turn, since limit $1
    ), free as (
        select j.id, turns.turn, turns.since from jobs j join turns on turns.id = j.id
        where j.state = 'queued' and j.run_after <= now() or j.state = 'running' and j.lease_until < now()
        order by turns.turn, turns.since for update of j skip locked
    ), claimed as (
        update jobs j
        set state = 'running', attempts = j.attempts + 1, fence = j.fence + 1, worker = $2, updated_at = now(),
            lease_until = now() + make_interval(secs => $3)
        from free where free.id = j.id
        returning j.id, j.fence, j.attempts, j.tenant, j.max_attempts, j.kind, j.payload, free.turn, free.since)
    select id, fence, attempts, tenant, max_attempts, kind, payload from claimed order by turn, since, id)";

constexpr Sql claim_mail_sql = R"(
    with oldest as (
        (select id, tenant, run_after as since from outbox where state = 'queued' and run_after <= now() order by run_after, id limit 500)
        union all
        (select id, tenant, lease_until from outbox where state = 'sending' and lease_until < now() limit 500)
    ), turns as (
        select id from (select id, since, row_number() over (partition by tenant order by since, id) as turn from oldest) o
        order by turn, since limit $1
    ), free as (
        select id from outbox
        where id in (select id from turns) and (state = 'queued' and run_after <= now() or state = 'sending' and lease_until < now())
        for update skip locked)
    update outbox o
    set state = 'sending', attempts = o.attempts + 1, fence = o.fence + 1, lease_until = now() + make_interval(secs => $2)
    from free where free.id = o.id
    returning o.id, o.fence, o.attempts, coalesce(o.tenant, ''), o.to_addr, o.subject, o.body_text, coalesce(o.body_html, ''), o.message_id,
              coalesce(o.from_name, ''), coalesce(o.from_addr, ''), coalesce(o.reply_to, ''), coalesce(o.unsubscribe, ''))";

constexpr Sql renew_jobs_sql = R"(
    update jobs j set lease_until = now() + make_interval(secs => $3)
    from unnest($1::bigint[], $2::bigint[]) as mine (id, fence)
    where j.id = mine.id and j.fence = mine.fence and j.state = 'running' returning j.id)";
constexpr Sql renew_mail_sql = R"(
    update outbox o set lease_until = now() + make_interval(secs => $3)
    from unnest($1::bigint[], $2::bigint[]) as mine (id, fence)
    where o.id = mine.id and o.fence = mine.fence and o.state = 'sending' returning o.id)";

constexpr Sql hold_sql = R"(
    select case when (select id from jobs where id = $1 and fence = $2 and state = 'running' for no key update) is null
                then deny(409, 'the lease was lost') end)";
constexpr Sql end_sql = R"(
    with mine as (
        update jobs set state = $3, last_error = nullif($4, ''), lease_until = null, finished_at = now(), updated_at = now()
        where id = $1 and fence = $2 and state = 'running' returning id)
    select case when not exists (select from mine) then deny(409, 'the lease was lost') end)";
constexpr Sql put_off_sql = R"(
    with mine as (
        update jobs
        set state = 'queued', last_error = $5, lease_until = null, worker = null, attempts = $4, updated_at = now(),
            run_after = now() + make_interval(secs => $3::double precision / 1000)
        where id = $1 and fence = $2 and state = 'running' returning id)
    select case when not exists (select from mine) then deny(409, 'the lease was lost') end)";
constexpr Sql hand_back_sql = R"(
    with mine as (
        update jobs
        set state = 'queued', lease_until = null, worker = null, attempts = greatest(attempts - 1, 0), run_after = now(), updated_at = now()
        where id = $1 and fence = $2 and state = 'running' returning id)
    select case when not exists (select from mine) then deny(409, 'the lease was lost') end, pg_notify('jobs', ''))";

constexpr Sql sent_sql = R"(
    update outbox set state = 'sent', sent_at = now(), lease_until = null, last_error = null
    where id = $1 and fence = $2 and state = 'sending')";
constexpr Sql mail_failed_sql = R"(
    update outbox set state = 'failed', lease_until = null, last_error = $3 where id = $1 and fence = $2 and state = 'sending')";
constexpr Sql put_mail_off_sql = R"(
    update outbox set state = 'queued', lease_until = null, last_error = $4, run_after = now() + make_interval(secs => $3::double precision / 1000)
    where id = $1 and fence = $2 and state = 'sending')";
constexpr Sql hand_mail_back_sql = R"(
    update outbox set state = 'queued', lease_until = null, attempts = greatest(attempts - 1, 0), run_after = now()
    where id = $1 and fence = $2 and state = 'sending')";

constexpr Sql forget_jobs = R"(
    delete from jobs where id in (
        select id from jobs where finished_at < now() - interval '30 days' order by finished_at limit 5000))";
constexpr Sql forget_mail = R"(
    delete from outbox where id in (
        select id from outbox where state = 'sent' and sent_at < now() - interval '30 days' limit 5000))";

constexpr Sql forget_strays = R"(
    delete from stray_payment_events where event_id in (
        select event_id from stray_payment_events where received_at < now() - interval '90 days' limit 5000))";

constexpr auto lease_seconds = static_cast<std::int64_t>(lease.count());

// PostgreSQL's text of a bigint[].
template <class Of>
std::string array(std::span<const Claim> claims, Of of) {
    std::string text = "{";
    for (const Claim& claim : claims) text += (text.size() > 1 ? "," : "") + std::to_string(of(claim));
    return text + "}";
}

template <const Sql& S>
std::vector<std::int64_t> renew(Db& db, std::span<const Claim> claims) {
    Transaction transaction{db, ""};
    const Result kept = transaction.list<S>(array(claims, [](const Claim& c) { return c.id; }),
                                            array(claims, [](const Claim& c) { return c.fence; }), lease_seconds);
    transaction.commit();
    std::vector<std::int64_t> ids;
    for (int i = 0; i < kept.size(); ++i) ids.push_back(kept[i].integer(0));
    return ids;
}

bool changed(Db& db, const Query& query) {
    Transaction transaction{db, ""};
    const bool one = transaction.run(query).affected() == 1;
    transaction.commit();
    return one;
}

}  // namespace

Due look(Db& db) {
    Transaction transaction{db, ""};
    const core::Row row = transaction.one<what_is_due>();
    transaction.finish_reading();
    return {row.truth(0), row.truth(1), milliseconds{row.integer(2)}};
}

std::vector<Job> claim_jobs(Db& db, std::string_view worker, int most) {
    Transaction transaction{db, ""};
    const Result rows = transaction.list<claim_jobs_sql>(most, worker, lease_seconds);
    transaction.commit();
    std::vector<Job> jobs;
    for (int i = 0; i < rows.size(); ++i) {
        const core::Row row = rows[i];
        jobs.push_back({{row.integer(0), row.integer(1), static_cast<int>(row.integer(2)), row.str(3)},
                        static_cast<int>(row.integer(4)), row.str(5), row.str(6)});
    }
    return jobs;
}

std::vector<MailClaim> claim_mail(Db& db, int most) {
    Transaction transaction{db, ""};
    const Result rows = transaction.list<claim_mail_sql>(most, lease_seconds);
    transaction.commit();
    std::vector<MailClaim> letters;
    for (int i = 0; i < rows.size(); ++i) {
        const core::Row row = rows[i];
        MailClaim letter{{row.integer(0), row.integer(1), static_cast<int>(row.integer(2)), row.str(3)}, {}, {}, {}};
        letter.mail.to = row.text(4);
        letter.mail.subject = row.text(5);
        letter.mail.text = row.text(6);
        letter.mail.html = row.text(7);
        letter.mail.message_id = row.text(8);
        letter.from_name = row.text(9);
        letter.from_address = row.text(10);
        letter.mail.reply_to = row.text(11);
        letter.mail.unsubscribe = row.text(12);
        letters.push_back(std::move(letter));
    }
    return letters;
}

std::vector<std::int64_t> renew_jobs(Db& db, std::span<const Claim> claims) { return renew<renew_jobs_sql>(db, claims); }
std::vector<std::int64_t> renew_mail(Db& db, std::span<const Claim> claims) { return renew<renew_mail_sql>(db, claims); }

Query hold(const Claim& job) { return ask<hold_sql>(job.id, job.fence); }
Query finish(const Claim& job) { return ask<end_sql>(job.id, job.fence, "done", ""); }
Query fail(const Claim& job, std::string_view why) { return ask<end_sql>(job.id, job.fence, "failed", why); }
Query put_off(const Claim& job, milliseconds delay, int attempts, std::string_view why) {
    return ask<put_off_sql>(job.id, job.fence, delay.count(), attempts, why);
}
Query hand_back(const Claim& job) { return ask<hand_back_sql>(job.id, job.fence); }

bool lease_lost(const core::Error& error) {
    const auto* refused = dynamic_cast<const core::SqlError*>(&error);
    return refused && refused->sqlstate == "LX409";
}

bool sent(Db& db, const Claim& mail) { return changed(db, ask<sent_sql>(mail.id, mail.fence)); }
bool mail_failed(Db& db, const Claim& mail, std::string_view why) { return changed(db, ask<mail_failed_sql>(mail.id, mail.fence, why)); }
bool put_mail_off(Db& db, const Claim& mail, milliseconds delay, std::string_view why) {
    return changed(db, ask<put_mail_off_sql>(mail.id, mail.fence, delay.count(), why));
}
bool hand_mail_back(Db& db, const Claim& mail) { return changed(db, ask<hand_mail_back_sql>(mail.id, mail.fence)); }

bool forget_old(Db& db) {
    Transaction transaction{db, ""};
    const auto [jobs, mail, strays] = transaction.all(ask<forget_jobs>(), ask<forget_mail>(), ask<forget_strays>());
    transaction.commit();
    return jobs.affected() == 5000 || mail.affected() == 5000 || strays.affected() == 5000;
}

milliseconds back_off(int attempts, milliseconds first, milliseconds most, milliseconds least, double chance) {
    milliseconds delay = first;
    for (int i = 1; i < attempts && delay < most; ++i) delay *= 2;
    const auto times = [](milliseconds by, double factor) { return milliseconds{static_cast<std::int64_t>(static_cast<double>(by.count()) * factor)}; };
    // Those who were told the same time to come back do not all come at that time.
    return std::max(std::min(times(delay, 0.75 + 0.5 * chance), most), times(least, 1 + 0.1 * chance));
}

}  // namespace domain

// Jobs: claims, fences and fairness in a real PostgreSQL, on the tables that the migration makes.
#include "domain/jobs.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <thread>

#include "../core/postgres.h"

using namespace domain;
using namespace std::chrono_literals;
using core::Transaction;
using tests::Postgres;

namespace {

// The up section of a migration, found from wherever the tests were started.
std::string migration(const char* name) {
    namespace fs = std::filesystem;
    fs::path top = fs::current_path();
    while (!fs::exists(top / "sql" / "migrations") && top.has_relative_path()) top = top.parent_path();
    for (const auto& entry : fs::directory_iterator{top / "sql" / "migrations"}) {
        if (entry.path().filename().string().find(name) == std::string::npos) continue;
        std::ostringstream text;
        text << std::ifstream{entry.path()}.rdbuf();
        return text.str().substr(0, text.str().find("-- migrate:down"));
    }
    throw std::runtime_error(std::string{"no migration "} + name);
}

class Jobs : public testing::Test {
protected:
    static void SetUpTestSuite() {
        const Postgres& server = Postgres::get();
        functions_before = server.sql("select coalesce(string_agg(oid::text, ','), '0') from pg_proc where pronamespace = 'public'::regnamespace");
        server.sql("create table tenants (id bigint generated always as identity, schema_name text unique, status text not null default 'active')");
        server.sql(migration("_jobs_and_mail"));
        server.sql(migration("_jobs_by_tenant"));
        server.sql(migration("_letters"));
        server.sql("create table stray_payment_events (event_id text primary key, received_at timestamptz not null default now())");  // as _payments has it
        server.sql("grant select on tenants to app; grant select, insert, update, delete on jobs, outbox to app; grant select, delete on stray_payment_events to app");
    }
    // Also the migrations' functions: the server outlives the suite, which may be run again (--gtest_repeat).
    static void TearDownTestSuite() {
        Postgres::get().sql("drop table jobs, outbox, tenants, stray_payment_events");
        Postgres::get().sql("do $$ declare made regprocedure; begin for made in select oid from pg_proc where pronamespace = 'public'::regnamespace and oid not in (" + functions_before +
                            ") loop execute format('drop function %s cascade', made); end loop; end $$");
    }
    void SetUp() override {
        server.sql("truncate jobs, outbox, tenants restart identity; insert into tenants (schema_name) values ('one'), ('two'), ('three')");
    }

    static inline std::string functions_before;
    const Postgres& server = Postgres::get();
    const core::Config config = server.app_config();
    core::Db db{config};

    void queue(const std::string& tenant, int count) {
        server.sql("insert into jobs (tenant, kind, key) select '" + tenant + "', 'generation', '" + tenant +
                   "' || n || clock_timestamp() from generate_series(1, " + std::to_string(count) + ") n");
    }
    static std::map<std::string, int> by_tenant(const std::vector<Job>& jobs) {
        std::map<std::string, int> counts;
        for (const Job& job : jobs) ++counts[job.tenant];
        return counts;
    }
    bool settles(core::Query query) {
        try {
            Transaction transaction{db, "", std::move(query)};
            transaction.entered();
            transaction.commit();
            return true;
        } catch (const core::Error& error) {
            EXPECT_TRUE(lease_lost(error)) << error.what();
            return false;
        }
    }
    std::string state(const Claim& job) { return server.sql("select state from jobs where id = " + std::to_string(job.id)); }
    void expire() { server.sql("update jobs set lease_until = now() - interval '1 ms' where state = 'running'"); }
};

}  // namespace

TEST_F(Jobs, AClaimRaisesTheFenceAndCountsTheAttempt) {
    server.sql("insert into jobs (tenant, kind, key, payload, max_attempts) values ('one', 'generation', 'k', '{\"a\": 1}', 7)");
    const auto jobs = claim_jobs(db, "me", 10);
    ASSERT_EQ(jobs.size(), 1U);
    EXPECT_EQ(jobs[0].tenant, "one");
    EXPECT_EQ(jobs[0].kind, "generation");
    EXPECT_EQ(jobs[0].payload, "{\"a\": 1}");
    EXPECT_EQ(jobs[0].fence, 1);
    EXPECT_EQ(jobs[0].attempts, 1);
    EXPECT_EQ(jobs[0].most_attempts, 7);
    EXPECT_EQ(server.sql("select worker || ' ' || state || ' ' || (lease_until > now()) from jobs"), "me running true");
    EXPECT_TRUE(claim_jobs(db, "other", 10).empty());
}

TEST_F(Jobs, SharesTheSlotsBetweenTenants) {
    queue("one", 500);
    queue("two", 3);
    queue("three", 20);
    const auto first = by_tenant(claim_jobs(db, "me", 15));
    EXPECT_EQ(first, (std::map<std::string, int>{{"one", 6}, {"two", 3}, {"three", 6}}));
}

TEST_F(Jobs, ServesFirstWhoHasTheFewestRunning) {
    queue("one", 50);
    EXPECT_EQ(claim_jobs(db, "me", 10).size(), 10U);
    queue("two", 5);
    const auto jobs = claim_jobs(db, "me", 4);
    EXPECT_EQ(by_tenant(jobs), (std::map<std::string, int>{{"two", 4}}));
    EXPECT_EQ(by_tenant(claim_jobs(db, "me", 8)), (std::map<std::string, int>{{"one", 7}, {"two", 1}}));
}

TEST_F(Jobs, KeepsEachTenantsOrder) {
    queue("one", 10);
    server.sql("update jobs set run_after = now() - interval '1 hour' where id = 7");
    const auto jobs = claim_jobs(db, "me", 3);
    ASSERT_EQ(jobs.size(), 3U);
    EXPECT_EQ(jobs[0].id, 7);
    EXPECT_EQ(jobs[1].id, 1);
    EXPECT_EQ(jobs[2].id, 2);
}

TEST_F(Jobs, LeavesWhatIsNotDueOrWhoseAgencyIsSuspended) {
    queue("one", 1);
    queue("two", 1);
    server.sql("update jobs set run_after = now() + interval '1 min' where tenant = 'one'; update tenants set status = 'suspended' where schema_name = 'two'");
    const Due due = look(db);
    EXPECT_FALSE(due.jobs);
    EXPECT_GT(due.next, 30s);
    EXPECT_LE(due.next, 1min);
    EXPECT_TRUE(claim_jobs(db, "me", 10).empty());
    server.sql("update tenants set status = 'active'");
    EXPECT_TRUE(look(db).jobs);
    EXPECT_EQ(by_tenant(claim_jobs(db, "me", 10)), (std::map<std::string, int>{{"two", 1}}));
}

TEST_F(Jobs, AnExpiredLeaseIsTakenOverAndItsOldOwnerCanDoNothing) {
    queue("one", 1);
    const Job old = claim_jobs(db, "dead", 1).at(0);
    EXPECT_FALSE(look(db).jobs);
    expire();
    EXPECT_TRUE(look(db).jobs);
    const Job fresh = claim_jobs(db, "me", 1).at(0);
    EXPECT_EQ(fresh.id, old.id);
    EXPECT_EQ(fresh.fence, 2);
    EXPECT_EQ(fresh.attempts, 2);
    EXPECT_FALSE(settles(hold(old)));
    EXPECT_FALSE(settles(finish(old)));
    EXPECT_FALSE(settles(fail(old, "x")));
    EXPECT_FALSE(settles(put_off(old, 1s, 1, "x")));
    EXPECT_FALSE(settles(hand_back(old)));
    EXPECT_TRUE(renew_jobs(db, std::vector<Claim>{old}).empty());
    EXPECT_EQ(state(fresh), "running");
    EXPECT_EQ(renew_jobs(db, std::vector<Claim>{fresh, old}), std::vector<std::int64_t>{fresh.id});
    EXPECT_TRUE(settles(hold(fresh)));
    EXPECT_TRUE(settles(finish(fresh)));
    EXPECT_EQ(state(fresh), "done");
    EXPECT_FALSE(settles(finish(fresh)));  // once
}

TEST_F(Jobs, NobodyTakesOverWhileAnOwnersTransactionHoldsOn) {
    queue("one", 1);
    const Job old = claim_jobs(db, "me", 1).at(0);
    expire();
    Transaction transaction{db, "", hold(old)};
    transaction.entered();
    core::Db other{config};
    EXPECT_TRUE(claim_jobs(other, "other", 1).empty());
    transaction.commit();
    EXPECT_EQ(claim_jobs(other, "other", 1).size(), 1U);
}

TEST_F(Jobs, CanBePutOffHandedBackAndFailed) {
    queue("one", 1);
    Job job = claim_jobs(db, "me", 1).at(0);
    ASSERT_TRUE(settles(put_off(job, 1min, 4, "busy")));
    EXPECT_EQ(server.sql("select state || attempts || last_error || (worker is null) || (lease_until is null) from jobs"), "queued4busytruetrue");
    EXPECT_TRUE(claim_jobs(db, "me", 1).empty());
    EXPECT_LE(look(db).next, 1min);
    EXPECT_GT(look(db).next, 30s);
    server.sql("update jobs set run_after = now()");
    job = claim_jobs(db, "me", 1).at(0);
    EXPECT_EQ(job.attempts, 5);
    core::Db listener{config};
    listener.listen("jobs", 0ms);
    listener.listen("jobs", 0ms);
    ASSERT_TRUE(settles(hand_back(job)));
    EXPECT_TRUE(listener.listen("jobs", 20s));  // others learn of it at once
    job = claim_jobs(db, "me", 1).at(0);
    EXPECT_EQ(job.attempts, 5);  // the one that was interrupted does not count
    ASSERT_TRUE(settles(fail(job, "for good")));
    EXPECT_EQ(server.sql("select state || last_error || (finished_at is not null) from jobs"), "failedfor goodtrue");
}

TEST_F(Jobs, TwoWorkersNeverClaimTheSame) {
    queue("one", 200);
    queue("two", 200);
    std::vector<std::vector<Job>> claimed(4);
    std::vector<std::thread> workers;
    for (auto& mine : claimed)
        workers.emplace_back([&] {
            core::Db own{config};
            for (int idle = 0; idle < 3;) {
                const auto jobs = claim_jobs(own, "w", 7);
                idle = jobs.empty() ? idle + 1 : 0;
                mine.insert(mine.end(), jobs.begin(), jobs.end());
            }
        });
    for (std::thread& worker : workers) worker.join();
    std::set<std::int64_t> ids;
    std::size_t all = 0;
    for (const auto& mine : claimed)
        for (const Job& job : mine) {
            ids.insert(job.id);
            ++all;
        }
    EXPECT_EQ(all, 400U);
    EXPECT_EQ(ids.size(), 400U);
}

TEST_F(Jobs, ALongQueueIsNotReadThrough) {
    queue("one", 30'000);
    queue("two", 2);
    server.sql("analyze jobs");
    const auto rows_read = [&] {  // a session reports at its end, before it leaves the list
        const auto ending = [&] { return server.sql("select count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()"); };
        for (int i = 0; i < 1000 && ending() != "0"; ++i) std::this_thread::sleep_for(20ms);
        return std::stoll(server.sql("select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_user_tables where relname = 'jobs'"));
    };
    const long long before = rows_read();
    {
        core::Db own{config};
        EXPECT_EQ(by_tenant(claim_jobs(own, "me", 4)), (std::map<std::string, int>{{"one", 2}, {"two", 2}}));
    }
    const long long read = rows_read() - before;
    EXPECT_GT(read, 0);
    EXPECT_LT(read, 200);
}

TEST_F(Jobs, MailIsClaimedSentPutOffAndFailedUnderItsFence) {
    server.sql("insert into outbox (tenant, to_addr, subject, body_text, message_id) select case when n % 2 = 0 then 'one' end, 'a@b.c', 's' || n, 't', n || '@x' "
               "from generate_series(1, 4) n");
    EXPECT_TRUE(look(db).mail);
    const auto mails = claim_mail(db, 10);
    ASSERT_EQ(mails.size(), 4U);
    EXPECT_FALSE(look(db).mail);
    EXPECT_TRUE(claim_mail(db, 10).empty());
    std::set<std::string> ids;
    for (const MailClaim& mail : mails) ids.insert(mail.mail.message_id);
    EXPECT_EQ(ids, (std::set<std::string>{"1@x", "2@x", "3@x", "4@x"}));
    EXPECT_TRUE(sent(db, mails[0]));
    EXPECT_FALSE(sent(db, mails[0]));
    EXPECT_TRUE(mail_failed(db, mails[1], "no such person"));
    EXPECT_TRUE(put_mail_off(db, mails[2], 1h, "busy"));
    server.sql("update outbox set lease_until = now() - interval '1 s' where state = 'sending'");
    const auto again = claim_mail(db, 10);
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].mail.message_id, mails[3].mail.message_id);
    EXPECT_FALSE(sent(db, mails[3]));
    EXPECT_EQ(renew_mail(db, std::vector<Claim>{mails[3]}).size(), 0U);
    EXPECT_EQ(renew_mail(db, std::vector<Claim>{again[0]}).size(), 1U);
    EXPECT_TRUE(hand_mail_back(db, again[0]));
    EXPECT_EQ(claim_mail(db, 10).size(), 1U);
    EXPECT_EQ(server.sql("select string_agg(state || coalesce(last_error, '') || attempts, ' ' order by state, attempts) from outbox"),
              "failedno such person1 queuedbusy1 sending2 sent1");
}

TEST_F(Jobs, OldRowsAndStrayEventsAreForgottenButNotFailedMail) {
    server.sql(R"(insert into jobs (tenant, kind, key, state, finished_at)
                  values ('one', 'k', 'old', 'done', now() - interval '31 days'), ('one', 'k', 'new', 'failed', now() - interval '29 days'),
                         ('one', 'k', 'live', 'queued', null);
                  insert into outbox (to_addr, subject, body_text, state, sent_at, created_at)
                  values ('a@b.c', 'old', '', 'sent', now() - interval '31 days', now() - interval '32 days'),
                         ('a@b.c', 'new', '', 'sent', now(), now()), ('a@b.c', 'failed', '', 'failed', null, now() - interval '90 days');
                  insert into stray_payment_events values ('old', now() - interval '91 days'), ('new', now() - interval '89 days'))");
    EXPECT_FALSE(forget_old(db));
    EXPECT_EQ(server.sql("select string_agg(event_id, ' ') from stray_payment_events"), "new");
    EXPECT_EQ(server.sql("select string_agg(key, ' ' order by key) from jobs"), "live new");
    EXPECT_EQ(server.sql("select string_agg(subject, ' ' order by subject) from outbox"), "failed new");
}

TEST(BackOff, DoublesUpToItsLimitAndKeepsToWhatWasAsked) {
    for (int attempt = 1; attempt <= 5; ++attempt) EXPECT_EQ(back_off(attempt, 1s, 60s, 0s, 0.5), 1s * (1 << (attempt - 1)));
    EXPECT_EQ(back_off(1, 1s, 60s, 0s, 0), 750ms);
    EXPECT_EQ(back_off(1, 1s, 60s, 0s, 1), 1250ms);
    EXPECT_EQ(back_off(30, 1s, 60s, 0s, 0.5), 60s);
    EXPECT_EQ(back_off(1'000'000, 1s, 60s, 0s, 1), 60s);
    EXPECT_EQ(back_off(2, 1s, 60s, 38s, 0), 38s);
    EXPECT_EQ(back_off(2, 1s, 60s, 100s, 1), 110s);  // asked for: more than our own limit
}

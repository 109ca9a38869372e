// Db: pipelines, roles and failures, against a real PostgreSQL.
#include "core/db.h"

#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <limits>
#include <thread>

#include "postgres.h"

using namespace core;
using namespace std::chrono_literals;
using tests::Postgres;

namespace {

constexpr Sql add = "select $1::int + $2::int";
constexpr Sql who = "select current_user, current_setting('is_superuser')";
constexpr Sql backend = "select pg_backend_pid()";
constexpr Sql insert = "insert into notes (body, tag) values ($1, $2) returning id";
constexpr Sql bodies = "select body from notes order by id";
constexpr Sql other_tenant = "select body from two.notes";
constexpr Sql delete_all = "delete from notes";
constexpr Sql echo = "select $1::text, $2::bytea, $3::float8, $4::bool, $5::int";
constexpr Sql rows = "select n, repeat('x', 1000) from generate_series(1, $1) n";
constexpr Sql raise_state = "select deny($1, $2)";
constexpr Sql divide = "select 1 / $1::int";
constexpr Sql nap = "select pg_sleep($1 + 0 * nextval('naps'))";
constexpr Sql is_prepared = "select count(*) from pg_prepared_statements where statement = $1";
constexpr Sql settings = "select current_setting('statement_timeout'), current_setting('lock_timeout')";
constexpr Sql serializable = "set transaction isolation level serializable";
constexpr Sql total = "select count(*) from notes";
constexpr Sql deferred = "insert into one.late values ($1)";

class Database : public testing::Test {
protected:
    void SetUp() override { Postgres::get().sql("truncate one.notes, two.notes restart identity"); }
    Postgres& server = Postgres::get();
    Config config = server.app_config();
    Db db{config};

    std::int64_t pid() {
        Transaction transaction{db, ""};
        const auto number = transaction.one<backend>().integer(0);
        transaction.finish_reading();
        return number;
    }
    void terminate(std::int64_t process) {
        server.sql("select pg_terminate_backend(" + std::to_string(process) + ", 30000)");
    }
    std::string stored() { return server.sql("select coalesce(string_agg(body, ',' order by id), '') from one.notes"); }
};

template <class F>
SqlError refusal(F what) {
    try {
        what();
    } catch (const SqlError& error) {
        return error;
    } catch (const Error& error) {
        ADD_FAILURE() << "an Error, no SqlError: " << error.detail;
        return {error.status, error.detail, "", ""};
    }
    ADD_FAILURE() << "nothing was refused";
    return {0, "", "", ""};
}

template <class F>
int status_of(F what) {
    try {
        what();
    } catch (const Error& error) {
        return error.status;
    }
    return 200;
}

}  // namespace

TEST_F(Database, ParametersAndColumnsOfEveryKindComeBackAsTheyWere) {
    Transaction t{db, ""};
    const std::string bytes{"\0\xff\\x'\n", 6};
    const Row row = t.one<echo>("₱ 'quoted' \"text\"\\", Bytes{bytes}, 0.1, true, std::optional<int>{});
    EXPECT_EQ(row.text(0), "₱ 'quoted' \"text\"\\");
    EXPECT_EQ(row.bytes(1), bytes);
    EXPECT_EQ(row.real(2), 0.1);
    EXPECT_TRUE(row.truth(3));
    EXPECT_TRUE(row.null(4));
    EXPECT_FALSE(row.null(0));
    EXPECT_EQ(row.text(4), "");
    EXPECT_EQ(row.integer(4), 0);
    const Row extreme = t.one<echo>("", Bytes{""}, std::numeric_limits<double>::denorm_min(), false, -2147483647);
    EXPECT_EQ(extreme.real(2), std::numeric_limits<double>::denorm_min());
    EXPECT_EQ(extreme.bytes(1), "");
    EXPECT_EQ(extreme.integer(4), -2147483647);
}

TEST_F(Database, ARowOutlivesItsTransactionAndItsConnection) {
    std::optional<Row> row;
    {
        Db brief{config};
        Transaction t{brief, ""};
        row = t.one<add>(2, 3);
    }
    EXPECT_EQ(row->integer(0), 5);
}

TEST_F(Database, TheRoleIsTheTransactionsOnly) {
    {
        Transaction t{db, "one"};
        EXPECT_EQ(t.one<who>().text(0), "one");
        t.finish_reading();
    }
    Transaction t{db, ""};
    EXPECT_EQ(t.one<who>().text(0), "app");
}

TEST_F(Database, ATenantReadsItsOwnTablesAndNoOthers) {
    server.sql("insert into one.notes (body) values ('mine'); insert into two.notes (body) values ('theirs')");
    {
        Transaction t{db, "one"};
        EXPECT_EQ(t.one<bodies>().text(0), "mine");
        EXPECT_EQ(refusal([&] { t.list<other_tenant>(); }).sqlstate, "42501");
    }
    {
        Transaction t{db, "two"};  // the same prepared statement, another schema
        EXPECT_EQ(t.one<bodies>().text(0), "theirs");
    }
    Transaction t{db, ""};
    EXPECT_EQ(refusal([&] { t.list<bodies>(); }).sqlstate, "42P01");
}

TEST_F(Database, ARoleThatIsNotOursEndsThePipelineBeforeTheStatement) {
    for (const char* role : {"owner", "postgres", "no such role", "one\"; reset role; --"}) {
        Transaction t{db, role};
        EXPECT_EQ(status_of([&] { t.change<delete_all>(); }), 500) << role;
    }
    EXPECT_NE(pid(), 0);
}

TEST_F(Database, AStatementIsPreparedOncePerConnection) {
    for (int i = 0; i < 3; ++i) {
        Transaction t{db, ""};
        EXPECT_EQ(t.one<add>(i, 1).integer(0), i + 1);
        t.finish_reading();
    }
    Transaction t{db, ""};
    EXPECT_EQ(t.one<is_prepared>(add.text()).integer(0), 1);
}

TEST_F(Database, ARoleIsPreparedOncePerConnectionAndBeyond64TheyWorkAllTheSame) {
    server.sql("do $$ begin for i in 1..70 loop execute format('create role many%s; grant many%1$s to app', i); end loop; end $$");
    for (int round = 0; round < 2; ++round)
        for (int i = 1; i <= 70; ++i) {
            const std::string role = "many" + std::to_string(i);
            Transaction t{db, role};
            EXPECT_EQ(t.one<who>().text(0), role);
            t.finish_reading();
        }
    {
        Transaction t{db, ""};
        EXPECT_EQ(t.one<is_prepared>("set local role \"many1\"").integer(0), 1);
        EXPECT_EQ(t.one<is_prepared>("set local role \"many70\"").integer(0), 0);
    }
    server.sql("do $$ begin for i in 1..70 loop execute format('drop role many%s', i); end loop; end $$");
}

TEST_F(Database, AClosedConnectionIsOpenedAgainWithTheNextUse) {
    const auto before = pid();
    EXPECT_TRUE(db.open());
    db.close();
    EXPECT_FALSE(db.open());
    EXPECT_NE(pid(), before);
}

TEST_F(Database, TheSameStatementTwiceInOnePipelineIsPreparedOnce) {
    Transaction t{db, ""};
    const auto [a, b, c] = t.all(ask<add>(1, 1), ask<add>(2, 2), ask<add>(3, 3));
    EXPECT_EQ(a.one().integer(0), 2);
    EXPECT_EQ(b.one().integer(0), 4);
    EXPECT_EQ(c.one().integer(0), 6);
}

TEST_F(Database, WithoutPreparingNothingIsLeftOnTheServerAndAnswersAreTheSame) {
    config.prepared = false;
    Db plain{config};
    Transaction t{plain, "one"};
    EXPECT_EQ(t.one<add>(20, 22).integer(0), 42);
    EXPECT_EQ(t.one<is_prepared>(add.text()).integer(0), 0);
    EXPECT_EQ(t.one<insert>("plain", std::nullopt).integer(0), 1);
    t.commit();
    EXPECT_EQ(stored(), "plain");
}

TEST_F(Database, WhatIsCommittedStaysAndWhatIsLeftIsRolledBack) {
    {
        Transaction t{db, "one"};
        t.one<insert>("kept", std::nullopt);
        t.commit();
    }
    {
        Transaction t{db, "one"};
        t.one<insert>("dropped", std::nullopt);
    }
    {
        Transaction t{db, "one"};  // never said anything
    }
    {
        Transaction t{db, "one"};
        EXPECT_EQ(t.one<total>().integer(0), 1);
    }
    EXPECT_EQ(stored(), "kept");
}

TEST_F(Database, AnErrorAbortsWhatFollowsItInThePipeline) {
    {
        Transaction t{db, "one"};
        EXPECT_EQ(refusal([&] { t.all(ask<insert>("before", std::nullopt), ask<divide>(0), ask<insert>("after", std::nullopt)); }).sqlstate, "22012");
        EXPECT_EQ(refusal([&] { t.one<add>(1, 1); }).sqlstate, "25P02");
    }
    EXPECT_EQ(stored(), "");
    Transaction t{db, "one"};  // statements whose preparation was aborted are prepared again
    EXPECT_EQ(t.one<insert>("later", std::nullopt).integer(0), 2);
    t.commit();
    EXPECT_EQ(stored(), "later");
}

TEST_F(Database, TheErrorOfAPipelineIsItsFirst) {
    Transaction t{db, "one"};
    const SqlError error = refusal([&] { t.all(ask<raise_state>(422, "first"), ask<divide>(0), ask<raise_state>(403, "third")); });
    EXPECT_EQ(error.status, 422);
    EXPECT_EQ(error.detail, "first");
}

TEST_F(Database, TheEntryRunsAsTheLoginRoleAndTheCheckAsTheTenant) {
    Transaction t{db, "one", ask<who>(), ask<add>(1, 1)};
    EXPECT_EQ(t.entered().one().text(0), "app");
    EXPECT_EQ(t.one<who>().text(0), "one");
}

TEST_F(Database, ACheckThatRefusesKeepsTheStatementsFromRunning) {
    {
        Transaction t{db, "one", std::nullopt, ask<raise_state>(403, "Not for you.")};
        const SqlError error = refusal([&] { t.one<insert>("never", std::nullopt); });
        EXPECT_EQ(error.status, 403);
        EXPECT_EQ(error.detail, "Not for you.");
    }
    EXPECT_EQ(server.sql("select last_value from one.notes_id_seq where is_called"), "");
}

TEST_F(Database, CommitOfAFailedTransactionIsNoSuccess) {
    Transaction t{db, "one"};
    t.one<insert>("lost", std::nullopt);
    refusal([&] { t.one<divide>(0); });
    const SqlError error = refusal([&] { t.commit(); });
    EXPECT_EQ(error.sqlstate, "25P02");
    EXPECT_EQ(error.status, 500);
    EXPECT_EQ(stored(), "");
}

TEST_F(Database, AConstraintThatIsCheckedAtCommitIsAnErrorOfCommit) {
    server.sql("drop table if exists one.late; create table one.late (n int unique deferrable initially deferred); alter table one.late owner to one");
    Transaction t{db, "one"};
    t.change<deferred>(1);
    t.change<deferred>(1);
    const SqlError error = refusal([&] { t.commit(); });
    EXPECT_EQ(error.sqlstate, "23505");
    EXPECT_EQ(error.constraint, "late_n_key");
    EXPECT_EQ(server.sql("select count(*) from one.late"), "0");
}

TEST_F(Database, NothingRunsAfterTheEndOfATransaction) {
    Transaction t{db, "one"};
    t.one<add>(1, 1);
    t.commit();
    t.commit();
    EXPECT_EQ(status_of([&] { t.one<add>(1, 1); }), 500);
}

TEST_F(Database, SqlstatesBecomeAnswers) {
    const auto status = [&](auto what) {
        Transaction t{db, "one"};
        return refusal([&] { what(t); });
    };
    EXPECT_EQ(status([](Transaction& t) { t.one<insert>("a", "same"), t.one<insert>("b", "same"); }).status, 409);
    EXPECT_EQ(status([](Transaction& t) { t.one<insert>("a", "same"), t.one<insert>("b", "same"); }).constraint, "notes_tag_key");
    EXPECT_EQ(status([](Transaction& t) { t.one<insert>("", std::nullopt); }).status, 400);                 // check
    EXPECT_EQ(status([](Transaction& t) { t.one<insert>(std::nullopt, std::nullopt); }).status, 400);       // not null
    EXPECT_EQ(status([](Transaction& t) { t.one<add>("three", 1); }).status, 400);                          // 22P02
    EXPECT_EQ(status([](Transaction& t) { t.one<insert>("\xff\xfe", std::nullopt); }).status, 400);          // 22021
    EXPECT_EQ(status([](Transaction& t) { t.one<raise_state>(401, "Sign in."); }).status, 401);
    EXPECT_EQ(status([](Transaction& t) { t.one<raise_state>(429, "Wait."); }).detail, "Wait.");
    const SqlError constraint = status([](Transaction& t) { t.one<insert>("", std::nullopt); });
    EXPECT_EQ(constraint.detail.find("notes"), std::string::npos) << "a 4xx text is for the client";
    const SqlError unknown = status([](Transaction& t) { t.list<other_tenant>(); });
    EXPECT_EQ(unknown.status, 500);
    EXPECT_NE(unknown.detail.find("42501"), std::string::npos) << "a 5xx text is for the log";
}

TEST_F(Database, TheNumberOfRowsThatACallStatesIsHeld) {
    server.sql("insert into one.notes (body) values ('a'), ('b')");
    Transaction t{db, "one"};
    EXPECT_EQ(t.list<bodies>().size(), 2);
    EXPECT_EQ(t.list<bodies>()[1].text(0), "b");
    EXPECT_EQ(status_of([&] { t.one<bodies>(); }), 500);
    EXPECT_EQ(status_of([&] { t.maybe<bodies>(); }), 500);
    EXPECT_EQ(t.change<delete_all>(), 2);
    EXPECT_FALSE(t.maybe<bodies>());
    EXPECT_EQ(status_of([&] { t.one<bodies>(); }), 500);
}

TEST_F(Database, LargeParametersAndResultsDoNotBlockEachOther) {
    const std::string big(10'000'000, 'x');
    Transaction t{db, ""};
    const auto [a, b, c] = t.all(ask<echo>(big, Bytes{"a"}, 1.0, true, 1), ask<rows>(10'000), ask<echo>(big, Bytes{big}, 1.0, true, 1));
    EXPECT_EQ(a.one().text(0).size(), big.size());
    EXPECT_EQ(b.size(), 10'000);
    EXPECT_EQ(c.one().text(0), big);
    EXPECT_EQ(c.one().bytes(1), big);
}

TEST_F(Database, AConnectionThatDiedWhileIdleIsOpenedAgainUnnoticed) {
    const auto first = pid();
    terminate(first);
    Transaction t{db, "one"};
    EXPECT_EQ(t.one<add>(1, 1).integer(0), 2);
    t.commit();
    EXPECT_NE(pid(), first);
}

TEST_F(Database, AConnectionThatDiedWithAnAnswerStillUnreadIsOpenedAgain) {
    std::int64_t first = 0;
    {
        Transaction t{db, "one"};
        first = t.one<backend>().integer(0);
        t.finish_reading();
    }
    terminate(first);
    Transaction t{db, "one"};
    EXPECT_EQ(t.one<insert>("once", std::nullopt).integer(0), 1);
    t.commit();
    EXPECT_EQ(stored(), "once");
}

TEST_F(Database, AConnectionThatDiesInsideATransactionIsAnError503AndTheNextOneWorks) {
    {
        Transaction t{db, "one"};
        const auto process = t.one<backend>().integer(0);
        t.one<insert>("lost", std::nullopt);
        terminate(process);
        EXPECT_EQ(status_of([&] { t.one<add>(1, 1); }), 503);
        EXPECT_EQ(status_of([&] { t.one<add>(1, 1); }), 500) << "the transaction is over";
    }
    EXPECT_EQ(stored(), "");
    EXPECT_NE(pid(), 0);
}

TEST_F(Database, WhenTheConnectionDiesDuringCommitItsOutcomeIsNotKnown) {
    Transaction t{db, "one"};
    const auto process = t.one<backend>().integer(0);
    t.one<insert>("perhaps", std::nullopt);
    terminate(process);
    const SqlError error = refusal([&] { t.commit(); });
    EXPECT_EQ(error.sqlstate, "08007");
    EXPECT_EQ(error.status, 503);
    EXPECT_FALSE(error.repeatable()) << "it may have taken effect";
}

TEST_F(Database, ARestartOfTheServerIsSurvived) {
    EXPECT_NE(pid(), 0);
    server.restart();
    EXPECT_NE(pid(), 0);
    Transaction t{db, "one"};
    EXPECT_EQ(t.one<add>(1, 1).integer(0), 2);
}

TEST_F(Database, WhileTheServerIsAwayEveryTransactionIs503WithRetryAfter) {
    EXPECT_NE(pid(), 0);
    server.stop();
    for (int i = 0; i < 2; ++i) {
        Transaction t{db, "one"};
        try {
            t.one<add>(1, 1);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.status, 503);
            EXPECT_TRUE(error.retry_after);
        }
    }
    server.start();
    EXPECT_NE(pid(), 0);
}

TEST_F(Database, WithoutAnAddressItIs503AndThePasswordIsInNoText) {
    config.database_url.clear();
    EXPECT_EQ(status_of([&] { Db none{config}; Transaction{none, ""}.one<add>(1, 1); }), 503);
    for (const char* url : {"postgresql://app:hunter2@127.0.0.1:1/x", "user=app password = hunter2 more", "hunter2", "postgresql://app:hunter2@["}) {
        config.database_url = url;
        Db wrong{config};
        try {
            Transaction{wrong, ""}.one<add>(1, 1);
            ADD_FAILURE();
        } catch (const Error& error) {
            EXPECT_EQ(error.status, 503);
            EXPECT_EQ(error.detail.find("hunter2"), std::string::npos) << error.detail;
        }
    }
}

TEST_F(Database, AStatementThatTakesTooLongIs503AndIsNotSentAgain) {
    server.sql("create sequence naps; grant usage on sequence naps to app");
    Db impatient{config, 2s};
    {
        Transaction t{impatient, ""};
        t.one<add>(1, 1);
        t.finish_reading();
    }
    const auto began = std::chrono::steady_clock::now();
    EXPECT_EQ(status_of([&] { Transaction{impatient, ""}.one<nap>(60); }), 503);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
    Transaction t{impatient, ""};
    EXPECT_EQ(t.one<add>(1, 1).integer(0), 2);
    // Its text does not match itself: the session that asked before may not have ended yet.
    const auto naps = [&] { return server.sql("select count(*) from pg_stat_activity where query like '%pg_' || 'sleep($1%'"); };
    std::string left = naps();
    for (int i = 0; i < 300 && left != "0"; ++i, left = naps()) std::this_thread::sleep_for(100ms);
    EXPECT_EQ(left, "0") << "PostgreSQL ends a statement that nobody waits for";
    EXPECT_EQ(server.sql("select last_value || ' ' || is_called from naps"), "1 true") << "it was begun once";
    server.sql("drop sequence naps");
}

TEST_F(Database, TheServerHasItsOwnLimitsForAProgramThatWasKilled) {
    Transaction t{db, ""};
    const Row row = t.one<settings>();
    EXPECT_EQ(row.text(0), "25s");
    EXPECT_EQ(row.text(1), "10s");
}

TEST_F(Database, ASerializationFailureIsRepeatable) {
    Db second{config};
    Transaction a{db, "one"}, b{second, "one"};
    a.list<serializable>();
    b.list<serializable>();
    a.one<total>();
    b.one<total>();
    a.one<insert>("a", std::nullopt);
    b.one<insert>("b", std::nullopt);
    a.commit();
    const SqlError error = refusal([&] { b.commit(); });
    EXPECT_EQ(error.sqlstate, "40001");
    EXPECT_TRUE(error.repeatable());
}

TEST_F(Database, ListeningWakesForANotifyAndOnlyThen) {
    EXPECT_TRUE(db.listen("bell", 0ms)) << "what was notified before may be waiting";
    EXPECT_FALSE(db.listen("bell", 100ms));
    std::jthread ringer{[&] {
        std::this_thread::sleep_for(100ms);
        server.sql("notify other; notify bell; notify bell");
    }};
    const auto began = std::chrono::steady_clock::now();
    EXPECT_TRUE(db.listen("bell", 10s));
    EXPECT_LT(std::chrono::steady_clock::now() - began, 5s);
    EXPECT_FALSE(db.listen("bell", 50ms)) << "two notifications of one commit wake once";
}

TEST_F(Database, ANotifyThatCameDuringATransactionIsNotMissed) {
    db.listen("bell", 0ms);
    Transaction t{db, ""};
    t.one<add>(1, 1);
    server.sql("notify bell");
    t.finish_reading();
    EXPECT_TRUE(db.listen("bell", 5s));
}

TEST_F(Database, ListeningGoesOnAfterTheConnectionWasLost) {
    db.listen("bell", 0ms);
    const auto first = pid();
    std::jthread killer{[&] {
        std::this_thread::sleep_for(300ms);  // so that it listens by then, also on a slow machine
        terminate(first);
    }};
    EXPECT_EQ(status_of([&] { db.listen("bell", 10s); }), 503);
    killer.join();
    EXPECT_TRUE(db.listen("bell", 0ms)) << "it listens anew, and what was missed may be waiting";
    EXPECT_FALSE(db.listen("bell", 50ms));
}

TEST_F(Database, CheckGivesPostgresqlsOwnWords) {
    constexpr Sql wrong = "select nothing from notes";
    EXPECT_EQ(db.check(bodies, "one"), "");
    EXPECT_NE(db.check(wrong, "one").find("nothing"), std::string::npos);
    EXPECT_NE(db.check(bodies, "").find("notes"), std::string::npos);
    EXPECT_EQ(db.check(bodies, "one"), "") << "a refusal leaves the connection usable";
}

TEST_F(Database, ManyThreadsWithADbEachDoNotDisturbEachOther) {
    std::vector<std::future<int>> results;
    for (int n = 0; n < 8; ++n)
        results.push_back(std::async(std::launch::async, [&, n] {
            Db own{config};
            int right = 0;
            for (int i = 0; i < 50; ++i) {
                Transaction t{own, n % 2 ? "one" : "two"};
                const auto [sum, role] = t.all(ask<add>(n, i), ask<who>());
                right += sum.one().integer(0) == n + i && role.one().text(0) == (n % 2 ? "one" : "two");
                t.finish_reading();
            }
            return right;
        }));
    for (auto& result : results) EXPECT_EQ(result.get(), 50);
}

// Routes: which handler a request finds, the rules around it, and what errors look like from outside.
#include "core/route.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "core/error.h"
#include "core/log.h"
#include "postgres.h"

using namespace core;
using tests::Postgres;

namespace {

constexpr Sql tenant_of_host = "select tenant from hosts where host = $1";
constexpr Sql nobody = "select 1 where false";
constexpr Sql session = "select 'ana', $1::text";
constexpr Sql only_ana = "select deny(403, 'This is for Ana.') where $1 <> 'ana'";
constexpr Sql ana_at_once = "select true, 'at once' where $1 = 'ana' union all select false, 'worn' where $1 = 'worn'";
constexpr Sql count_notes = "select count(*) from notes";
constexpr Sql add_note = "insert into notes (body) values ($1)";
constexpr Sql fail_as = "select deny($1, 'from the database')";
constexpr Sql role_now = "select current_user";
constexpr Sql conflict_once = "select case when nextval('public.attempts') % 2 = 1 then raise_conflict() end";  // a sequence is not rolled back
constexpr Sql always_conflict = "select raise_conflict()";

Query tenant(const Call& call) { return ask<tenant_of_host>(call.request.host); }
std::optional<Query> entry(const Call& call) {
    const auto name = call.request.cookie_value("session");
    if (name.empty()) return ask<nobody>();
    return ask<session>(name);
}
std::optional<Query> check(const Call& call) { return ask<only_ana>(call.request.cookie_value("session")); }

std::optional<Query> at_once(const Call& call) {
    const auto name = call.request.cookie_value("session");
    return name.empty() ? std::nullopt : std::optional{ask<ana_at_once>(name)};
}
std::optional<Query> check_ana_or_worn(const Call& call) {
    const auto name = call.request.cookie_value("session");
    return ask<only_ana>(name == "worn" ? "ana" : name);
}

const Access free_access{"anyone", nullptr, nullptr, nullptr};
const Access tenant_access{"anyone", tenant, nullptr, nullptr};
const Access ana_access{"ana", tenant, entry, check};
const Access ana_at_once_access{"ana", tenant, entry, check_ana_or_worn, at_once};

int runs = 0;  // of the handler that looks at it

Reply plain(Call&) { return ok("{\"plain\":true}"); }
Reply number(Call& call, Id id) { return ok(std::to_string(id.value) + " " + std::to_string(call.hole(0))); }
Reply pair(Call&, Id id, Token token) { return ok(std::to_string(id.value) + std::string{token.value}); }
Reply literal(Call&) { return ok("literal"); }
Reply echo(Call& call) { return ok(call.body().canonical()); }
Reply cached(Call&) { return ok("{}").cache(std::chrono::seconds{5}); }
Reply fail_plainly(Call&) { throw failed("the secret reason"); }
Reply fail_otherwise(Call&) { throw std::runtime_error("another secret reason"); }
Reply fail_busy(Call&) { throw unavailable("the database's own words", std::chrono::seconds{7}); }
Reply fail_fields(Call&) { throw unprocessable({{"email", "Wrong \"address\"."}}); }
Reply fail_wait(Call&) { throw too_many("Slow down.", std::chrono::seconds{30}); }
Reply notes(Call& call) { return ok(call.db().one<count_notes>().text(0)); }
Reply add(Call& call) {
    call.db().change<add_note>("note");
    return created("{}");
}
Reply add_and_fail(Call& call) {
    call.db().change<add_note>("note");
    throw conflict("No.");
}
Reply add_twice(Call& call) {
    call.db().change<add_note>("first");
    call.commit();
    call.db().change<add_note>("second");
    throw conflict("No.");
}
Reply says_nothing(Call&) {
    ++runs;
    return ok("{}");
}
Reply looks(Call& call) {
    ++runs;
    call.db().last(ask<count_notes>());
    const auto row = call.checked();
    return ok(row && row->text(0) == "t" ? row->str(1) : "in full as " + call.entered()->str(1));
}
Reply looks_at_who(Call& call) {
    ++runs;
    return ok(call.entered()->str(1));
}
Reply fails_before_it_looks(Call& call) {
    call.db().one<count_notes>();
    throw not_found("note that Ana hides");
}
Reply deny(Call& call, Id status) {
    call.db().one<fail_as>(status);
    return ok("{}");
}
Reply role(Call& call) { return ok(call.db().one<role_now>().str(0)); }
Reply repeat(Call& call) {
    ++runs;
    call.db().change<add_note>("run " + std::to_string(runs));
    call.db().one<conflict_once>();
    return ok("{}");
}
Reply repeat_for_ever(Call& call) {
    ++runs;
    call.db().one<always_conflict>();
    return ok("{}");
}
Reply committed_then_conflict(Call& call) {
    ++runs;
    call.db().change<add_note>("note");
    call.commit();
    call.db().one<always_conflict>();
    return ok("{}");
}

constexpr Route routes[] = {
    get<plain>("/", free_access),
    get<plain>("/plain", free_access),
    post<literal>("/plain", free_access),
    get<number>("/n/{id}", free_access),
    get<literal>("/n/literal", free_access),
    remove<pair>("/n/{id}/t/{token}", free_access),
    get<cached>("/cached", free_access),
    post<echo>("/echo", free_access),
    post<echo>("/hook", free_access).any_origin(),
    patch<echo>("/echo", free_access),
    get<fail_plainly>("/fail", free_access),
    get<fail_otherwise>("/fail-otherwise", free_access),
    get<fail_busy>("/fail-busy", free_access),
    post<fail_fields>("/fail-fields", free_access),
    get<fail_wait>("/fail-wait", free_access),
    get<notes>("/notes", tenant_access),
    post<add>("/notes", tenant_access),
    post<add_and_fail>("/notes/fail", tenant_access),
    post<add_twice>("/notes/twice", tenant_access),
    post<says_nothing>("/ana", ana_access),
    get<says_nothing>("/ana", ana_access),
    get<looks>("/at-once", ana_at_once_access),
    get<says_nothing>("/at-once/silent", ana_at_once_access),
    get<looks_at_who>("/at-once/who", ana_at_once_access),
    get<fails_before_it_looks>("/at-once/fails", ana_at_once_access),
    post<says_nothing>("/at-once", ana_at_once_access),
    get<deny>("/deny/{status}", tenant_access),
    get<role>("/role", tenant_access),
    get<role>("/platform-role", tenant_access).platform(),
    post<repeat>("/repeat", tenant_access),
    post<repeat_for_ever>("/repeat-for-ever", tenant_access),
    post<committed_then_conflict>("/commit-and-conflict", tenant_access),
};

class Dispatch : public testing::Test {
protected:
    explicit Dispatch(Config given = {}) : config{std::move(given)} {
        request.method = Method::get;
        request.path = "/plain";
        request.host = "one.example";
        request.authority = "one.example:8080";
        request.origin = "http://one.example:8080";
        request.content_type = "application/json";
        request.id = "id-1";
        config.base_url = "https://agency.example";
        set_log_level("error");
        runs = 0;
    }
    ~Dispatch() override { set_log_level("info"); }

    Reply answer(Method method, std::string path, std::string body = "{}") {
        request.method = method;
        request.path = std::move(path);
        request.body = std::move(body);
        return dispatch(routes, request, desk);
    }
    static std::string header(const Reply& reply, std::string_view name) {
        std::string values;
        for (const auto& [key, value] : reply.headers)
            if (key == name) values += (values.empty() ? "" : "|") + value;
        return values;
    }

    Request request;
    Config config;
    Desk desk{config};
};

class DispatchWithDatabase : public Dispatch {
protected:
    static void SetUpTestSuite() {
        Postgres::get().sql("create or replace function public.raise_conflict() returns text language plpgsql as "
                            "$$ begin raise exception using errcode = '40001', message = 'again'; end $$; "
                            "create sequence if not exists attempts; alter sequence attempts restart; grant usage on sequence attempts to one");
    }
    DispatchWithDatabase() : Dispatch{Postgres::get().app_config()} {
        Postgres::get().sql("truncate one.notes, two.notes");
    }
    static std::string stored() { return Postgres::get().sql("select coalesce(string_agg(body, ',' order by id), '') from one.notes"); }
};

}  // namespace

TEST_F(Dispatch, FindsTheHandlerByMethodAndPath) {
    EXPECT_EQ(answer(Method::get, "/plain").body, "{\"plain\":true}");
    EXPECT_EQ(answer(Method::post, "/plain").body, "literal");
    EXPECT_EQ(answer(Method::get, "/").status, 200);
    EXPECT_EQ(answer(Method::remove, "/n/7/t/a-B_9").body, "7a-B_9");
}

TEST_F(Dispatch, FillsTheHolesWithWhatFitsThem) {
    EXPECT_EQ(answer(Method::get, "/n/12").body, "12 12");
    EXPECT_EQ(answer(Method::get, "/n/2147483647").status, 200);
    for (const char* path : {"/n/0", "/n/-1", "/n/2147483648", "/n/99999999999999999999", "/n/1x", "/n/ 1", "/n/+1", "/n/1.0", "/n/", "/n/a/t/x", "/n/1/t/", "/n/1/t/a b",
                             "/n/1/t/a%2Fb", "/n/1/t/é"})
        EXPECT_EQ(answer(std::string_view{path}.find("/t/") == std::string_view::npos ? Method::get : Method::remove, path).status, 404) << path;
    EXPECT_EQ(answer(Method::remove, "/n/1/t/" + std::string(128, 'a')).status, 200);
    EXPECT_EQ(answer(Method::remove, "/n/1/t/" + std::string(129, 'a')).status, 404);
}

TEST_F(Dispatch, AnUnknownPathIs404) {
    for (const char* path : {"", "/plain/", "//plain", "/plain/x", "/Plain", "/plai", "plain", "/n", "/n/1/t", "/../plain"}) {
        const Reply reply = answer(Method::get, path);
        EXPECT_EQ(reply.status, 404) << path;
        EXPECT_EQ(reply.content_type, "application/problem+json");
    }
}

TEST_F(Dispatch, AKnownPathWithAnotherMethodIs405WithAllow) {
    const Reply reply = answer(Method::remove, "/plain");
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(header(reply, "Allow"), "GET, HEAD, POST");
    EXPECT_EQ(header(answer(Method::put, "/echo"), "Allow"), "POST, PATCH");
    EXPECT_EQ(answer(Method::other, "/plain").status, 405);
    EXPECT_EQ(answer(Method::put, "/nowhere").status, 404);
}

TEST_F(Dispatch, OptionsTellsTheMethods) {
    const Reply reply = answer(Method::options, "/plain");
    EXPECT_EQ(reply.status, 204);
    EXPECT_EQ(header(reply, "Allow"), "GET, HEAD, POST");
}

TEST_F(Dispatch, HeadIsAnsweredByGet) { EXPECT_EQ(answer(Method::head, "/plain").status, 200); }

TEST_F(Dispatch, AStateChangeNeedsAnOriginOfOurs) {
    EXPECT_EQ(answer(Method::post, "/echo").status, 200);
    request.origin = "https://agency.example";  // BASE_URL's
    EXPECT_EQ(answer(Method::post, "/echo").status, 200);
    for (const char* origin : {"", "null", "http://one.example", "https://one.example:8080", "http://one.example:8080.evil.example", "http://evil.example",
                               "https://agency.example.evil", "http://agency.example", "HTTP://ONE.EXAMPLE:8080/"}) {
        request.origin = origin;
        const Reply reply = answer(Method::post, "/echo");
        EXPECT_EQ(reply.status, 403) << origin;
        EXPECT_EQ(answer(Method::patch, "/echo").status, 403) << origin;
        EXPECT_EQ(answer(Method::get, "/plain").status, 200) << "reading is free";
        EXPECT_EQ(answer(Method::post, "/hook").status, 200) << "a webhook proves itself otherwise";
    }
}

TEST_F(Dispatch, ABodyIsAJsonObjectOrItIsRefused) {
    EXPECT_EQ(answer(Method::post, "/echo", R"({"b":1,"a":2})").body, R"({"a":2,"b":1})");
    EXPECT_EQ(answer(Method::post, "/echo", "[1]").status, 400);
    EXPECT_EQ(answer(Method::post, "/echo", "").status, 400);
    EXPECT_EQ(answer(Method::post, "/echo", "{").status, 400);
    request.content_type = "application/json; charset=utf-8";
    EXPECT_EQ(answer(Method::post, "/echo").status, 200);
    for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data"}) {
        request.content_type = type;
        EXPECT_EQ(answer(Method::post, "/echo").status, 415) << type;
    }
    request.content_type = "application/json";
    request.cut = true;
    EXPECT_EQ(answer(Method::post, "/echo").status, 400);
    request.too_large = true;
    EXPECT_EQ(answer(Method::post, "/echo").status, 413);
}

TEST_F(Dispatch, EveryAnswerHasTheRequestsIdAndSaysWhetherItMayBeKept) {
    for (const char* path : {"/plain", "/nowhere", "/fail-fields"}) {
        const Reply reply = answer(Method::get, path);
        EXPECT_EQ(header(reply, "X-Request-Id"), "id-1") << path;
        EXPECT_EQ(header(reply, "Cache-Control"), "no-store") << path;
    }
    EXPECT_EQ(header(answer(Method::get, "/cached"), "Cache-Control"), "public, max-age=5");
}

TEST_F(Dispatch, AnErrorIsProblemJson) {
    const Reply reply = answer(Method::post, "/fail-fields");
    EXPECT_EQ(reply.status, 422);
    EXPECT_EQ(reply.content_type, "application/problem+json");
    EXPECT_EQ(reply.body, R"({"error":"Unprocessable Content","status":422,"detail":"Wrong \"address\".","fields":{"email":"Wrong \"address\"."},"requestId":"id-1"})");
}

TEST_F(Dispatch, TheTextOfA5xxGoesToTheLogAndNotToTheClient) {
    for (const char* path : {"/fail", "/fail-otherwise"}) {
        testing::internal::CaptureStderr();
        const Reply reply = answer(Method::get, path);
        const std::string log = testing::internal::GetCapturedStderr();
        EXPECT_EQ(reply.status, 500);
        EXPECT_EQ(reply.body.find("secret"), std::string::npos) << reply.body;
        EXPECT_NE(reply.body.find("id-1"), std::string::npos);
        EXPECT_NE(log.find("secret reason"), std::string::npos) << log;
    }
}

TEST_F(Dispatch, WaitingTimesAreTold) {
    testing::internal::CaptureStderr();
    const Reply busy = answer(Method::get, "/fail-busy");
    testing::internal::GetCapturedStderr();
    EXPECT_EQ(busy.status, 503);
    EXPECT_EQ(header(busy, "Retry-After"), "7");
    EXPECT_EQ(busy.body.find("database"), std::string::npos);
    const Reply wait = answer(Method::get, "/fail-wait");
    EXPECT_EQ(wait.status, 429);
    EXPECT_EQ(header(wait, "Retry-After"), "30");
}

TEST_F(Dispatch, WithoutADatabaseWhatNeedsNoneStillWorksAndTheRestIs503) {
    EXPECT_EQ(answer(Method::get, "/plain").status, 200);
    testing::internal::CaptureStderr();
    const Reply reply = answer(Method::get, "/notes");
    testing::internal::GetCapturedStderr();
    EXPECT_EQ(reply.status, 503);
    EXPECT_EQ(header(reply, "Retry-After"), "2");
}

TEST_F(Dispatch, TheTableIsCheckedWhileCompiling) {
    static_assert(routes[3].method == Method::get && routes[3].access == &free_access);
    static_assert(!routes[0].any_origin_ && routes[8].any_origin_);
    EXPECT_STREQ(name_of(Method::remove), "DELETE");
    EXPECT_STREQ(name_of(Method::other), "?");
}

TEST_F(DispatchWithDatabase, TheHostChoosesTheTenant) {
    EXPECT_EQ(answer(Method::post, "/notes").status, 201);
    EXPECT_EQ(answer(Method::get, "/notes").body, "1");
    request.host = "two.example";
    EXPECT_EQ(answer(Method::get, "/notes").body, "0");
    EXPECT_EQ(answer(Method::get, "/role").body, "two");
    request.host = "nobodys.example";
    EXPECT_EQ(answer(Method::get, "/notes").status, 404);
}

TEST_F(DispatchWithDatabase, APlatformRouteStaysWithTheLoginRole) {
    EXPECT_EQ(answer(Method::get, "/role").body, "one");
    EXPECT_EQ(answer(Method::get, "/platform-role").body, "app");
}

TEST_F(DispatchWithDatabase, AHandlersTransactionIsCommittedWhenItAnswersAndDroppedWhenItFails) {
    EXPECT_EQ(answer(Method::post, "/notes").status, 201);
    EXPECT_EQ(stored(), "note");
    EXPECT_EQ(answer(Method::post, "/notes/fail").status, 409);
    EXPECT_EQ(stored(), "note");
    EXPECT_EQ(answer(Method::post, "/notes/twice").status, 409);
    EXPECT_EQ(stored(), "note,first") << "what was committed on the way stays";
}

TEST_F(DispatchWithDatabase, TheAccessRuleHoldsEvenWhereTheHandlerAsksTheDatabaseNothing) {
    for (const Method method : {Method::get, Method::post}) {
        request.cookie = "session=bob";
        EXPECT_EQ(answer(method, "/ana").status, 403);
        request.cookie = "session=ana";
        EXPECT_EQ(answer(method, "/ana").status, 200);
    }
}

TEST_F(DispatchWithDatabase, AStatementAtOnceSaysYesForTheWholeRule) {
    request.cookie = "session=ana";
    EXPECT_EQ(answer(Method::get, "/at-once").body, "at once");
    EXPECT_EQ(runs, 1);
    EXPECT_EQ(answer(Method::get, "/at-once/silent").status, 200);
    EXPECT_EQ(runs, 2);
}

TEST_F(DispatchWithDatabase, WhereItDoesNotTheRuleIsAskedInFull) {
    request.cookie = "session=worn";
    EXPECT_EQ(answer(Method::get, "/at-once").body, "in full as worn");
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(answer(Method::get, "/at-once/silent").status, 200);
    EXPECT_EQ(answer(Method::get, "/at-once/who").body, "worn") << "who it is, only the entry knows";
    for (const char* path : {"/at-once", "/at-once/silent", "/at-once/who"}) {
        for (const char* who : {"session=bob", ""}) {
            request.cookie = who;
            EXPECT_EQ(answer(Method::get, path).status, 403) << path << who;
        }
    }
    runs = 0;
    request.cookie = "session=ana";
    EXPECT_EQ(answer(Method::post, "/at-once").status, 200);
    EXPECT_EQ(runs, 1) << "a change is never tried by halves";
}

TEST_F(DispatchWithDatabase, WhatAHandlerThrowsBeforeItLooksIsNotHeardByOthers) {
    request.cookie = "session=bob";
    EXPECT_EQ(answer(Method::get, "/at-once/fails").status, 403);
    request.cookie = "session=ana";
    EXPECT_EQ(answer(Method::get, "/at-once/fails").status, 404);
}

TEST_F(DispatchWithDatabase, WhatTheDatabaseDeniesIsTheAnswer) {
    for (const int status : {401, 403, 404, 422, 429}) {
        const Reply reply = answer(Method::get, "/deny/" + std::to_string(status));
        EXPECT_EQ(reply.status, status);
        EXPECT_NE(reply.body.find("from the database"), std::string::npos);
    }
}

TEST_F(DispatchWithDatabase, ASerializationFailureIsTriedOnceMoreAndNotTwice) {
    testing::internal::CaptureStderr();
    EXPECT_EQ(answer(Method::post, "/repeat").status, 200);
    EXPECT_EQ(runs, 2);
    EXPECT_EQ(stored(), "run 2") << "the first try left nothing";
    Postgres::get().sql("truncate one.notes");
    runs = 0;
    EXPECT_EQ(answer(Method::post, "/repeat-for-ever").status, 503) << "a later try may succeed";
    EXPECT_EQ(runs, 2);
    runs = 0;
    answer(Method::post, "/commit-and-conflict");
    testing::internal::GetCapturedStderr();
    EXPECT_EQ(runs, 1) << "part of it has taken effect";
    EXPECT_EQ(stored(), "note");
}

TEST_F(DispatchWithDatabase, AHostIsRememberedForAMomentAndNotForEver) {
    EXPECT_EQ(answer(Method::get, "/role").body, "one");
    ASSERT_TRUE(desk.tenants.contains("one.example"));
    for (int i = 0; i < 1500; ++i) {
        request.host = "made-up-" + std::to_string(i) + ".example";
        EXPECT_EQ(answer(Method::get, "/role").status, 404);
    }
    EXPECT_LE(desk.tenants.size(), 1001U);
    desk.tenants["one.example"] = {"one", true, std::chrono::steady_clock::now() - std::chrono::seconds{1}};
    request.host = "one.example";
    Postgres::get().sql("update hosts set tenant = 'two' where host = 'one.example'");
    EXPECT_EQ(answer(Method::get, "/role").body, "two");
    Postgres::get().sql("update hosts set tenant = 'one' where host = 'one.example'");
}

// Sql: what a statement's text says about its parameters, known while compiling.
#include "core/sql.h"

#include <gtest/gtest.h>

#include <concepts>
#include <string>

#include "core/db.h"

using core::Sql;

namespace {

constexpr Sql none = "select 1";
constexpr Sql two = "select $1::int + $2::int";
constexpr Sql repeated = "select $2, $1, $2 from t where a = $1";
constexpr Sql in_quotes = R"(select '$1; not one', "$2;" from t where a = $1)";
constexpr Sql doubled_quote = "select 'it''s $9' where $1";
constexpr Sql in_comment = "select $1 -- not $2; nor 'this\n , $2";
constexpr Sql many = "values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)";

static_assert(none.parameters() == 0);
static_assert(two.parameters() == 2);
static_assert(repeated.parameters() == 2);
static_assert(in_quotes.parameters() == 1);
static_assert(doubled_quote.parameters() == 1);
static_assert(in_comment.parameters() == 2);
static_assert(many.parameters() == 11);

// Pieces become one statement, whose parameters are counted over all of them.
constexpr std::string_view head = "select $1 from t ", up = "order by $2", down = "order by $2 desc";
static_assert(core::Joined<head, up>::sql.text() == "select $1 from t order by $2");
static_assert(core::Joined<head, down>::sql.parameters() == 2);

// A statement put together at run time does not compile.
static_assert(!std::convertible_to<std::string, Sql>);
static_assert(!std::constructible_from<Sql, std::string>);
static_assert(!std::constructible_from<Sql, std::string_view>);

}  // namespace

TEST(Sql, KeepsItsTextAsItStands) {
    EXPECT_EQ(two.text(), "select $1::int + $2::int");
    EXPECT_STREQ(two.c_str(), "select $1::int + $2::int");
}

TEST(Sql, AskingEnrollsAStatementOnceWhereverItIsUsed) {
    const core::Query first = core::ask<two>(1, 2), second = core::ask<two>(3, 4);
    EXPECT_EQ(first.statement, second.statement);
    EXPECT_EQ(core::enrolled_statements()[first.statement].text(), two.text());
    EXPECT_NE(core::ask<none>().statement, first.statement);
}

TEST(SqlValue, IsPostgresqlsTextForm) {
    using core::Value;
    EXPECT_STREQ(Value{true}.c_str(), "t");
    EXPECT_STREQ(Value{false}.c_str(), "f");
    EXPECT_STREQ(Value{-12}.c_str(), "-12");
    EXPECT_STREQ(Value{core::Id{7}}.c_str(), "7");
    EXPECT_STREQ(Value{0.1}.c_str(), "0.1");
    EXPECT_STREQ(Value{"text"}.c_str(), "text");
    EXPECT_STREQ((Value{core::Bytes{std::string_view{"\0\xffz", 3}}}.c_str()), "\\x00ff7a");
    EXPECT_EQ(Value{std::nullopt}.c_str(), nullptr);
    EXPECT_EQ(Value{std::optional<int>{}}.c_str(), nullptr);
    EXPECT_STREQ(Value{std::optional<int>{3}}.c_str(), "3");
}

TEST(SqlValue, ANulInATextIsRefusedInsteadOfCuttingIt) {
    EXPECT_THROW(core::Value(std::string_view("admin\0@example.com", 18)), core::Error);
}

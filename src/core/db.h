// Db: statements fixed at compile time, sent to PostgreSQL in pipelines, inside transactions that carry a role.
#pragma once
#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/sql.h"

struct pg_result;

namespace core {

struct Config;

// What PostgreSQL refused. `what` of a 5xx names the statement's error for the log; 4xx texts are for the client.
class SqlError : public Error {
public:
    SqlError(int status, std::string text, std::string sqlstate_, std::string constraint_);
    std::string sqlstate;
    std::string constraint;  // the constraint that was hurt, where one was
    bool repeatable() const { return sqlstate == "40001" || sqlstate == "40P01"; }
};

// The number of a row. Positive.
struct Id {
    std::int64_t value;
};

// Bytes for a bytea parameter.
struct Bytes {
    std::string_view bytes;
};

// One parameter, in PostgreSQL's text form.
class Value {
public:
    Value(std::nullopt_t) : null_{true} {}
    Value(std::string_view text);  // throws Error 400 on a NUL character: PostgreSQL's text has none
    Value(const std::string& text) : Value{std::string_view{text}} {}
    Value(const char* text) : Value{std::string_view{text}} {}
    Value(bool truth) : text_{truth ? "t" : "f"} {}
    Value(std::integral auto number) : text_{std::to_string(number)} {}
    Value(Id id) : Value{id.value} {}
    Value(double number);
    Value(Bytes bytes);
    template <class T>
    Value(const std::optional<T>& maybe) : null_{!maybe} {
        if (maybe) text_ = std::move(Value{*maybe}.text_);
    }

    const char* c_str() const { return null_ ? nullptr : text_.c_str(); }

private:
    std::string text_;
    bool null_ = false;
};

// One row; keeps its result alive. Views that it gives live as long as it does.
class Row {
public:
    Row(std::shared_ptr<const pg_result> result, int row) : result_{std::move(result)}, row_{row} {}
    bool null(int column) const;
    std::string_view text(int column) const;  // null reads as empty
    std::int64_t integer(int column) const;   // null reads as 0
    double real(int column) const;
    bool truth(int column) const;
    std::string bytes(int column) const;  // a bytea
    std::string str(int column) const { return std::string{text(column)}; }

private:
    std::shared_ptr<const pg_result> result_;
    int row_;
};

// What one statement answered.
class Result {
public:
    Result() = default;
    explicit Result(std::shared_ptr<const pg_result> result) : result_{std::move(result)} {}
    int size() const;
    std::int64_t affected() const;  // rows inserted, updated or deleted
    std::string_view tag() const;   // the command's own word: "COMMIT"
    Row operator[](int row) const { return {result_, row}; }
    // The number of rows that the call expects is stated at the call; another number is an Error 500.
    Row one() const;
    std::optional<Row> maybe() const;

private:
    std::shared_ptr<const pg_result> result_;
};

namespace detail {
unsigned enroll(const Sql& statement);
template <const Sql& S>
struct Enrolled {
    static inline const unsigned number = enroll(S);  // at start, so that --check-sql knows every statement
};
}  // namespace detail

// A statement with its parameters.
struct Query {
    unsigned statement;
    std::vector<Value> values;
};

// ask<statement>(parameters…): a wrong number of parameters does not compile.
template <const Sql& S, class... A>
Query ask(const A&... values) {
    static_assert(S.parameters() == sizeof...(A), "the statement has another number of parameters");
    return {detail::Enrolled<S>::number, {Value(values)...}};
}

// Every statement that the program uses, in order of their numbers.
std::span<const Sql> enrolled_statements();

// A connection, opened when first used and again when it was lost. One thread owns it.
class Db {
public:
    // A statement that takes longer than the limit is an Error 503; nginx gives up after 30 s, a person long before.
    explicit Db(const Config& config, std::chrono::milliseconds limit = std::chrono::seconds{20});
    Db(Db&&) noexcept;
    ~Db();

    bool open() const;  // whether it holds a connection of the server's, be it a lost one
    void close();       // the next use opens it again; not within a transaction

    // Blocks until a NOTIFY on a channel listened to, or until the time is over; true when one came. Opens the connection.
    bool listen(const char* channel, std::chrono::milliseconds timeout);
    // Prepares a statement under a role and gives PostgreSQL's error text, empty when it is right.
    std::string check(const Sql& statement, std::string_view role);

private:
    friend class Transaction;
    struct State;
    std::unique_ptr<State> state_;
};

// BEGIN, the entry, SET LOCAL ROLE, the check, the statements, COMMIT: sent in as few round trips as calls need.
// Nothing is sent before the first statement. Leaving without commit() rolls back.
// An error of the entry, the role or the check ends the pipeline: the statements after it never run.
class Transaction {
public:
    // role: the tenant's; empty: the login role alone, which can read no tenant.
    Transaction(Db& db, std::string_view role, std::optional<Query> entry = {}, std::optional<Query> check = {});
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    Result run(const Query& query);
    template <class... Q>
    std::array<Result, sizeof...(Q)> all(const Q&... queries) {  // one round trip for all of them
        const Query* list[] = {&queries...};
        std::array<Result, sizeof...(Q)> results;
        send(list, results, false);
        return results;
    }
    // The last statements of a transaction that only reads: COMMIT goes out with them, which spares a round trip.
    template <class... Q>
    std::array<Result, sizeof...(Q)> last(const Q&... queries) {
        const Query* list[] = {&queries...};
        std::array<Result, sizeof...(Q)> results;
        send(list, results, true);
        return results;
    }

    template <const Sql& S, class... A>
    Row one(const A&... values) { return run(ask<S>(values...)).one(); }
    template <const Sql& S, class... A>
    std::optional<Row> maybe(const A&... values) { return run(ask<S>(values...)).maybe(); }
    template <const Sql& S, class... A>
    Result list(const A&... values) { return run(ask<S>(values...)); }
    template <const Sql& S, class... A>
    std::int64_t change(const A&... values) { return run(ask<S>(values...)).affected(); }

    // What the entry answered; sends what waits when nothing was sent yet.
    const Result& entered();
    // What the check answered, once a statement has gone out.
    const Result& checked() const { return checked_; }

    // Waits until PostgreSQL has committed; an error here means that nothing was, or (08007) that it is not known.
    void commit();
    // For transactions that only read: sends COMMIT and leaves its answer to the connection's next use.
    void finish_reading();

private:
    void send(std::span<const Query* const> queries, std::span<Result> results, bool then_commit);
    struct Step;
    Db& db_;
    std::string role_;
    std::optional<Query> entry_, check_;
    Result entered_, checked_;
    enum class Phase { fresh, open, over } phase_ = Phase::fresh;
};

}  // namespace core

// Db: the only pair that names libpq.
#include "core/db.h"

#include <postgresql/libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/config.h"
#include "core/log.h"
#include "core/owned.h"

namespace core {
namespace {

using Clock = std::chrono::steady_clock;

// The server's own limits behind ours, for a program that was killed: nothing stays open or locked. Our statements find rows by
// key: planning each for its values every time costs more than running it (make bench: project details), and compiling them to
// machine code, which PostgreSQL does where it expects many rows of a function, took 800 ms for one that runs for 3.
constexpr const char* session_settings =
    "-c statement_timeout=25s -c lock_timeout=10s -c idle_in_transaction_session_timeout=30s "
    "-c client_connection_check_interval=2s -c plan_cache_mode=force_generic_plan -c jit=off";

constexpr Sql begin_sql = "begin";
constexpr Sql commit_sql = "commit";
constexpr Sql rollback_sql = "rollback";

std::vector<Sql>& statements() {
    static std::vector<Sql> all;
    return all;
}

std::shared_ptr<const pg_result> shared(PGresult* result) {
    return {result, [](const PGresult* r) { PQclear(const_cast<PGresult*>(r)); }};
}

std::string field(const PGresult* result, int code) {
    const char* text = PQresultErrorField(result, code);
    return text ? text : "";
}

Error lost(const char* why) { return unavailable(std::string{"database: "} + why); }

// Not the same as a lost connection: sending it all again would take as long again.
struct TooLate : Error {
    TooLate() : Error{unavailable("database: no answer within the limit")} {}
};

// SQLSTATE → the answer. Codes: https://www.postgresql.org/docs/15/errcodes-appendix.html; LXnnn is public.deny().
// ours: the statement that failed holds no value of the client's, so the fault cannot be the client's either.
SqlError refused(const PGresult* result, bool ours) {
    const std::string state = field(result, PG_DIAG_SQLSTATE);
    const std::string text = field(result, PG_DIAG_MESSAGE_PRIMARY);
    const std::string constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    const auto starts = [&](const char* prefix) { return state.starts_with(prefix); };
    const auto made = [&](int status, std::string detail) {
        return SqlError{status, std::move(detail), state, constraint};
    };
    if (starts("LX")) {
        int status = 500;
        std::from_chars(state.data() + 2, state.data() + state.size(), status);
        return made(status, text);
    }
    const std::string described = state + ": " + text;
    if (starts("08") || starts("57") || starts("53") || starts("40") || state == "55P03") {
        SqlError error = made(503, described);
        error.retry_after = std::chrono::seconds{2};
        return error;
    }
    if (state == "25006") return made(403, "You may look at this, and not change it.");  // a session that only reads
    if (ours) return made(500, described);
    if (state == "23505") return made(409, "This exists already.");
    if (starts("22") || state == "23514" || state == "23502") return made(400, "A value is not acceptable.");
    if (state == "23503") return made(409, "Something that this refers to is gone, or is still in use.");
    return made(500, described);
}

}  // namespace

SqlError::SqlError(int status_, std::string text, std::string sqlstate_, std::string constraint_)
    : Error{status_, std::move(text)}, sqlstate{std::move(sqlstate_)}, constraint{std::move(constraint_)} {}

Value::Value(std::string_view text) : text_{text} {
    if (text.find('\0') != text.npos) throw bad_request("A value holds a NUL character.");
}

Value::Value(double number) {
    char digits[40];
    text_.assign(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

Value::Value(Bytes given) : text_{"\\x"} {
    constexpr char digits[] = "0123456789abcdef";
    for (const char c : given.bytes) {
        text_ += digits[static_cast<unsigned char>(c) >> 4U];
        text_ += digits[static_cast<unsigned char>(c) & 15U];
    }
}

bool Row::null(int column) const { return PQgetisnull(result_.get(), row_, column) != 0; }

std::string_view Row::text(int column) const {
    return {PQgetvalue(result_.get(), row_, column),
            static_cast<std::size_t>(PQgetlength(result_.get(), row_, column))};
}

std::int64_t Row::integer(int column) const {
    std::int64_t number = 0;
    const auto value = text(column);
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
}

double Row::real(int column) const {
    double number = 0;
    const auto value = text(column);
    std::from_chars(value.data(), value.data() + value.size(), number);
    return number;
}

bool Row::truth(int column) const { return text(column) == "t"; }

std::string Row::bytes(int column) const {
    std::size_t size = 0;
    const Owned<unsigned char, PQfreemem> raw{
        PQunescapeBytea(reinterpret_cast<const unsigned char*>(PQgetvalue(result_.get(), row_, column)), &size)};
    if (!raw) throw failed("out of memory");
    return {reinterpret_cast<const char*>(raw.get()), size};
}

int Result::size() const { return result_ ? PQntuples(result_.get()) : 0; }

std::int64_t Result::affected() const {
    std::int64_t number = 0;
    if (!result_) return number;
    const char* text = PQcmdTuples(const_cast<pg_result*>(result_.get()));
    std::from_chars(text, text + std::strlen(text), number);
    return number;
}

Row Result::one() const {
    if (size() != 1) throw failed("a statement that gives one row gave " + std::to_string(size()));
    return (*this)[0];
}

std::optional<Row> Result::maybe() const {
    if (size() > 1) throw failed("a statement that gives one row at most gave " + std::to_string(size()));
    if (size() == 0) return std::nullopt;
    return (*this)[0];
}

std::string_view Result::tag() const { return result_ ? PQcmdStatus(const_cast<pg_result*>(result_.get())) : ""; }

unsigned detail::enroll(const Sql& statement) {
    statements().push_back(statement);
    return static_cast<unsigned>(statements().size() - 1);
}

std::span<const Sql> enrolled_statements() { return statements(); }

struct Db::State {
    State(const Config& config, Clock::duration limit_) : url{config.database_url}, limit{limit_}, prepare{config.prepared} {}

    // What the pipeline owes us, in order.
    struct Due {
        enum class Kind { control, prepare, prepare_role, query } kind;
        unsigned statement = 0;  // of prepare_role: where the role stands among roles
        Result* result = nullptr;
    };

    const std::string url;
    const Clock::duration limit;
    const bool prepare;
    Owned<PGconn, PQfinish> connection;
    std::vector<bool> prepared;
    std::vector<std::pair<std::string, bool>> roles;  // those that were taken on this connection; whether that is prepared
    std::vector<Due> due;
    bool listening = false;
    bool unread = false;  // a finish_reading() whose answer is still to come

    void connect();
    void push(const Query& query, Result* result);
    void push_control(const char* text);
    void push_role(const std::string& role);
    void sync();
    void exchange();
    void wait(short events, Clock::time_point until);
    void settle();
    void drop() {
        connection.reset();
        due.clear();
        unread = listening = false;
    }
};

void Db::State::connect() {
    if (connection && PQstatus(connection.get()) == CONNECTION_OK) return;
    drop();
    if (url.empty()) throw lost("DATABASE_URL is not set");
    // The url may hold a password: it goes to libpq and nowhere else, not even in libpq's words about what it cannot read.
    char* complaint = nullptr;
    const Owned<PQconninfoOption, PQconninfoFree> readable{PQconninfoParse(url.c_str(), &complaint)};
    const Owned<char, PQfreemem> dropped{complaint};
    if (!readable) throw lost("DATABASE_URL is no address of a database");
    // PgBouncer refuses `options`; PREPARED=off says that one is there.
    const char* keys[] = {"dbname", "connect_timeout", "fallback_application_name", "client_encoding", "options", nullptr};
    const char* values[] = {url.c_str(), "3", "lunaxcode", "UTF8", prepare ? session_settings : nullptr, nullptr};
    connection.reset(PQconnectdbParams(keys, values, 1));
    if (PQstatus(connection.get()) != CONNECTION_OK) {
        std::string why = connection ? PQerrorMessage(connection.get()) : "out of memory";
        std::replace(why.begin(), why.end(), '\n', ' ');
        drop();
        throw lost(why.c_str());
    }
    PQsetNoticeProcessor(
        connection.get(), [](void*, const char*) {}, nullptr);
    if (PQsetnonblocking(connection.get(), 1) != 0 || PQenterPipelineMode(connection.get()) != 1)
        throw lost("the connection cannot be used");
    prepared.assign(statements().size(), false);
    roles.clear();
}

void Db::State::push_control(const char* text) {
    if (PQsendQueryParams(connection.get(), text, 0, nullptr, nullptr, nullptr, nullptr, 0) != 1)
        throw lost("the connection broke");
    due.push_back({Due::Kind::control});
}

// Prepared like the others, for the tenants that a connection meets first.
void Db::State::push_role(const std::string& role) {
    constexpr std::size_t most = 64;
    auto known = std::find_if(roles.begin(), roles.end(), [&](const auto& r) { return r.first == role; });
    const auto number = static_cast<unsigned>(known - roles.begin());
    const bool named = prepare && number < most;
    const std::string name = "r" + std::to_string(number);
    if (!named || known == roles.end() || !known->second) {
        const Owned<char, PQfreemem> quoted{PQescapeIdentifier(connection.get(), role.data(), role.size())};
        if (!quoted) throw lost("the name of a role cannot be used");
        const std::string text = std::string{"set local role "} + quoted.get();
        if (!named) return push_control(text.c_str());
        if (known == roles.end()) roles.emplace_back(role, false);
        if (PQsendPrepare(connection.get(), name.c_str(), text.c_str(), 0, nullptr) != 1) throw lost("the connection broke");
        due.push_back({Due::Kind::prepare_role, number});
    }
    if (PQsendQueryPrepared(connection.get(), name.c_str(), 0, nullptr, nullptr, nullptr, 0) != 1) throw lost("the connection broke");
    due.push_back({Due::Kind::control});
}

void Db::State::push(const Query& query, Result* result) {
    const Sql& statement = statements()[query.statement];
    const char* values[100];
    const int count = static_cast<int>(query.values.size());
    for (int i = 0; i < count; ++i) values[i] = query.values[static_cast<std::size_t>(i)].c_str();
    bool sent = true;
    if (prepare) {
        const std::string name = "s" + std::to_string(query.statement);
        const bool coming = std::any_of(due.begin(), due.end(), [&](const Due& d) {
            return d.kind == Due::Kind::prepare && d.statement == query.statement;
        });
        if (!prepared[query.statement] && !coming) {
            sent = PQsendPrepare(connection.get(), name.c_str(), statement.c_str(), 0, nullptr) == 1;
            due.push_back({Due::Kind::prepare, query.statement});
        }
        sent = sent && PQsendQueryPrepared(connection.get(), name.c_str(), count, values, nullptr, nullptr, 0) == 1;
    } else {
        sent = PQsendQueryParams(connection.get(), statement.c_str(), count, nullptr, values, nullptr, nullptr, 0) == 1;
    }
    if (!sent) throw lost("the connection broke");
    due.push_back({Due::Kind::query, query.statement, result});
}

void Db::State::wait(short events, Clock::time_point until) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd descriptor{PQsocket(connection.get()), events, 0};
    const int ready = left > 0 ? poll(&descriptor, 1, static_cast<int>(left)) : 0;
    if (ready == 0) {
        drop();  // PostgreSQL sees that within client_connection_check_interval, and ends the statement
        throw TooLate{};
    }
}

// Sends what is queued with a sync and reads all answers. The first error is thrown after the pipeline is clean again.
void Db::State::sync() {
    if (PQpipelineSync(connection.get()) != 1) throw lost("the connection broke");
    exchange();
}

void Db::State::exchange() {
    const auto until = Clock::now() + limit;
    PGconn* pg = connection.get();
    for (int more = PQflush(pg); more != 0; more = PQflush(pg)) {
        if (more < 0) throw lost("the connection broke");
        wait(POLLIN | POLLOUT, until);
        if (PQconsumeInput(pg) != 1) throw lost("the connection broke");
    }
    std::optional<SqlError> error;
    std::size_t next = 0;
    int gaps = 0;
    for (;;) {
        while (PQisBusy(pg)) {
            wait(POLLIN, until);
            if (PQconsumeInput(pg) != 1) throw lost("the connection broke");
        }
        PGresult* raw = PQgetResult(pg);
        if (!raw) {  // stands between the results of two commands
            if (PQstatus(pg) != CONNECTION_OK || ++gaps > 2) throw lost("the connection broke");
            continue;
        }
        gaps = 0;
        auto result = shared(raw);
        const ExecStatusType status = PQresultStatus(raw);
        if (status == PGRES_PIPELINE_SYNC) break;
        if (next == due.size()) throw lost("an answer that nothing asked for");
        const Due& answered = due[next++];  // each command here has exactly one result
        if (status == PGRES_FATAL_ERROR) {
            if (!error) error = refused(raw, answered.kind != Due::Kind::query);
            // 57P: the server ends this connection, though the socket may not show it yet.
            if (PQstatus(pg) != CONNECTION_OK || error->sqlstate.starts_with("57P")) throw lost("the connection broke");
        } else if (status != PGRES_PIPELINE_ABORTED) {
            if (answered.kind == Due::Kind::prepare) prepared[answered.statement] = true;
            if (answered.kind == Due::Kind::prepare_role) roles[answered.statement].second = true;
            if (answered.result) *answered.result = Result{std::move(result)};
        }
    }
    due.clear();
    if (error) throw *error;
}

// Reads the answer to an earlier finish_reading(); what went wrong there is of no interest to the next request.
void Db::State::settle() {
    if (!unread) return;
    unread = false;
    try {
        exchange();
    } catch (const SqlError&) {
        // COMMIT of a reading transaction: it ended either way.
    } catch (const Error&) {
        drop();
    }
}

Db::Db(const Config& config, std::chrono::milliseconds limit) : state_{std::make_unique<State>(config, limit)} {}
Db::Db(Db&&) noexcept = default;
Db::~Db() = default;

bool Db::open() const { return state_->connection != nullptr; }
void Db::close() { state_->drop(); }

bool Db::listen(const char* channel, std::chrono::milliseconds timeout) {
    State& db = *state_;
    try {
        db.settle();
        db.connect();
        if (!db.listening) {
            const Owned<char, PQfreemem> name{PQescapeIdentifier(db.connection.get(), channel, std::strlen(channel))};
            db.push_control((std::string{"listen "} + name.get()).c_str());
            db.sync();
            db.listening = true;
            return true;  // what was notified before we listened may be waiting
        }
        const auto until = Clock::now() + timeout;
        for (;;) {
            const Owned<PGnotify, PQfreemem> first{PQnotifies(db.connection.get())};
            if (first) {
                while (Owned<PGnotify, PQfreemem>{PQnotifies(db.connection.get())}) {}
                return true;
            }
            const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
            if (left <= 0) return false;
            pollfd descriptor{PQsocket(db.connection.get()), POLLIN, 0};
            const int ready = poll(&descriptor, 1, static_cast<int>(left));
            if (ready < 0) return false;  // a signal: the caller looks at why
            if (ready > 0 && PQconsumeInput(db.connection.get()) != 1) throw lost("the connection broke");
        }
    } catch (...) {
        db.drop();
        throw;
    }
}

std::string Db::check(const Sql& statement, std::string_view role) {
    State& db = *state_;
    db.settle();
    db.connect();
    try {
        db.push_control("begin");
        const Owned<char, PQfreemem> name{PQescapeIdentifier(db.connection.get(), role.data(), role.size())};
        if (!role.empty()) db.push_control((std::string{"set local role "} + name.get()).c_str());
        if (PQsendPrepare(db.connection.get(), "", statement.c_str(), 0, nullptr) != 1) throw lost("the connection broke");
        db.due.push_back({State::Due::Kind::control});
        db.sync();
    } catch (const SqlError& error) {
        db.push_control("rollback");
        db.sync();
        return error.detail + (error.sqlstate.empty() ? "" : " [" + error.sqlstate + "]");
    }
    db.push_control("rollback");
    db.sync();
    return {};
}

Transaction::Transaction(Db& db, std::string_view role, std::optional<Query> entry, std::optional<Query> check)
    : db_{db}, role_{role}, entry_{std::move(entry)}, check_{std::move(check)} {}

Transaction::~Transaction() {
    if (phase_ != Phase::open) return;
    Db::State& db = *db_.state_;
    try {
        db.push(ask<rollback_sql>(), nullptr);
        db.sync();
    } catch (const std::exception&) {
        db.drop();  // closing the connection rolls back too
    }
}

void Transaction::send(std::span<const Query* const> queries, std::span<Result> results, bool then_commit) {
    if (phase_ == Phase::over) throw failed("a statement after the end of its transaction");
    Db::State& db = *db_.state_;
    // A connection that was left idle may have died meanwhile. Nothing of this transaction can have taken effect before
    // its first answer, so that first exchange, and only that, is tried again on a new connection.
    for (int attempt = 0;; ++attempt) {
        db.settle();
        const bool reused = db.connection != nullptr;
        const bool fresh = phase_ == Phase::fresh;
        try {
            if (fresh) {
                db.connect();
                db.push(ask<begin_sql>(), nullptr);
                if (entry_) db.push(*entry_, &entered_);
                if (!role_.empty()) db.push_role(role_);
                if (check_) db.push(*check_, &checked_);
            }
            for (std::size_t i = 0; i < queries.size(); ++i) db.push(*queries[i], &results[i]);
            if (then_commit) db.push(ask<commit_sql>(), nullptr);  // skipped by PostgreSQL where one before it failed
            phase_ = Phase::open;
            db.sync();
            if (then_commit) phase_ = Phase::over;
            return;
        } catch (const SqlError&) {
            throw;  // the transaction is open and failed: the destructor rolls back
        } catch (const TooLate&) {
            phase_ = Phase::over;
            throw;
        } catch (const Error&) {
            db.drop();
            phase_ = fresh ? Phase::fresh : Phase::over;
            if (!fresh || !reused || attempt > 0) {
                phase_ = Phase::over;
                throw;
            }
        }
    }
}

Result Transaction::run(const Query& query) {
    const Query* one[] = {&query};
    Result result;
    send(one, {&result, 1}, false);
    return result;
}

const Result& Transaction::entered() {
    if (phase_ == Phase::fresh) send({}, {}, false);
    return entered_;
}

void Transaction::commit() {
    if (phase_ == Phase::fresh) phase_ = Phase::over;
    if (phase_ == Phase::over) return;
    Db::State& db = *db_.state_;
    Result answer;
    try {
        db.push(ask<commit_sql>(), &answer);
        db.sync();
        phase_ = Phase::over;
        // COMMIT of a failed transaction is no error to PostgreSQL: it answers ROLLBACK.
        if (answer.tag() != "COMMIT") throw SqlError{500, "COMMIT of a failed transaction", "25P02", ""};
    } catch (const SqlError&) {
        phase_ = Phase::over;  // PostgreSQL ended the transaction by refusing to commit it
        throw;
    } catch (const Error&) {
        phase_ = Phase::over;
        db.drop();
        throw SqlError{503, "the connection broke during COMMIT: it is not known whether it took effect", "08007", ""};
    }
}

void Transaction::finish_reading() {
    if (phase_ == Phase::fresh) phase_ = Phase::over;
    if (phase_ == Phase::over) return;
    phase_ = Phase::over;
    Db::State& db = *db_.state_;
    try {
        db.push(ask<commit_sql>(), nullptr);
        if (PQpipelineSync(db.connection.get()) != 1 || PQflush(db.connection.get()) < 0) throw lost("the connection broke");
        db.unread = true;
    } catch (const Error&) {
        db.drop();
    }
}

}  // namespace core

// Routes: a table of patterns with the access rule as a column, and dispatch(), which answers a request by it.
#pragma once
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/config.h"
#include "core/db.h"
#include "core/http.h"
#include "core/json.h"

namespace core {

class Call;

// A hole of letters, digits, '-' and '_', 1 to 128 of them: tokens and slugs.
struct Token {
    std::string_view value;
};

// Who may call a route, as statements that go out with the handler's own in one round trip (Transaction).
struct Access {
    const char* name;                            // as `--routes` prints it
    Query (*tenant)(const Call&);                // gives the tenant's schema, empty while it is shut; nullptr: the routes belong to no tenant
    std::optional<Query> (*entry)(const Call&);  // finds the session; runs as the login role
    std::optional<Query> (*check)(const Call&);  // raises where the caller may not; runs as the tenant; may answer (checked())
    // For a hot route that only reads: one statement, run as the tenant, instead of the entry and the check. Its answer is checked()
    // where it is one row whose first column is true; otherwise the request is run again by the entry and the check, which
    // tell why not. The handler's statements run without a session: they do not ask me() or my_role().
    std::optional<Query> (*at_once)(const Call&) = nullptr;
};

// What one thread owns and uses for one request after another.
struct Desk {
    explicit Desk(const Config& config_) : config{config_}, db{config_} {}
    const Config& config;
    Db db;
    struct Memo {
        std::string value;
        bool known;  // the host is somebody's, though perhaps shut
        std::chrono::steady_clock::time_point until;
    };
    std::unordered_map<std::string, Memo> tenants;  // by host; for a few seconds
};

using Holes = std::array<std::string_view, 4>;

struct Route {
    Method method;
    const char* pattern;
    const Access* access;
    std::optional<Reply> (*run)(Call&, const Holes&);  // nothing where a hole does not fit: 404
    bool platform_ = false;
    bool any_origin_ = false;
    bool streams_ = false;

    // Its transaction stays with the login role: for public tables, no tenant's.
    constexpr Route platform() const { Route r = *this; r.platform_ = true; return r; }
    // Callable from elsewhere than our pages: for webhooks, which prove themselves by a signature.
    constexpr Route any_origin() const { Route r = *this; r.any_origin_ = true; return r; }
    // Reads the body itself, as it comes and however long: for uploads.
    constexpr Route streams() const { Route r = *this; r.streams_ = true; return r; }
};

// One request under way: what a handler works with. Lives on the stack of dispatch().
class Call {
public:
    Call(const Request& request, Desk& desk, const Route& route, const Holes& holes, bool at_once = false);

    const Request& request;
    const Config& config;
    const Route& route;

    // The request's transaction: session, role and access rule go out with the first statement.
    Transaction& db();
    // Commits, so that slow work can be done outside; the next db() begins another.
    void commit();
    // Rolls back; the next db() begins another.
    void restart() { transaction_.reset(); }
    // The tenant's schema and role, found by Host; empty for routes of no tenant. Throws Error 404 for a host that is nobody's.
    const std::string& tenant();
    const std::string& tenant_name() const { return tenant_; }  // once tenant() has found it
    // An answer that is made while it is sent: `more` adds the next piece, false with the last. Each piece after the first has a
    // transaction of its own behind the same access rule, so nothing is held for long, and who is signed out gets no more.
    Reply stream(std::string content_type, std::function<bool(Call&, std::string& to)> more);
    // What the access rule's entry answered: the session's row, or none.
    std::optional<Row> entered();
    // What the access rule's check answered, once a statement has gone out.
    std::optional<Row> checked();
    // The body as a JSON object. Throws Error 415, 413 or 400.
    Json body() const;
    std::int64_t hole(std::size_t index) const;  // a numeric hole, for access checks
    bool secure() const;                         // the visitor came by https
    bool committed() const { return committed_; }
    Desk& desk() { return desk_; }

private:
    friend Reply dispatch(std::span<const Route>, const Request&, Desk&);
    struct AskInFull {};  // the rule's statement at once did not say yes
    void end();
    Desk& desk_;
    const Holes& holes_;
    std::string tenant_;
    bool committed_ = false;
    bool at_once_;  // this run's transaction has the rule's one statement instead of its entry and its check
    std::optional<Transaction> transaction_;
};

namespace detail {
bool read_hole(std::string_view text, Id& hole);
bool read_hole(std::string_view text, Token& hole);

consteval std::size_t holes_in(std::string_view pattern) {
    std::size_t count = 0;
    if (!pattern.starts_with('/')) throw "a pattern begins with a slash";
    for (const char c : pattern) count += c == '{' ? 1 : 0;
    if (count > 4) throw "more than four holes";
    return count;
}

template <auto Handler>
struct Bound;

template <class... H, Reply (*Handler)(Call&, H...)>
struct Bound<Handler> {
    static constexpr std::size_t holes = sizeof...(H);
    static std::optional<Reply> run(Call& call, const Holes& texts) {
        std::tuple<H...> values{};
        return [&]<std::size_t... I>(std::index_sequence<I...>) -> std::optional<Reply> {
            if (!(read_hole(texts[I], std::get<I>(values)) && ...)) return std::nullopt;
            return Handler(call, std::get<I>(values)...);
        }(std::index_sequence_for<H...>{});
    }
};

template <auto Handler>
consteval Route route(Method method, const char* pattern, const Access& access) {
    if (holes_in(pattern) != Bound<Handler>::holes) throw "the handler has another number of holes than the pattern";
    return {method, pattern, &access, &Bound<Handler>::run};
}
}  // namespace detail

template <auto Handler>
consteval Route get(const char* pattern, const Access& access) { return detail::route<Handler>(Method::get, pattern, access); }
template <auto Handler>
consteval Route post(const char* pattern, const Access& access) { return detail::route<Handler>(Method::post, pattern, access); }
template <auto Handler>
consteval Route patch(const char* pattern, const Access& access) { return detail::route<Handler>(Method::patch, pattern, access); }
template <auto Handler>
consteval Route remove(const char* pattern, const Access& access) { return detail::route<Handler>(Method::remove, pattern, access); }

// Finds the route, checks Origin, runs the handler, ends its transaction; makes a problem+json (RFC 9457) of any Error.
// Runs a handler once more when PostgreSQL asks for that (40001, 40P01). Never throws.
Reply dispatch(std::span<const Route> routes, const Request& request, Desk& desk);
// Whether the request's route reads the body itself.
bool streams(std::span<const Route> routes, const Request& request);

// The answer that an Error makes; the text of a 5xx goes to the log.
Reply problem(const Error& error, const std::string& request_id);

const char* name_of(Method method);

}  // namespace core

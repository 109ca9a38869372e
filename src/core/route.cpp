// Routes: matching, the rules that hold for every request, and the one place where errors become answers.
#include "core/route.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/log.h"

namespace core {
namespace {

constexpr auto tenant_memory = std::chrono::seconds{5};

// Fills the holes where the path has the shape of the pattern.
bool matches(std::string_view pattern, std::string_view path, Holes& holes) {
    std::size_t hole = 0;
    while (!pattern.empty() || !path.empty()) {
        if (pattern.empty() || path.empty() || pattern.front() != '/' || path.front() != '/') return false;
        pattern.remove_prefix(1);
        path.remove_prefix(1);
        const auto wanted = pattern.substr(0, pattern.find('/'));
        const auto given = path.substr(0, path.find('/'));
        if (wanted.starts_with('{')) {
            if (given.empty()) return false;
            holes[hole++] = given;
        } else if (wanted != given) {
            return false;
        }
        pattern.remove_prefix(wanted.size());
        path.remove_prefix(given.size());
    }
    return true;
}

bool changes_state(Method method) {
    return method != Method::get && method != Method::head && method != Method::options;
}

std::string_view origin_of(std::string_view url) {
    const auto host = url.find("://");
    return host == url.npos ? url : url.substr(0, url.find('/', host + 3));
}

// A browser says where a request was made; another site's page cannot make it say ours (OWASP, CSRF prevention).
void require_our_origin(const Request& request, const Config& config) {
    const std::string ours = request.scheme + "://" + request.authority;
    if (!request.origin.empty() && (request.origin == ours || request.origin == origin_of(config.base_url))) return;
    throw forbidden("This request did not come from this site's own pages (its Origin header is " +
                    (request.origin.empty() ? std::string{"missing"} : "another site's") + ").");
}

std::string client_text(const Error& error, const std::string& id) {
    if (error.status < 500 || error.status == 507) return error.detail;  // 507: no room for a file, which only its sender can help
    if (error.status == 503) return "The service is busy or restarting. Please try again in a moment.";
    return "Something went wrong on our side. It is noted under request " + id + ".";
}

struct Match {
    const Route* route = nullptr;
    Holes holes{};
    std::string allowed;  // methods that the path has, for 405
};

Match find(std::span<const Route> routes, const Request& request) {
    const Method wanted = request.method == Method::head ? Method::get : request.method;
    Match match;
    for (const Route& route : routes) {
        Holes holes{};
        if (!matches(route.pattern, request.path, holes)) continue;
        if (route.method == wanted) {
            match.route = &route;
            match.holes = holes;
            return match;
        }
        if (match.allowed.find(name_of(route.method)) != std::string::npos) continue;
        if (!match.allowed.empty()) match.allowed += ", ";
        match.allowed += name_of(route.method);
        if (route.method == Method::get) match.allowed += ", HEAD";
    }
    return match;
}

}  // namespace

Reply problem(const Error& error, const std::string& id) {
    Writer body;
    body.object().member("error", phrase(error.status)).member("status", error.status);
    body.member("detail", client_text(error, id));
    if (!error.fields.empty()) {
        body.key("fields").object();
        for (const auto& [name, text] : error.fields) body.member(name, text);
        body.end_object();
    }
    body.member("requestId", id).end_object();
    Reply reply;
    reply.status = error.status;
    reply.content_type = "application/problem+json";
    reply.body = body.take();
    if (error.retry_after) reply.with("Retry-After", std::to_string(error.retry_after->count()));
    if (error.status >= 500) log(Level::error, "request failed", {{"status", error.status}, {"why", error.detail}});
    return reply;
}

const char* name_of(Method method) {
    switch (method) {
        case Method::get: return "GET";
        case Method::head: return "HEAD";
        case Method::post: return "POST";
        case Method::put: return "PUT";
        case Method::patch: return "PATCH";
        case Method::remove: return "DELETE";
        case Method::options: return "OPTIONS";
        case Method::other: break;
    }
    return "?";
}

bool detail::read_hole(std::string_view text, Id& hole) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), hole.value);
    return code == std::errc{} && end == text.data() + text.size() && hole.value > 0 && hole.value <= 2'147'483'647;
}

bool detail::read_hole(std::string_view text, Token& hole) {
    constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    hole.value = text;
    return !text.empty() && text.size() <= 128 && text.find_first_not_of(allowed) == text.npos;
}

Call::Call(const Request& request_, Desk& desk, const Route& route_, const Holes& holes, bool at_once)
    : request{request_}, config{desk.config}, route{route_}, desk_{desk}, holes_{holes}, at_once_{at_once && route_.access->at_once} {}

const std::string& Call::tenant() {
    if (!tenant_.empty() || !route.access->tenant) return tenant_;
    const auto now = std::chrono::steady_clock::now();
    auto found = desk_.tenants.find(request.host);
    if (found == desk_.tenants.end() || found->second.until < now) {
        Transaction look_up{desk_.db, ""};
        const auto row = look_up.run(route.access->tenant(*this)).maybe();
        std::string name = row ? row->str(0) : "";
        look_up.finish_reading();
        if (desk_.tenants.size() > 1000) desk_.tenants.clear();  // hosts that a stranger makes up
        found = desk_.tenants.insert_or_assign(request.host, Desk::Memo{std::move(name), row.has_value(), now + tenant_memory}).first;
    }
    if (found->second.value.empty()) {
        Error nobody{404, found->second.known ? "This site is not available at the moment." : "There is no site at this address."};
        nobody.fields["site"] = found->second.known ? "suspended" : "unknown";  // for the pages, which are the same on every host
        throw nobody;
    }
    return tenant_ = found->second.value;
}

Transaction& Call::db() {
    if (!transaction_) {
        const std::string& role = tenant();
        std::optional<Query> at_once = at_once_ ? route.access->at_once(*this) : std::nullopt;
        at_once_ = at_once.has_value();
        if (at_once_) return transaction_.emplace(desk_.db, role, std::nullopt, std::move(at_once));
        transaction_.emplace(desk_.db, route.platform_ ? std::string_view{} : role,
                             route.access->entry ? route.access->entry(*this) : std::nullopt,
                             route.access->check ? route.access->check(*this) : std::nullopt);
    }
    return *transaction_;
}

void Call::commit() {
    if (!transaction_) return;
    transaction_->entered();  // an access rule holds even where the handler had nothing to say to the database
    transaction_->commit();
    transaction_.reset();
    committed_ = true;
}

Reply Call::stream(std::string content_type, std::function<bool(Call&, std::string&)> more) {
    Reply reply;
    reply.content_type = std::move(content_type);
    if (more(*this, reply.body))  // request, desk and table outlive the sending; the holes are views into the request
        reply.more = [&request = request, &desk = desk_, &route = route, holes = holes_, more = std::move(more)](std::string& to) {
            Call again{request, desk, route, holes};
            const bool goes_on = more(again, to);
            again.end();
            return goes_on;
        };
    return reply;
}

std::optional<Row> Call::entered() {
    Transaction& transaction = db();
    if (at_once_) throw AskInFull{};
    return transaction.entered().maybe();
}

std::optional<Row> Call::checked() {
    Transaction& transaction = db();
    if (!at_once_) return transaction.checked().maybe();
    transaction.entered();  // sends it when nothing was sent yet
    if (transaction.checked().size() != 1 || !transaction.checked()[0].truth(0)) throw AskInFull{};
    return transaction.checked()[0];
}

void Call::end() {
    if (!transaction_ && !route.access->check) return;
    if (at_once_) checked();  // also where the handler did not look
    db().entered();
    if (changes_state(request.method)) transaction_->commit();
    else transaction_->finish_reading();
}

Json Call::body() const {
    if (request.too_large)
        throw Error{413, "The request is larger than " + std::to_string(body_limit / 1024) + " KiB."};
    if (request.cut) throw bad_request("The request ended early.");
    if (request.stream && request.length > body_limit)
        throw Error{413, "A JSON body has at most " + std::to_string(body_limit / 1024) + " KiB."};
    std::string_view type{request.content_type};
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b; };  // RFC 9110 §8.3.1
    if (!std::ranges::equal(type, std::string_view{"application/json"}, same)) throw Error{415, "Send JSON, with Content-Type: application/json."};
    std::string streamed(request.stream ? static_cast<std::size_t>(request.length) : 0, '\0');
    for (std::size_t have = 0; have < streamed.size();) {
        const std::size_t got = request.stream(streamed.data() + have, streamed.size() - have);
        if (got == 0) throw bad_request("The request ended early.");
        have += got;
    }
    Json json = Json::parse(request.stream ? streamed : request.body);
    if (!json.is(Json::Kind::object)) throw bad_request("Send a JSON object.");
    return json;
}

std::int64_t Call::hole(std::size_t index) const {
    Id id{};
    return detail::read_hole(holes_[index], id) ? id.value : 0;
}

bool Call::secure() const { return request.scheme == "https" || config.base_url.starts_with("https:"); }

bool streams(std::span<const Route> routes, const Request& request) {
    const Match match = find(routes, request);
    return match.route && match.route->streams_;
}

Reply dispatch(std::span<const Route> routes, const Request& request, Desk& desk) {
    const auto answer = [&]() -> Reply {
        const Match match = find(routes, request);
        if (!match.route) {
            if (match.allowed.empty()) throw not_found("page");
            Error error{request.method == Method::options ? 204 : 405, "This address takes " + match.allowed + "."};
            Reply reply = error.status == 204 ? no_content() : problem(error, request.id);
            return std::move(reply).with("Allow", match.allowed);
        }
        if (changes_state(request.method) && !match.route->any_origin_) require_our_origin(request, desk.config);
        bool at_once = !changes_state(request.method);
        for (int attempt = 0;; ++attempt) {
            Call call{request, desk, *match.route, match.holes, at_once};
            try {
                // Who may not change a thing is told so before what is wrong with the change, and before a handler does anything.
                if (changes_state(request.method) && call.route.access->check) call.db().entered();
                auto reply = match.route->run(call, match.holes);
                if (!reply) throw not_found("page");
                call.end();
                return std::move(*reply);
            } catch (const Call::AskInFull&) {
                at_once = false;
            } catch (const Error& error) {
                const auto* sql = dynamic_cast<const SqlError*>(&error);
                const bool repeatable = sql && sql->repeatable() && attempt == 0 && !call.committed();
                if (repeatable) log(Level::warn, "request repeated", {{"sqlstate", sql->sqlstate}});
                else if (call.at_once_ && error.status != 503) at_once = false;  // what its caller may hear is for the whole rule to say
                else {
                    // Who may not see a thing hears that before what is wrong with the question.
                    if (!sql && error.status < 500 && !call.committed() && call.route.access->check) call.db().entered();
                    throw;
                }
            }
        }
    };
    Reply reply;
    try {
        reply = answer();
    } catch (const Error& error) {
        reply = problem(error, request.id);
    } catch (const std::exception& error) {
        reply = problem(failed(error.what()), request.id);
    }
    bool cached = false;
    for (const auto& [name, value] : reply.headers) cached = cached || name == "Cache-Control";
    if (!cached) reply.with("Cache-Control", "no-store");
    reply.with("X-Request-Id", request.id);
    return reply;
}

}  // namespace core

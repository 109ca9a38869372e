// google: signing in with a Google account. Serves /api/auth/google.
#include "core/app.h"
#include "core/crypto.h"
#include "domain/access.h"
#include "domain/account.h"
#include "domain/identity.h"
#include "domain/mails.h"
#include "domain/second_factor.h"
#include "domain/session.h"
#include "gateways/google.h"

using namespace core;
using namespace domain;

constexpr Limit google_trips{"google", 60, 60, std::chrono::minutes{15}};
constexpr std::chrono::seconds cookie_life = std::chrono::minutes{10};

// One thread's; discovery and keys are kept with it.
gateways::Google& google(const Call& call) {
    thread_local gateways::Google one{call.config};
    return one;
}

const char* cookie(const Call& call) { return call.secure() ? "__Host-google" : "google"; }

std::string cookie_line(const Call& call, const std::string& value, std::chrono::seconds life) {
    return std::string{cookie(call)} + "=" + value + "; Path=/; Max-Age=" + std::to_string(life.count()) + "; HttpOnly; SameSite=Lax" +
           (call.secure() ? "; Secure" : "");
}

// Back to the page of signing in, which says what to do, and still knows where its visitor wants to go.
Reply back(const std::string& return_to, const char* error) {
    const std::string page = return_to.starts_with("/login?") ? return_to + "&" : "/login?next=" + url_encoded(return_to) + "&";
    return redirect(page + "error=" + error);
}

Reply begin(Call& call) {
    const std::string return_to = local_path(call.request.query_value("next"), "/dashboard");
    if (!gateways::Google::configured(call.config)) return back(return_to, "google-off");
    if (call.request.method == Method::head) return no_content();  // whoever only looks begins nothing
    Token lead;
    const std::string lead_text = call.request.query_value("lead");
    const bool with_lead = detail::read_hole(lead_text, lead);
    const std::string network = network_of(call.request.remote_address).value_or("");
    if (attempt(call, google_trips, "google " + network).count() > 0) return back(return_to, "google-busy");
    const Agency agency = read_agency(call.db().run(agency_query(call.tenant(), call.request.host)).one(), call.config.base_url);
    Flow flow{random_token(), random_token() + random_token(), agency.brand.site + "/api/auth/google/callback", return_to,
              with_lead ? std::optional{lead_text} : std::nullopt};
    const std::string browser = random_token();
    const std::string state = begin_flow(call, flow, browser);
    call.commit();
    std::string why;
    const auto door = google(call).door(flow.redirect_uri, state, flow.nonce, flow.verifier, why);
    if (!door) {
        log(Level::error, "google is away", {{"why", why}});
        return back(return_to, "google-away");
    }
    return redirect(*door).with("Set-Cookie", cookie_line(call, browser, cookie_life));
}

Reply finish(Call& call) {
    if (!gateways::Google::configured(call.config)) return back("/dashboard", "google-off");
    if (call.request.method == Method::head) return no_content();
    const auto ends = [&](const std::string& return_to, const char* error) {
        return back(return_to, error).with("Set-Cookie", cookie_line(call, "", std::chrono::seconds{0}));
    };
    // The state is used up before anything else is looked at: it works once, whatever comes of it.
    const auto flow = take_flow(call, call.request.query_value("state"), std::string{call.request.cookie_value(cookie(call))});
    call.commit();
    if (!flow) return ends("/dashboard", "google-expired");
    if (!flow->ours) return ends(flow->return_to, "google-expired");
    const std::string issuer = call.request.query_value("iss"), refused = call.request.query_value("error"), code = call.request.query_value("code");
    if (!refused.empty()) return ends(flow->return_to, refused == "access_denied" ? "google-cancelled" : "google-failed");
    if (code.empty() || code.size() > 2000 || (!issuer.empty() && issuer != google(call).issuer())) return ends(flow->return_to, "google-failed");

    const auto answer = google(call).exchange(code, flow->verifier, flow->redirect_uri, flow->nonce);
    using Outcome = gateways::Google::Outcome;
    if (answer.outcome != Outcome::right) {
        log(answer.outcome == Outcome::away ? Level::error : Level::warn, "google sign-in failed", {{"why", answer.why}});
        return ends(flow->return_to, answer.outcome == Outcome::away ? "google-away" : "google-failed");
    }
    const auto& person = answer.person;
    const Identified who = identify(call, person.subject, person.email, person.email_verified, person.name);
    if (who.outcome == Identified::Outcome::unverified) return ends(flow->return_to, "google-unverified");
    if (who.outcome == Identified::Outcome::disabled) return ends(flow->return_to, "google-disabled");
    const Entrance entrance = pass_first_factor(call, who.user_id, std::nullopt, flow->lead_token, "google");
    if (entrance.outcome == Entrance::Outcome::disabled) return ends(flow->return_to, "google-disabled");
    if (entrance.outcome == Entrance::Outcome::second_step) {
        const bool door = flow->return_to.starts_with("/login?");  // which knows what comes after it
        return redirect(door ? flow->return_to + "&step=code" : "/login?step=code&next=" + url_encoded(flow->return_to))
            .with("Set-Cookie", step_cookie_line(call, entrance.step))
            .with("Set-Cookie", cookie_line(call, "", std::chrono::seconds{0}));
    }
    return signed_in_reply(call, redirect(flow->return_to), *entrance.session).with("Set-Cookie", cookie_line(call, "", std::chrono::seconds{0}));
}

constexpr Route routes[] = {
    get<begin>("/api/auth/google", anyone).platform(),
    get<finish>("/api/auth/google/callback", anyone).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

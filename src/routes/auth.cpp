// auth: accounts and sessions. Serves /api/auth.
#include <algorithm>

#include "core/app.h"
#include "domain/access.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/mails.h"
#include "domain/second_factor.h"
#include "domain/session.h"
#include "domain/wording.h"

using namespace core;
using namespace domain;

constexpr Sql renew_hash = "update users set password = $3 where id = $1 and password = $2";
constexpr Sql use_verification = R"(
    update email_tokens e set used_at = now() from tenants t
    where e.token_hash = $1 and e.purpose = 'verify' and e.used_at is null and e.expires_at > now() and t.schema_name = $2
    returning e.user_id, case when e.tenant_id = t.id then e.lead_token end)";
constexpr Sql set_verified = "update users set email_verified = now(), updated_at = now() where id = $1 and email_verified is null";
constexpr Sql account_of_reset = R"(
    select u.email, u.email_verified is null from email_tokens e join users u on u.id = e.user_id
    where e.token_hash = $1 and e.purpose = 'reset' and e.used_at is null and e.expires_at > now() and u.disabled_at is null)";
constexpr Sql use_reset = R"(
    update email_tokens set used_at = now()
    where token_hash = $1 and purpose = 'reset' and used_at is null and expires_at > now() returning user_id)";
constexpr Sql set_password = R"(
    update users set password = $2, email_verified = coalesce(email_verified, now()), updated_at = now() where id = $1)";
constexpr Sql end_all_sessions = "delete from sessions where user_id = $1";
constexpr Sql set_language = "update users set language = $2, updated_at = now() where id = $1 and language is distinct from $2";
constexpr Sql my_sessions = R"(
    select json_build_object('sessions', coalesce(json_agg(json_build_object(
        'id', s.id, 'current', s.id = $1, 'createdAt', s.created_at, 'lastSeenAt', s.last_seen_at, 'ip', host(s.ip),
        'userAgent', s.user_agent) order by s.last_seen_at desc, s.id desc), '[]'))
    from (select n.* from sessions n join tenants t on t.id = n.tenant_id
          where n.user_id = me() and t.schema_name = $2 and n.expires_at > now() and n.last_seen_at > now() - interval '7 days'
          order by n.last_seen_at desc, n.id desc limit 100) s)";
constexpr Sql end_my_session = R"(
    delete from sessions where id = $1 and user_id = me() and tenant_id = (select id from tenants where schema_name = $2))";
constexpr Sql end_my_others = R"(
    delete from sessions where id <> $1 and user_id = me() and tenant_id = (select id from tenants where schema_name = $2))";

std::string user_answer(const Person& person) { return Writer{}.object().member_raw("user", user_json(person)).end_object().take(); }

// The draft that the visitor filled in. One that is not right is no reason to refuse a sign-in.
std::optional<std::string> lead_token(const Form& form) {
    Token token;
    if (!detail::read_hole(form.value("leadToken").text(), token)) return std::nullopt;
    return std::string{token.value};
}

// What follows a right password, in a transaction that has begun with succeeded(). Where a second factor is set up there is no
// session yet: {"user":null,"secondFactor":true}.
Reply sign_in(Call& call, int status, const std::string& user_id, const std::string& hash, const std::optional<std::string>& lead) {
    const Entrance entrance = pass_first_factor(call, user_id, hash, lead, status == 201 ? "sign-up" : "password");
    if (entrance.outcome == Entrance::Outcome::disabled) throw forbidden("The agency has disabled your account here. Write to them if you think that is a mistake.");
    if (entrance.outcome == Entrance::Outcome::second_step)
        return ok(std::string{R"({"user":null,"secondFactor":true})"}).with("Set-Cookie", step_cookie_line(call, entrance.step));
    Reply reply = ok(user_answer(entrance.session->person));
    reply.status = status;
    return signed_in_reply(call, std::move(reply), *entrance.session);
}

Reply sign_in_with(Call& call, const Account& account, const std::string& password, const std::optional<std::string>& lead) {
    std::string hash = account.password;
    if (outdated(hash)) hash = hash_password(password);
    succeeded(call, account.email);
    if (hash != account.password) call.db().change<renew_hash>(account.id, account.password, hash);
    return sign_in(call, 200, account.id, hash, lead);
}

Reply signup(Call& call) {
    Form form{call.body()};
    const std::string name = form.text("name", {1, 100}, "Your name"), email = form.email("email");
    const auto control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; };
    if (std::any_of(name.begin(), name.end(), control)) form.wrong("name", "The name is one line without control characters.");
    const std::string password = read_password(form, new_password);
    const auto lead = lead_token(form);
    form.check();

    // An address that has an account is a guess at its password, so it counts as one.
    require_attempt(call, sign_ups, email);
    require_attempt(call, sign_ins, email);
    auto account = find_account(call, email);
    call.commit();
    if (!account) {
        const std::string hash = hash_password(password);
        succeeded(call, email);
        if (const auto user_id = create_account(call, name, email, hash)) {
            post_link(call, Link::verify, email, lead);
            return sign_in(call, 201, *user_id, hash, lead);
        }
        account = find_account(call, email);  // the same form was sent twice at once
        call.commit();
    }
    if (!opens(account, password))
        throw conflict("There is an account with this e-mail address already.",
                       {{"email", "There is an account with this address already. Sign in, or ask for a new password."}});
    return sign_in_with(call, *account, password, lead);
}

Reply login(Call& call) {
    Form form{call.body()};
    const std::string email = form.email("email"), password = read_password(form, any_password);
    const auto lead = lead_token(form);
    form.check();
    require_attempt(call, sign_ins, email);
    const auto account = find_account(call, email);
    call.commit();
    if (!opens(account, password)) {
        // Both know the same of the address: whether there is an account takes no longer to say.
        note_at_once(call, "sign-in-failed", account ? account->id : "", Writer{}.object().member("email", email).end_object().take());
        throw unauthorized("The e-mail address or the password is wrong.");
    }
    return sign_in_with(call, *account, password, lead);
}

Reply logout(Call& call) {
    end_session(call);
    return no_content().with("Set-Cookie", no_session_cookie_line(session_cookie(call)));
}

Reply session(Call& call) {
    const bool sent = !call.request.cookie_value(session_cookie(call)).empty();  // without one there is nothing to ask for
    const auto somebody = sent ? signed_in(call) : std::nullopt;
    return ok(somebody ? user_answer(*somebody) : std::string{R"({"user":null})"});
}

std::string link_token(Form& form) {
    const auto token = form.token("token");
    if (!token) form.wrong("token", "The link is not complete. Copy all of it from the mail.");
    return token.value_or("");
}

Error link_is_over() { return unprocessable({{"token", "This link was used already, or is too old. Ask for a new one."}}); }

Reply verify(Call& call) {
    Form form{call.body()};
    const std::string token = link_token(form);
    form.check();
    const auto link = call.db().maybe<use_verification>(Bytes{sha256(token)}, call.tenant());
    if (!link) throw link_is_over();
    if (call.db().change<set_verified>(link->text(0)) == 1) post_welcome(call, link->str(0));
    Writer answer;
    answer.object();
    auto somebody = signed_in(call);
    if (somebody && somebody->id == link->text(0)) {  // the link may be opened where nobody is signed in, or somebody else is
        somebody->verified = true;
        answer.member_raw("user", user_json(*somebody));
    }
    if (!link->null(1)) answer.member("leadToken", link->text(1));
    return ok(answer.end_object().take());
}

Reply resend(Call& call) {
    const Person me = person(call);
    if (me.verified) return accepted("{}");
    call.commit();  // enter() may have locked the session's row; a sign-in locks the account first and that row then
    require_attempt(call, verification_mails, me.email);
    post_link(call, Link::verify, me.email);
    return accepted("{}");
}

Reply forgot(Call& call) {
    Form form{call.body()};
    const std::string email = form.email("email");
    form.check();
    // The same answer whether there is an account, and whether it had its mails already.
    if (attempt(call, reset_mails, email).count() == 0) post_link(call, Link::reset, email);
    return accepted("{}");
}

Reply reset(Call& call) {
    Form form{call.body()};
    const std::string hash = sha256(link_token(form)), password = read_password(form, new_password);
    form.check();
    const auto account = call.db().maybe<account_of_reset>(Bytes{hash});
    if (!account) throw link_is_over();
    call.commit();
    const std::string password_hash = hash_password(password);
    succeeded(call, account->str(0));
    const auto link = call.db().maybe<use_reset>(Bytes{hash});
    if (!link) throw link_is_over();
    call.db().all(ask<set_password>(link->text(0), password_hash), ask<end_all_sessions>(link->text(0)));
    if (account->truth(1)) post_welcome(call, link->str(0));
    call.db().run(audit(call, "password-reset", link->str(0), "{}", link->str(0)));
    return ok(std::string{"{}"}).with("Set-Cookie", no_session_cookie_line(session_cookie(call)));
}

Reply sessions(Call& call) { return ok(call.db().one<my_sessions>(person(call).session, call.tenant()).text(0)); }

Reply end_one(Call& call, Id id) {
    const bool current = person(call).session == id.value;
    if (call.db().change<end_my_session>(id, call.tenant()) == 0) throw not_found("session");
    Reply reply = no_content();
    if (current) reply.with("Set-Cookie", no_session_cookie_line(session_cookie(call)));
    return reply;
}

// The language that somebody chose, for the mails and for other browsers; this browser's cookie is set with it.
Reply choose_language(Call& call) {
    const Person me = person(call);
    Form form{call.body()};
    const std::string language = form.text("language", {2, 3}, "The language");
    if (form.right() && !is_shipped(language)) form.wrong("language", "There are English (en) and Filipino (fil).");
    form.check();
    call.db().change<set_language>(me.id, language);
    return no_content().with("Set-Cookie", language_cookie_line(call.request, language));
}

Reply end_others(Call& call) {
    call.db().change<end_my_others>(person(call).session, call.tenant());
    return no_content();
}

Reply providers(Call& call) {
    const bool google = !call.config.google_client_id.empty() && !call.config.google_client_secret.empty();
    return ok(Writer{}.object().member("google", google).end_object().take());
}

constexpr Route routes[] = {
    post<signup>("/api/auth/signup", anyone).platform(),
    post<login>("/api/auth/login", anyone).platform(),
    post<logout>("/api/auth/logout", anyone).platform(),
    get<session>("/api/auth/session", visitor).platform(),
    post<verify>("/api/auth/verify", visitor).platform(),
    post<resend>("/api/auth/verify/resend", user).platform(),
    post<forgot>("/api/auth/forgot", anyone).platform(),
    post<reset>("/api/auth/reset", anyone).platform(),
    patch<choose_language>("/api/auth/language", user).platform(),
    get<sessions>("/api/auth/sessions", user).platform(),
    remove<end_one>("/api/auth/sessions/{id}", user).platform(),
    remove<end_others>("/api/auth/sessions", user).platform(),
    get<providers>("/api/auth/providers", anyone).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// second-factor: the second step of a sign-in, and setting one's second factor up. Serves /api/auth/second-factor.
#include "core/app.h"
#include "core/qr.h"
#include "core/totp.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/mails.h"
#include "domain/second_factor.h"

using namespace core;
using namespace domain;

constexpr Sql state_sql = R"(
    select f.confirmed_at, (select count(*) from recovery_codes where user_id = me() and used_at is null),
           role_in(me(), t.id) <> 'client' and t.require_second_factor
    from tenants t left join second_factors f on f.user_id = me() and f.confirmed_at is not null where t.schema_name = $1)";
constexpr Sql remove_sql = "delete from second_factors where user_id = me()";
constexpr Sql end_others = "delete from sessions where user_id = me() and id <> $1";

std::string typed_code(Form& form) { return form.text("code", {1, 40}, "The code"); }

Error wrong_code() { return unprocessable({{"code", "This code is not right, or was used already. Wait for the next one in your app and try that."}}); }

void need_key(const Call& call) {
    if (call.config.secret_key.empty()) throw conflict("Second factors are switched off here: the installation has no SECRET_KEY.");
}

std::string codes_json(const std::vector<std::string>& codes) {
    Writer json;
    json.object().key("recoveryCodes").array();
    for (const std::string& code : codes) json.value(code);
    return json.end_array().end_object().take();
}

Reply state(Call& call) {
    const Person me = person(call);
    const Row row = call.db().one<state_sql>(call.tenant());
    Writer json;
    json.object().member("available", !call.config.secret_key.empty()).member("enabled", !row.null(0));
    json.member("recoveryCodesLeft", row.integer(1)).member("required", row.truth(2)).member("confined", me.confined);
    return ok(json.end_object().take());
}

Reply finish_sign_in(Call& call) {
    Form form{call.body()};
    const std::string code = typed_code(form), step{call.request.cookie_value(step_cookie(call))};
    form.check();
    if (step.empty() || step.size() > 128) throw unauthorized("The time for the code is over. Sign in once more.");
    const Session session = pass_second_factor(call, step, code);
    Reply reply = ok(Writer{}.object().member_raw("user", user_json(session.person)).end_object().take());
    return signed_in_reply(call, std::move(reply), session).with("Set-Cookie", step_cookie_line(call, ""));
}

Reply setup(Call& call) {
    need_key(call);
    const Person me = person(call);
    const Agency agency = read_agency(call.db().run(agency_query(call.tenant(), call.request.host)).one(), call.config.base_url);
    const std::string secret = offer_secret(call, me.id), uri = totp_uri(secret, agency.brand.name, me.email);
    const QrPicture picture = qr_picture(uri);
    Writer json;
    json.object().member("secret", base32(secret)).member("uri", uri).key("qr").object();
    json.member("size", picture.size).member("path", picture.path).end_object();
    return ok(json.end_object().take());
}

// A code of the caller's own factor: what a stolen session does not have.
void need_code(Call& call, const Person& me, const std::string& code) {
    call.commit();
    require_attempt(call, second_factors, me.email);
    call.commit();  // the attempt counts whatever comes of it
    if (take_code(call, me.id, code)) return succeeded(call, me.email, second_factors);
    call.restart();
    note_at_once(call, "second-factor-failed", me.id, "{}", me.id);
    throw wrong_code();
}

Reply confirm(Call& call) {
    need_key(call);
    const Person me = person(call);
    Form form{call.body()};
    const std::string code = typed_code(form);
    form.check();
    call.commit();
    require_attempt(call, second_factors, me.email);
    call.commit();
    const auto codes = confirm_secret(call, me.id, code);
    if (!codes) throw unprocessable({{"code", "This code is not right. See that the clock of your device is, and type the code that the app shows now."}});
    succeeded(call, me.email, second_factors);
    call.db().all(ask<end_others>(me.session), audit(call, "second-factor-set-up", me.id));
    return ok(codes_json(*codes));
}

Reply renew_codes(Call& call) {
    const Person me = person(call);
    Form form{call.body()};
    const std::string code = typed_code(form);
    form.check();
    need_code(call, me, code);
    const auto codes = new_recovery_codes(call, me.id);
    call.db().run(audit(call, "recovery-codes-renewed", me.id));
    return ok(codes_json(codes));
}

Reply take_away(Call& call) {
    const Person me = person(call);
    Form form{call.body()};
    const std::string code = typed_code(form);
    form.check();
    need_code(call, me, code);
    call.db().all(ask<remove_sql>(), audit(call, "second-factor-removed", me.id));
    return no_content();
}

constexpr Route routes[] = {
    get<state>("/api/auth/second-factor", user).platform(),
    post<finish_sign_in>("/api/auth/second-factor", anyone).platform(),
    post<setup>("/api/auth/second-factor/setup", user).platform(),
    post<confirm>("/api/auth/second-factor/confirm", user).platform(),
    post<renew_codes>("/api/auth/second-factor/recovery-codes", user).platform(),
    post<take_away>("/api/auth/second-factor/remove", user).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

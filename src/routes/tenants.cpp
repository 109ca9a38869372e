// tenants: the agencies that a person belongs to, and going from one to another. Serves /api/auth/tenants.
#include "core/app.h"
#include "domain/access.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/mails.h"
#include "domain/session.h"

using namespace core;
using namespace domain;

// Those that have an address; the one that is looked at comes first.
constexpr Sql my_tenants = R"(
    select t.id, t.name, role_in(me(), t.id), coalesce(t.hosts[1], ''), t.schema_name = $1, is_platform_owner()
    from tenants t where t.status = 'active' and (t.hosts <> '{}' or t.is_default or t.schema_name = $1)
     and exists (select from user_roles r where r.user_id = me() and r.tenant_id = t.id)
    order by t.schema_name = $1 desc, lower(t.name), t.id limit 50)";
constexpr Sql owns_platform = "select is_platform_owner()";
constexpr Sql hand_over = R"(
    with made as (
        insert into session_handovers (token_hash, user_id, tenant_id, from_session, network, user_agent)
        select $1, me(), t.id, $3, $4, $5 from tenants t
        where t.id = $2 and t.status = 'active' and t.schema_name <> $6 and (t.hosts <> '{}' or t.is_default)
          and exists (select from user_roles r where r.user_id = me() and r.tenant_id = t.id)
        returning tenant_id)
    select coalesce(t.hosts[1], '') from made join tenants t on t.id = made.tenant_id)";
constexpr Sql drop_old_handovers = R"(
    delete from session_handovers where token_hash in (
        select token_hash from session_handovers where expires_at < now() order by expires_at limit 100 for update skip locked))";
// Looked at is used, whatever comes of it.
constexpr Sql use_handover = R"(
    delete from session_handovers h where h.token_hash = $1
    returning h.user_id, h.expires_at > now() and h.network = $3 and h.user_agent = $4
              and h.tenant_id = (select id from tenants where schema_name = $2)
              and exists (select from sessions s where s.id = h.from_session and s.user_id = h.user_id and s.open and s.expires_at > now())
              and exists (select from user_roles r where r.user_id = h.user_id and r.tenant_id = h.tenant_id))";

std::string network(const Call& call) { return network_of(call.request.remote_address).value_or(""); }

Reply mine(Call& call) {
    const Result rows = call.db().list<my_tenants>(call.tenant());
    const bool owner = call.db().one<owns_platform>().truth(0);
    Writer answer;
    answer.object().key("tenants").array();
    for (int i = 0; i < rows.size(); ++i) {
        const Row row = rows[i];
        answer.object().member("id", row.integer(0)).member("name", row.text(1)).member("role", row.text(2));
        answer.member("address", site_address(call.config.base_url, row.text(3))).member("current", row.truth(4)).end_object();
    }
    return ok(answer.end_array().member("platformOwner", owner).end_object().take());
}

// The address holds the token behind a #, which no server and no log of one is told.
Reply leave(Call& call, Id tenant) {
    const Person me = person(call);
    const std::string token = random_token(), hash = sha256(token);
    const auto made = call.db().all(ask<hand_over>(Bytes{hash}, tenant, me.session, network(call), plain_user_agent(call.request.user_agent), call.tenant()),
                                    ask<drop_old_handovers>())[0].maybe();
    if (!made) throw not_found("other agency of yours");
    call.db().run(audit(call, "changed-over", me.id, Writer{}.object().member("agency", tenant.value).end_object().take()));
    return created(Writer{}.object().member("url", site_address(call.config.base_url, made->text(0)) + "/arrive#" + token).end_object().take());
}

Reply arrive(Call& call) {
    Form form{call.body()};
    const auto token = form.token("token");
    if (!token) form.wrong("token", "The link is not complete. Sign in here instead.");
    form.check();
    const auto carried = call.db().maybe<use_handover>(Bytes{sha256(*token)}, call.tenant(), network(call), plain_user_agent(call.request.user_agent));
    call.commit();  // it is used up, also where it is refused
    if (!carried || !carried->truth(1)) throw unprocessable({{"token", "This way in was used already, is older than a minute, or is another browser's. Sign in here instead."}});
    const auto session = start_session(call, carried->str(0), std::nullopt);
    if (!session) throw unprocessable({{"token", "This account cannot sign in here."}});
    call.db().run(audit(call, "signed-in", carried->str(0), R"({"how":"from another agency"})", carried->str(0)));
    Reply reply = ok(Writer{}.object().member_raw("user", user_json(session->person)).end_object().take());
    return signed_in_reply(call, std::move(reply), *session);
}

constexpr Route routes[] = {
    get<mine>("/api/auth/tenants", user).platform(),
    post<leave>("/api/auth/tenants/{id}/handover", user).platform(),
    post<arrive>("/api/auth/tenants/arrive", anyone).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

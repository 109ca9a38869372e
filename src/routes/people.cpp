// people: who belongs to an agency, what they may do, and where they are signed in. Serves /api/admin/people.
#include <algorithm>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"
#include "domain/mails.h"

using namespace core;
using namespace domain;

// Both the list and the file: people of $4 the tenant, $5 role, $6 state, $7 words. Their ids are text, so each key has its id behind a bar.
constexpr std::string_view people_here = R"(
    with here as (select id from tenants where schema_name = $4),
    found as (
        select m.user_id, m.created_at, m.disabled_at, u.name, u.email, u.email_verified, u.disabled_at as closed_at, r.name as role
        from here h join user_tenant m on m.tenant_id = h.id join users u on u.id = m.user_id,
             lateral (select name from roles where id = coalesce((select min(role_id) from user_roles where user_id = m.user_id and tenant_id = h.id), 5)) r
        where case $5 when 'all' then true when 'staff' then r.name <> 'client' else r.name = $5 end
          and case $6 when 'all' then true when 'disabled' then m.disabled_at is not null or u.disabled_at is not null
                      else m.disabled_at is null and u.disabled_at is null end
          and ($7 = '' or strpos(lower(u.name || ' ' || u.email), lower($7)) > 0) and $2 > 0)",
    after_newest = R"( and (m.created_at, m.user_id) < (split_part($1, '|', 1)::timestamptz, substr($1, strpos($1, '|') + 1))
        order by m.created_at desc, m.user_id desc limit $3) select created_at || '|' || user_id, 1, )",
    after_oldest = R"( and (m.created_at, m.user_id) > (split_part($1, '|', 1)::timestamptz, substr($1, strpos($1, '|') + 1))
        order by m.created_at, m.user_id limit $3) select created_at || '|' || user_id, 1, )",
    after_name = R"( and (lower(u.name) collate "C", m.user_id) > (substr($1, strpos($1, '|') + 1), split_part($1, '|', 1))
        order by lower(u.name) collate "C", m.user_id limit $3) select user_id || '|' || lower(name), 1, )",
    by_newest = " order by p.created_at desc, p.user_id desc", by_oldest = " order by p.created_at, p.user_id", by_name = " order by lower(p.name) collate \"C\", p.user_id";
constexpr std::string_view as_json = R"(json_build_object(
               'id', p.user_id, 'name', p.name, 'email', p.email, 'emailVerified', p.email_verified is not null, 'role', p.role,
               'disabled', p.disabled_at is not null or p.closed_at is not null, 'since', p.created_at,
               'secondFactor', exists (select from second_factors f where f.user_id = p.user_id and f.confirmed_at is not null),
               'sessions', s.open, 'lastSeenAt', s.seen))";
constexpr std::string_view as_cells = R"(p.name, p.email, case when p.email_verified is not null then 'yes' else 'no' end, p.role,
               case when p.disabled_at is not null or p.closed_at is not null then 'yes' else 'no' end, to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
               case when exists (select from second_factors f where f.user_id = p.user_id and f.confirmed_at is not null) then 'yes' else 'no' end,
               s.open, to_char(s.seen at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'))";
constexpr std::string_view signed_in_now = R"(
    from found p left join lateral (
        select count(*) as open, max(last_seen_at) as seen from sessions
        where user_id = p.user_id and tenant_id = (select id from here) and expires_at > now() and last_seen_at > now() - interval '7 days') s on true)";
constexpr Sql my_place = R"(
    select (select r.name from roles r where r.id = (select min(role_id) from user_roles where user_id = me() and tenant_id = t.id)), t.require_second_factor
    from tenants t where t.schema_name = $1)";
constexpr Sql one_person = R"(
    select json_build_object('id', u.id, 'name', u.name, 'email', u.email, 'emailVerified', u.email_verified is not null, 'role', r.name,
        'disabled', m.disabled_at is not null or u.disabled_at is not null, 'since', m.created_at,
        'secondFactor', exists (select from second_factors f where f.user_id = u.id and f.confirmed_at is not null),
        'sessions', coalesce((select json_agg(json_build_object('id', s.id, 'ip', host(s.ip), 'userAgent', s.user_agent, 'createdAt', s.created_at,
                'lastSeenAt', s.last_seen_at) order by s.last_seen_at desc, s.id desc)
            from (select * from sessions where user_id = u.id and tenant_id = t.id and expires_at > now() and last_seen_at > now() - interval '7 days'
                  order by last_seen_at desc, id desc limit 100) s), '[]'))
    from tenants t join user_tenant m on m.tenant_id = t.id join users u on u.id = m.user_id
    join roles r on r.id = coalesce((select min(role_id) from user_roles where user_id = u.id and tenant_id = t.id), 5)
    where t.schema_name = $1 and u.id = $2)";
constexpr Sql session_cells = R"(
    select '', s.id, s.id, host(s.ip), s.user_agent, to_char(s.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), to_char(s.last_seen_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
           to_char(s.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    from sessions s where $1 = '' and s.id < $2 and s.user_id = $5 and s.tenant_id = (select id from tenants where schema_name = $4)
        and s.expires_at > now() and s.last_seen_at > now() - interval '7 days' order by s.id desc limit $3)";
constexpr Sql belongs = "select 1 from user_tenant where user_id = $2 and tenant_id = (select id from tenants where schema_name = $1)";

// Changes of rights in an agency come one after the other; the statement after this one sees what the one before left.
constexpr Sql one_at_a_time = "select pg_advisory_xact_lock(hashtextextended('owners ' || id, 0)) from tenants where schema_name = $1";
constexpr Sql standing = R"(
    select r.id, r.name, m.disabled_at is not null, coalesce(mine.id, 5), u.id = me(),
           exists (select from user_roles o where o.user_id = u.id and o.tenant_id <> t.id and o.role_id < 5),
           (select count(*) from user_roles o where o.tenant_id = t.id and o.role_id = 1 and o.user_id <> u.id
             and not exists (select from user_tenant d where d.user_id = o.user_id and d.tenant_id = t.id and d.disabled_at is not null)) > 0,
           exists (select from second_factors f where f.user_id = u.id and f.confirmed_at is not null)
    from tenants t join user_tenant m on m.tenant_id = t.id join users u on u.id = m.user_id
    join roles r on r.id = coalesce((select min(role_id) from user_roles where user_id = u.id and tenant_id = t.id), 5)
    left join lateral (select min(role_id) as id from user_roles where user_id = me() and tenant_id = t.id) mine on true
    where t.schema_name = $1 and u.id = $2)";
constexpr Sql drop_roles = R"(
    delete from user_roles where user_id = $2 and tenant_id = (select id from tenants where schema_name = $1) and role_id <> (select id from roles where name = $3))";
constexpr Sql give_role = R"(
    insert into user_roles (user_id, tenant_id, role_id) select $2, t.id, r.id from tenants t, roles r where t.schema_name = $1 and r.name = $3
        on conflict do nothing)";
constexpr Sql set_disabled = R"(
    update user_tenant set disabled_at = case when $3 then now() end
    where user_id = $2 and tenant_id = (select id from tenants where schema_name = $1) and (disabled_at is not null) <> $3)";
constexpr Sql end_all = "delete from sessions where user_id = $2 and tenant_id = (select id from tenants where schema_name = $1)";
constexpr Sql end_single = "delete from sessions where user_id = $2 and id = $3 and tenant_id = (select id from tenants where schema_name = $1)";
constexpr Sql drop_factor = "delete from second_factors where user_id = $1";
constexpr Sql address_of_person = "select email from users where id = $1";
constexpr Sql end_everywhere = "delete from sessions where user_id = $1";
constexpr Sql set_rule = "update tenants set require_second_factor = $2 where schema_name = $1 and require_second_factor <> $2";
constexpr Sql have_factor = "select exists (select from second_factors where user_id = me() and confirmed_at is not null)";

constexpr std::string_view role_names[] = {"owner", "admin", "member", "viewer", "client"};
constexpr std::int64_t owner = 1, last_admin = 2;

bool is_role(std::string_view name) { return std::ranges::find(role_names, name) != std::end(role_names); }

struct Filter {
    std::string tenant, role, state, words;
};

template <const Sql& S>
Query people_of(const Filter& f, const Page& p) { return ask<S>(p.key, p.id, p.limit, f.tenant, f.role, f.state, f.words); }
using Ask = Query (*)(const Filter&, const Page&);
constexpr By orders[] = {{"newest", By::Key::text, "infinity|", 1}, {"oldest", By::Key::text, "-infinity|", 1}, {"name", By::Key::text, "", 1}};
constexpr Ask rows[] = {people_of<Joined<people_here, after_newest, as_json, signed_in_now, by_newest>::sql>, people_of<Joined<people_here, after_oldest, as_json, signed_in_now, by_oldest>::sql>,
                        people_of<Joined<people_here, after_name, as_json, signed_in_now, by_name>::sql>};
constexpr Ask cells[] = {people_of<Joined<people_here, after_newest, as_cells, signed_in_now, by_newest>::sql>, people_of<Joined<people_here, after_oldest, as_cells, signed_in_now, by_oldest>::sql>,
                         people_of<Joined<people_here, after_name, as_cells, signed_in_now, by_name>::sql>};

Filter filter_of(Call& call) {
    Fields wrong;
    const Request& request = call.request;
    Filter filter{call.tenant(), request.query_value("role"), request.query_value("state"), read_words(request)};
    if (filter.role.empty()) filter.role = "all";
    if (filter.state.empty()) filter.state = "all";
    if (filter.role != "all" && filter.role != "staff" && !is_role(filter.role)) wrong["role"] = "The role is owner, admin, member, viewer, client, staff or all.";
    if (filter.state != "all" && filter.state != "active" && filter.state != "disabled") wrong["state"] = "The state is active, disabled or all.";
    if (!wrong.empty()) throw unprocessable(std::move(wrong));
    return filter;
}

Reply list(Call& call, const char* key) {
    const Filter filter = filter_of(call);
    const Page page = read_page(call.request, orders, 50);
    const auto [found, mine] = page_rows(call, page, rows[page.by](filter, page.plus_one()), ask<my_place>(call.tenant()));
    const Row here = mine.one();
    Writer json;
    write_page(json.object(), key, page, found);
    return ok(json.member("requireSecondFactor", here.truth(1)).member("myRole", here.text(0)).end_object().take());
}

Reply csv(Call& call) {
    const Page page = read_page(call.request, orders, 50);
    const Filter filter = filter_of(call);
    note_at_once(call, "exported", "people");
    return list_file(call, "people.csv",
                     {{"Name"}, {"E-mail"}, {"Confirmed", Cell::code}, {"Role", Cell::code}, {"Disabled", Cell::code}, {"Here since (UTC)"},
                      {"Second factor", Cell::code}, {"Signed in"}, {"Seen (UTC)"}}, page,
                    [filter](const Page& now) { return cells[now.by](filter, now); });
}

Reply people(Call& call) { return list(call, "people"); }
Reply users(Call& call) { return list(call, "users"); }

Reply shown(Call& call, const std::string& id) {
    const auto row = call.db().maybe<one_person>(call.tenant(), id);
    if (!row) throw not_found("person here");
    return ok(row->str(0));
}

Reply one(Call& call, Token id) { return shown(call, std::string{id.value}); }

Reply sessions_csv(Call& call, Token token) {
    const std::string id{token.value};
    const Page page = read_page(call.request, {&newest, 1}, 50);
    if (!call.db().maybe<belongs>(call.tenant(), id)) throw not_found("person here");
    note_at_once(call, "exported", "sessions of " + id);
    return list_file(call, "sessions.csv", {{"Session"}, {"Address"}, {"Browser"}, {"Signed in (UTC)"}, {"Seen (UTC)"}, {"Ends (UTC)"}}, page,
                    [tenant = call.tenant(), id](const Page& now) { return ask<session_cells>(now.key, now.id, now.limit, tenant, id); });
}

struct Standing {
    std::int64_t role, mine;
    std::string role_name;
    bool disabled, self, works_elsewhere, other_owner, has_factor;
};

// What the person is here, once no other change of rights is under way. Owners and administrators are an owner's to change.
Standing hold(Call& call, const std::string& id) {
    call.db().list<one_at_a_time>(call.tenant());
    const auto row = call.db().maybe<standing>(call.tenant(), id);
    if (!row) throw not_found("person here");
    Standing s{row->integer(0), row->integer(3), row->str(1), row->truth(2), row->truth(4), row->truth(5), row->truth(6), row->truth(7)};
    if (s.role <= last_admin && s.mine != owner && !s.self) throw forbidden("Only an owner changes what owners and administrators may do.");
    return s;
}

std::string was_and_is(std::string_view was, std::string_view is) { return Writer{}.object().member("from", was).member("to", is).end_object().take(); }

Reply change(Call& call, Token token) {
    const std::string id{token.value};
    Form form{call.body()};
    const std::string role{form.value("role").text()};
    const bool disabling = form.has("disabled"), disabled = form.value("disabled").boolean();
    if (form.has("role") && !is_role(role)) form.wrong("role", "The role is owner, admin, member, viewer or client.");
    if (disabling && !form.value("disabled").is(Json::Kind::boolean)) form.wrong("disabled", "This is true or false.");
    if (form.right() && form.has("role") == disabling) form.wrong("role", "Change either the role or whether the person is disabled.");
    form.check();
    const Standing now = hold(call, id);
    if (disabling) {
        if (now.self) throw conflict("You cannot disable yourself. Ask somebody else who manages people.", {{"disabled", "This is you."}});
        if (disabled && now.role == owner && !now.other_owner) throw conflict("The last owner stays. Make somebody else an owner first.", {{"disabled", "This is the last owner."}});
        if (call.db().change<set_disabled>(call.tenant(), id, disabled) > 0) call.db().run(audit(call, disabled ? "person-disabled" : "person-enabled", id));
        return shown(call, id);
    }
    if (role == now.role_name) return shown(call, id);
    if ((role == "owner" || role == "admin") && now.mine != owner) throw forbidden("Only an owner makes owners and administrators.");
    if (now.role == owner && !now.other_owner) throw conflict("The last owner stays. Make somebody else an owner first.", {{"role", "This is the last owner."}});
    call.db().all(ask<give_role>(call.tenant(), id, role), ask<drop_roles>(call.tenant(), id, role), audit(call, "role-changed", id, was_and_is(now.role_name, role)));
    return shown(call, id);
}

Reply end_sessions(Call& call, Token token) {
    const std::string id{token.value};
    hold(call, id);
    if (call.db().change<end_all>(call.tenant(), id) > 0) call.db().run(audit(call, "sessions-ended", id));
    return no_content();
}

Reply end_session(Call& call, Token token, Id session) {
    const std::string id{token.value};
    hold(call, id);
    if (call.db().change<end_single>(call.tenant(), id, session) == 0) throw not_found("session");
    call.db().run(audit(call, "sessions-ended", id));
    return no_content();
}

// The person signs in with the password alone until they set another one up. An account is the same at every agency, so who
// works at another one too is not this one's to weaken.
Reply reset_factor(Call& call, Token token) {
    const std::string id{token.value};
    const Standing now = hold(call, id);
    if (now.self) throw conflict("Remove your own second factor on your account page, with one of its codes.");
    if (!now.has_factor) throw conflict("This person has no second factor.");
    if (now.works_elsewhere) throw conflict("This person also works at another agency: they remove it themselves, with one of their recovery codes.");
    // The person hears of it, also where somebody talked the administrator into it.
    const auto [address, agency] = call.db().all(ask<address_of_person>(id), agency_query(call.tenant(), call.request.host, id));
    const Agency from = read_agency(agency.one(), call.config.base_url);
    post_to(call, address.one().str(0), from, factor_reset_letter(from.brand));
    call.db().all(ask<drop_factor>(id), ask<end_everywhere>(id), audit(call, "second-factor-reset", id));
    return shown(call, id);
}

Reply rules(Call& call) {
    Form form{call.body()};
    const Json value = form.value("requireSecondFactor");
    const bool required = value.boolean();
    if (!value.is(Json::Kind::boolean)) form.wrong("requireSecondFactor", "This is true or false.");
    form.check();
    if (required && call.config.secret_key.empty())
        throw conflict("This installation has no SECRET_KEY, without which nobody can set up a second factor.", {{"requireSecondFactor", "The installation has no SECRET_KEY."}});
    if (required && !call.db().one<have_factor>().truth(0))
        throw conflict("Set up your own second factor first, on your account page: else this would lock you out.", {{"requireSecondFactor", "You have no second factor yourself."}});
    if (call.db().change<set_rule>(call.tenant(), required) > 0)
        call.db().run(audit(call, "second-factor-rule", "", Writer{}.object().member("required", required).end_object().take()));
    return ok(Writer{}.object().member("requireSecondFactor", required).end_object().take());
}

constexpr Route routes[] = {
    get<people>("/api/admin/people", staff).platform(),
    get<csv>("/api/admin/people/csv", staff).platform(),
    patch<rules>("/api/admin/people", admin).platform(),
    get<users>("/api/users", staff).platform(),
    get<users>("/api/admin/users", staff).platform(),
    get<one>("/api/admin/people/{person}", admin).platform(),
    patch<change>("/api/admin/people/{person}", admin).platform(),
    get<sessions_csv>("/api/admin/people/{person}/sessions/csv", admin).platform(),
    remove<end_sessions>("/api/admin/people/{person}/sessions", admin).platform(),
    remove<end_session>("/api/admin/people/{person}/sessions/{id}", admin).platform(),
    remove<reset_factor>("/api/admin/people/{person}/second-factor", admin).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

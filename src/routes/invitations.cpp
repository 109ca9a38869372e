// invitations: who was invited to the agency, and taking up an invitation by the link of its mail. Serves /api/admin/invitations and
// /api/auth/invitation.
#include <algorithm>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/invitation.h"
#include "domain/list_file.h"
#include "domain/mails.h"
#include "domain/second_factor.h"
#include "domain/session.h"

using namespace core;
using namespace domain;

constexpr std::string_view some = R"(
    with page as (
        select i.*, invitation_state(i) as state from invitations i
        where i.tenant_id = (select id from tenants where schema_name = $4) and $1 = '' and i.id < $2::bigint
          and ($5 = 'all' or invitation_state(i) = $5) and ($6 = '' or strpos(lower(i.email), lower($6)) > 0)
        order by i.id desc limit $3)
    select '', p.id, )", as_json = R"(json_build_object('id', p.id, 'email', p.email, 'role', r.name, 'state', p.state, 'createdAt', p.created_at, 'sentAt', p.sent_at,
               'sentCount', p.sent_count, 'expiresAt', p.expires_at, 'acceptedAt', p.accepted_at, 'withdrawnAt', p.withdrawn_at,
               'invitedBy', (select name from users where id = p.created_by), 'acceptedBy', (select name from users where id = p.accepted_by),
               'project', case when p.project_id is not null then json_build_object('id', p.project_id, 'name', p.project_name, 'role', p.project_role) end))",
    as_cells = R"(p.email, r.name, p.project_name, p.project_role, p.state, (select name from users where id = p.created_by), (select name from users where id = p.accepted_by),
               to_char(p.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), to_char(p.sent_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), p.sent_count,
               to_char(p.expires_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), to_char(p.accepted_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
               to_char(p.withdrawn_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'))",
    by_newest = " from page p join roles r on r.id = p.role_id order by p.id desc";
constexpr Sql invitation_page = Joined<some, as_json, by_newest>::sql, invitation_cells = Joined<some, as_cells, by_newest>::sql;
constexpr Sql one_invitation = R"(
    select json_build_object('id', i.id, 'email', i.email, 'role', r.name, 'state', invitation_state(i), 'sentAt', i.sent_at, 'sentCount', i.sent_count, 'expiresAt', i.expires_at)
    from invitations i join roles r on r.id = i.role_id where i.id = $1)";
constexpr Sql project_of = "select project_id from invitations where id = $1 and tenant_id = (select id from tenants where schema_name = $2)";

// What the holder of a link is shown. Whether there is an account is theirs to know: the mail came to its address.
constexpr Sql by_link = R"(
    select invitation_state(i), i.email, r.name, i.project_name, i.project_role, to_json(i.expires_at), b.name,
           u.id is not null and (u.password is not null or u.disabled_at is not null or exists (select from identities d where d.user_id = u.id)),
           i.accepted_by = me(), a.name
    from invitations i join tenants t on t.id = i.tenant_id and t.schema_name = $2 join roles r on r.id = i.role_id cross join agency($2) a
    left join users b on b.id = i.created_by left join users u on lower(u.email) = lower(i.email)
    where i.token_hash = $1)";
constexpr Sql accept_sql = "select outcome, invitation, role, project, project_role, verified_now from accept_invitation($1, $2, $3)";
// An account that staff made for a client, and that nobody has opened, becomes that of whoever has its mail.
constexpr Sql make_account = R"(
    insert into users as u (name, email, password) values ($1, $2, $3)
    on conflict (lower(email)) do update set name = excluded.name, password = excluded.password, updated_at = now()
        where u.password is null and u.disabled_at is null and not exists (select from identities i where i.user_id = u.id)
    returning u.id)";

constexpr Limit links{"invitation-link", 30, 60, std::chrono::minutes{15}};
constexpr std::string_view states[] = {"all", "open", "expired", "accepted", "withdrawn"}, given_roles[] = {"owner", "admin", "member", "viewer"};

bool among(std::span<const std::string_view> words, std::string_view word) { return std::ranges::find(words, word) != words.end(); }

struct Filter {
    std::string tenant, state, words;
};

Filter filter_of(Call& call) {
    Filter filter{call.tenant(), call.request.query_value("state"), read_words(call.request)};
    if (filter.state.empty()) filter.state = "all";
    if (!among(states, filter.state)) throw unprocessable({{"state", "The state is open, expired, accepted, withdrawn or all."}});
    return filter;
}

template <const Sql& S>
Query invitations(const Filter& f, const Page& p) { return ask<S>(p.key, p.id, p.limit, f.tenant, f.state, f.words); }

Reply list(Call& call) {
    const Page page = read_page(call.request, {&newest, 1}, 50);
    Writer out;
    write_page(out.object(), "invitations", page, page_rows(call, page, invitations<invitation_page>(filter_of(call), page.plus_one())));
    return ok(out.end_object().take());
}

Reply csv(Call& call) {
    const Page page = read_page(call.request, {&newest, 1}, 50);
    const Filter filter = filter_of(call);
    note_at_once(call, "exported", "invitations");
    return list_file(call, "invitations.csv",
                     {{"E-mail"}, {"Role", Cell::code}, {"Project"}, {"May there", Cell::code}, {"State", Cell::code}, {"Invited by"}, {"Accepted by"},
                      {"Invited (UTC)"}, {"Sent (UTC)"}, {"Times sent"}, {"Works until (UTC)"}, {"Accepted (UTC)"}, {"Withdrawn (UTC)"}},
                     page, [filter](const Page& now) { return invitations<invitation_cells>(filter, now); });
}

Reply send(Call& call) {
    Form form{call.body()};
    const Offer offer{form.email("email"), std::string{form.value("role").text()}, {}, {}, {}};
    if (!among(given_roles, offer.role)) form.wrong("role", "The role is owner, admin, member or viewer.");
    const int days = read_days(form);
    form.check();
    const std::int64_t id = invite(call, person(call), offer, days);
    Reply reply = ok(call.db().one<one_invitation>(id).str(0));
    reply.status = 201;
    return reply;
}

std::optional<std::int64_t> project_in(Call& call, Id id) {
    const auto row = call.db().maybe<project_of>(id, call.tenant());
    if (!row) throw not_found("invitation");
    return row->null(0) ? std::nullopt : std::optional{row->integer(0)};
}

Reply send_once_more(Call& call, Id id) {
    Form form{call.body()};
    const int days = read_days(form);
    form.check();
    send_again(call, person(call), id.value, project_in(call, id), days);
    return ok(call.db().one<one_invitation>(id).str(0));
}

Reply take_back(Call& call, Id id) {
    withdraw(call, id.value, project_in(call, id));
    return no_content();
}

// Taking it up

std::string link_hash(Call& call, Form& form) {
    const auto token = form.token("token");
    if (!token) form.wrong("token", "The link is not complete. Copy all of it from the mail.");
    form.check();
    const std::string hash = sha256(*token);
    require_attempt(call, links, hex(hash));
    call.commit();
    return hash;
}

Error no_such_link() { return unprocessable({{"token", "This link does not work: a newer mail has another one, or it is not complete."}}); }

Reply look(Call& call) {
    Form form{call.body()};
    const std::string hash = link_hash(call, form);
    const auto row = call.db().maybe<by_link>(Bytes{hash}, call.tenant());
    if (!row) throw no_such_link();
    Writer out;
    out.object().member("state", row->text(0)).member("agency", row->text(9));
    if (row->text(0) == "accepted" && !row->null(8) && row->truth(8)) out.member("yours", true);
    if (row->text(0) == "open") {
        out.member("email", row->text(1)).member("role", row->text(2)).member_raw("expiresAt", row->text(5)).member("hasAccount", row->truth(7));
        row->null(6) ? out.key("invitedBy").null() : out.member("invitedBy", row->text(6));
        out.key("project");
        row->null(3) ? out.null() : out.object().member("name", row->text(3)).member("role", row->text(4)).end_object();
    }
    return ok(out.end_object().take());
}

// The end of both ways in: throws what is wrong, and then nothing of the transaction stays.
std::string take_up(Call& call, const std::string& hash, const std::string& user_id) {
    const Row row = call.db().one<accept_sql>(Bytes{hash}, call.tenant(), user_id);
    const std::string outcome = row.str(0), role = row.null(2) ? "" : row.str(2);
    if (outcome == "unknown") throw no_such_link();
    if (outcome == "used") throw conflict("This invitation was accepted already. Sign in with the account that accepted it.");
    if (outcome == "expired") throw conflict("This invitation is too old. Ask whoever invited you to send it again.");
    if (outcome == "withdrawn") throw conflict("This invitation was withdrawn. Ask whoever invited you.");
    if (outcome == "other-address") throw forbidden("You are signed in with another address than the one that was invited. Sign out, and open the link again.");
    if (outcome == "disabled") throw forbidden("The agency has disabled your account here. Write to them if you think that is a mistake.");
    const std::string project = row.null(3) ? "" : row.str(3), id = row.str(1);
    if (outcome == "accepted") {
        if (row.truth(5) && role == "client") post_welcome(call, user_id);
        Writer data;
        data.object().member("role", role);
        if (!project.empty()) data.member_raw("project", project).member("may", row.text(4));
        call.db().run(audit(call, "invitation-accepted", id, data.end_object().take(), user_id));
    }
    return Writer{}.object().member("role", role).member("redirectUrl", project.empty() ? "/admin" : "/projects/" + project).end_object().take();
}

Reply accept(Call& call) {
    Form form{call.body()};
    const auto somebody = signed_in(call);
    if (!somebody) throw unauthorized("Sign in first, with the address that was invited.");
    const std::string hash = link_hash(call, form);
    Reply reply = ok(take_up(call, hash, somebody->id));
    return reply;
}

Reply join(Call& call) {
    Form form{call.body()};
    const std::string name = form.text("name", {1, 100}, "Your name"), password = read_password(form, new_password);
    if (std::ranges::any_of(name, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; })) form.wrong("name", "The name is one line without control characters.");
    const std::string hash = link_hash(call, form);
    const auto link = call.db().maybe<by_link>(Bytes{hash}, call.tenant());
    if (!link) throw no_such_link();
    const std::string email = link->str(1);
    const auto has_account = [] { return conflict("There is an account with this address already. Sign in to accept the invitation."); };
    if (link->text(0) == "open" && link->truth(7)) throw has_account();
    const bool open = link->text(0) == "open";
    call.commit();
    if (!open) throw conflict("This invitation is not open any more. Ask whoever invited you to send it again.");
    const std::string password_hash = hash_password(password);
    const auto account = call.db().maybe<make_account>(name, email, password_hash);
    if (!account) throw has_account();
    const std::string user_id = account->str(0), answer = take_up(call, hash, user_id);
    const Entrance entrance = pass_first_factor(call, user_id, password_hash, std::nullopt, "invitation");
    if (entrance.outcome != Entrance::Outcome::inside) throw unavailable("the account changed while it was made");
    Reply reply = ok(answer);
    reply.status = 201;
    return std::move(reply).with("Set-Cookie", session_cookie_line(session_cookie(call), entrance.session->token));
}

constexpr Route routes[] = {
    get<list>("/api/admin/invitations", admin).platform(),
    get<csv>("/api/admin/invitations/csv", admin).platform(),
    post<send>("/api/admin/invitations", admin).platform(),
    post<send_once_more>("/api/admin/invitations/{id}/send", admin).platform(),
    remove<take_back>("/api/admin/invitations/{id}", admin).platform(),
    post<look>("/api/auth/invitation", visitor).platform(),
    post<accept>("/api/auth/invitation/accept", visitor).platform(),
    post<join>("/api/auth/invitation/join", visitor).platform(),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

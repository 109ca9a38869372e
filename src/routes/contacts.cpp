// contacts: who else than its owner follows a project on the client's side, and what they may do. Serves /api/projects/{id}/contacts.
#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/invitation.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;

// Addresses and open invitations are for who manages them: the owner and staff. Everybody else on the project sees names.
constexpr Sql people_of_project = R"(
    with one as (select p.id, p.user_id, p.user_id = me() or my_role() in ('admin', 'staff') as manages from projects p where p.id = $1)
    select json_build_object(
        'mine', case when my_role() in ('admin', 'staff') then 'staff' when one.user_id = me() then 'owner' else contact_role(one.id) end,
        'manages', one.manages and current_setting('transaction_read_only') = 'off',
        'owner', (select json_build_object('id', o.id, 'name', o.name) from people(array[one.user_id]) o),
        'contacts', coalesce((
            select json_agg(json_build_object('id', c.user_id, 'name', n.name, 'email', case when one.manages then a.email end, 'role', c.role, 'since', c.created_at,
                                              'disabled', a.disabled, 'me', c.user_id = me()) order by c.created_at, c.user_id)
            from project_contacts c join people((select array_agg(user_id) from project_contacts where project_id = $1)) n on n.id = c.user_id
            join addresses((select array_agg(user_id) from project_contacts where project_id = $1)) a on a.id = c.user_id where c.project_id = one.id), '[]'),
        'invitations', case when one.manages then coalesce((
            select json_agg(json_build_object('id', i.id, 'email', i.email, 'role', i.project_role, 'expiresAt', i.expires_at, 'sentAt', i.sent_at, 'expired', i.expired) order by i.id)
            from project_invitations($1) i), '[]') else '[]'::json end)
    from one)";
// A contact's id is text, so it is the key; who is only invited stands behind them.
constexpr Sql as_cells = R"(
    select f.key, 1, f.name, f.email, f.role, f.state, to_char(f.at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS') from (
        select '1' || c.user_id as key, n.name, a.email, c.role, case when a.disabled then 'disabled' else 'contact' end as state, c.created_at as at
        from project_contacts c join people((select array_agg(user_id) from project_contacts where project_id = $4)) n on n.id = c.user_id
             join addresses((select array_agg(user_id) from project_contacts where project_id = $4)) a on a.id = c.user_id where c.project_id = $4
        union all select '2' || i.id, null, i.email, i.project_role, case when i.expired then 'invitation ended' else 'invited' end, i.sent_at from project_invitations($4) i) f
    where $2 > 0 and f.key collate "C" > $1 order by f.key collate "C" limit $3)";
// What must be so before an invitation goes out. Side by side, two of one project wait for each other here.
constexpr Sql project_to_share = R"(
    select p.name, (select count(*) from project_contacts c where c.project_id = p.id),
           exists (select from addresses((select array_agg(user_id) from project_contacts where project_id = $1) || p.user_id) a where lower(a.email) = lower($2))
    from projects p where p.id = $1 for update)";
constexpr Sql set_role = R"(
    update project_contacts c set role = $3 from project_contacts before
    where c.project_id = $1 and c.user_id = $2 and before.project_id = c.project_id and before.user_id = c.user_id returning before.role)";
constexpr Sql take_off = "delete from project_contacts where project_id = $1 and user_id = $2 returning role";
constexpr Sql leave_project = R"(
    with gone as (delete from project_contacts where project_id = $1 and user_id = me() returning project_id)
    select note_activity(project_id, 'contact-left') from gone)";
// What waits to be told about the project is not for them any more.
constexpr Sql tell_nothing_more = "update notices set settled_at = now(), outcome = 'withdrawn' where project_id = $1 and user_id = $2 and settled_at is null";

constexpr std::int64_t most_contacts = 20;

std::string read_role(Form& form) {
    std::string role{form.value("role").text()};
    if (role != "view" && role != "work") form.wrong("role", "The role is view or work.");
    return role;
}

Reply shown(Call& call, Id id, int status = 200) {
    Reply reply = ok(call.db().one<people_of_project>(id).str(0));
    reply.status = status;
    return reply;
}

Reply list(Call& call, Id id) { return shown(call, id); }

Reply csv(Call& call, Id id) {
    constexpr By by_person[] = {{"person", By::Key::text, "", 1}};
    const Page page = read_page(call.request, by_person, 50);
    note_export(call, "contacts", id);
    return list_file(call, "contacts-" + std::to_string(id.value) + ".csv",
                     {{"Name"}, {"E-mail"}, {"May", Cell::code}, {"State", Cell::code}, {"Since (UTC)"}}, page,
                    [id](const Page& now) { return ask<as_cells>(now.key, now.id, now.limit, id); });
}

Reply add(Call& call, Id id) {
    Form form{call.body()};
    const std::string email = form.email("email"), role = read_role(form);
    const int days = read_days(form);
    form.check();
    const Person by = person(call);
    // Strangers may sign up with any address; who has not answered from theirs has no mail sent to others.
    if (!by.verified && !by.works_here()) throw forbidden("Confirm your own e-mail address first: then you can invite others.");
    const Row project = call.db().one<project_to_share>(id, email);
    if (project.truth(2)) throw conflict("This person follows the project already.", {{"email", "This person follows the project already."}});
    if (project.integer(1) >= most_contacts) throw conflict("A project has at most " + std::to_string(most_contacts) + " contacts. Take somebody off first.");
    invite(call, by, {email, "client", id.value, project.str(0), role}, days);
    return shown(call, id, 201);
}

Reply change(Call& call, Id id, Token token) {
    const std::string user{token.value};
    Form form{call.body()};
    const std::string role = read_role(form);
    form.check();
    const auto before = call.db().maybe<set_role>(id, user, role);
    if (!before) throw not_found("contact");
    if (before->text(0) != role) {
        Writer data;
        data.object().member("project", id.value).member("from", before->text(0)).member("to", role);
        const std::string noted = data.end_object().take();
        const std::string answer = call.db().one<people_of_project>(id).str(0);
        call.db().run(audit(call, "contact-changed", user, noted));
        return ok(answer);
    }
    return shown(call, id);
}

Reply remove_one(Call& call, Id id, Token token) {
    const std::string user{token.value};
    if (!call.db().maybe<take_off>(id, user)) throw not_found("contact");
    call.db().change<tell_nothing_more>(id, user);
    call.db().run(audit(call, "contact-removed", user, Writer{}.object().member("project", id.value).end_object().take()));
    return no_content();
}

// A contact's own doing, whatever they may on the project. Who owns it stays, and who works here is not on it as a contact.
Reply leave(Call& call, Id id) {
    const Person me = person(call);
    if (!call.db().maybe<leave_project>(id)) throw conflict(me.works_here() ? "You work here: the projects are yours to see without being a contact." : "You own this project, and stay on it.");
    call.db().change<tell_nothing_more>(id, me.id);
    call.db().run(audit(call, "contact-left", me.id, Writer{}.object().member("project", id.value).end_object().take()));
    return no_content();
}

Reply send_once_more(Call& call, Id id, Id invitation) {
    Form form{call.body()};
    const int days = read_days(form);
    form.check();
    send_again(call, person(call), invitation.value, id.value, days);
    return shown(call, id);
}

Reply take_back(Call& call, Id id, Id invitation) {
    withdraw(call, invitation.value, id.value);
    return no_content();
}

constexpr Route routes[] = {
    get<list>("/api/projects/{id}/contacts", member),
    get<csv>("/api/projects/{id}/contacts/csv", staff),
    post<add>("/api/projects/{id}/contacts", project_owner),
    post<leave>("/api/projects/{id}/contacts/leave", onlooker),
    patch<change>("/api/projects/{id}/contacts/{person}", project_owner),
    remove<remove_one>("/api/projects/{id}/contacts/{person}", project_owner),
    post<send_once_more>("/api/projects/{id}/contacts/invitations/{invitation}/send", project_owner),
    remove<take_back>("/api/projects/{id}/contacts/invitations/{invitation}", project_owner),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

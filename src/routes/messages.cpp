// messages: a project's conversation: written, read, edited for a while, removed for all to see. Serves
// /api/projects/{id}/messages and /api/messages.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/idempotency.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;

constexpr std::string_view as_json = "select '', m.id, message_json(m)", as_cells = R"(
    select '', m.id, m.id, to_char(m.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), m.user_name, m.user_role,
           case when m.removed_at is null then m.body end, (select t.title from tasks t where t.id = m.task_id), m.payment_id,
           (select string_agg(f.name, E'\n' order by f.id) from files f where f.message_id = m.id and f.removed_at is null),
           to_char(m.edited_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), to_char(m.removed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'))";
constexpr std::string_view of_newest = " from messages m where $1 = '' and m.id < $2 and m.project_id = $4 order by m.id desc limit $3",
                           of_oldest = " from messages m where $1 = '' and m.id > $2 and m.project_id = $4 order by m.id limit $3";
constexpr Sql thread_now = R"(
    select coalesce((select version from message_threads where project_id = $1), 0),
           coalesce((select last_read from message_reads where project_id = $1 and user_id = me()), 0), unread_messages($1))";
// What a page asks every few seconds: where nothing changed, two look-ups by key and one in an index.
constexpr Sql changes = R"(
    select json_build_object('version', coalesce(t.version, 0), 'unread', unread_messages($1), 'messages',
        case when t.version > $2 then (select coalesce(json_agg(message_json(m) order by m.version), '[]')
                                       from (select id from messages where project_id = $1 and version > $2 order by version limit 100) changed
                                       join messages m using (id))
             else json_build_array() end)
    from (select 1) one left join message_threads t on t.project_id = $1)";

// Taken first by whoever changes a thread: ids and versions then rise in the order of commits, and nobody's poll misses one.
constexpr Sql take_thread = R"(
    insert into message_threads (project_id) values ($1) on conflict (project_id) do update set version = message_threads.version + 1)";
constexpr Sql take_thread_of = R"(
    update message_threads t set version = t.version + 1 from messages m where m.id = $1 and t.project_id = m.project_id)";
constexpr Sql what_it_names = R"(
    select $2::integer is null or exists (select from tasks where id = $2::integer and project_id = $1),
           $3::integer is null or exists (select from payments where id = $3::integer and project_id = $1),
           (select count(*) from files where id = any($4::bigint[]) and project_id = $1 and user_id = me() and message_id is null
            and removed_at is null and purpose in ('project', 'message')))";
constexpr Sql said_before = "select message_json(m) from messages m where project_id = $1 and user_id = me() and idempotency_key = $2";
constexpr Sql say = R"(
    insert into messages (project_id, user_id, user_name, user_role, body, task_id, payment_id, attachments, idempotency_key, version)
    select $1, me(), $2, my_role(), $3, $4, $5, cardinality($6::bigint[]), $7, t.version from message_threads t where t.project_id = $1
    returning id)";
constexpr Sql attach = "update files set message_id = $1, purpose = 'message' where id = any($2::bigint[])";
// The other side hears of it, and who else follows the project on this one: by mail, unless they read it here first.
constexpr Sql tell_others = R"(
    select note_activity($1, 'message-posted', jsonb_build_object('message', $2::bigint)),
           case when my_role() in ('admin', 'staff') then tell_client('message', $1, said.data, said.key)::integer
                else tell_staff('message', $1, said.data, said.key) + tell_client('message', $1, said.data, said.key)::integer end
    from (select jsonb_build_object('author', $3::text, 'excerpt', left($4::text, 1500)) as data, 'message:' || $2::bigint as key) said)";
// What was not mailed yet is mailed as it reads now, or not at all.
constexpr Sql tell_otherwise = R"(
    update notices set data = jsonb_set(data, '{excerpt}', to_jsonb(left($2::text, 1500)))
    where kind = 'message' and key = 'message:' || $1::bigint and settled_at is null)";
constexpr Sql tell_no_more = R"(
    update notices set settled_at = now(), outcome = 'withdrawn' where kind = 'message' and key = 'message:' || $1::bigint and settled_at is null)";
constexpr Sql tell_me_no_more = "select withdraw_notices(me(), 'message', $1) where unread_messages($1) = 0";
constexpr Sql one_message = "select message_json(m) from messages m where id = $1";
constexpr Sql note_read = R"(
    insert into message_reads (project_id, user_id, last_read)
    select $1, me(), least($2::bigint, coalesce(max(id), 0)) from messages where project_id = $1
    on conflict (project_id, user_id) do update set last_read = greatest(message_reads.last_read, excluded.last_read))";
constexpr Sql unread = "select unread_messages($1)";

constexpr Sql message_state = R"(
    select user_id = me(), removed_at is not null, created_at > now() - interval '15 minutes', my_role() in ('admin', 'staff'), body, attachments, 'project ' || project_id, user_name
    from messages where id = $1 for update)";
constexpr Sql keep_old = "insert into message_edits (message_id, old_body) select id, body from messages where id = $1";
constexpr Sql edit = R"(
    update messages m set body = $2, edited_at = now(), version = t.version from message_threads t
    where m.id = $1 and t.project_id = m.project_id)";
constexpr Sql take_back = R"(
    update messages m set removed_at = now(), removed_by = me(), removed_by_name = $2, version = t.version from message_threads t
    where m.id = $1 and t.project_id = m.project_id)";
constexpr Sql take_back_files = R"(
    update files set removed_at = now(), removed_by = me(), removed_by_name = $2
    where message_id = $1 and removed_at is null and purpose = 'message')";
constexpr Sql message_for_reader = R"(
    select 1 where case
        when me() is null then deny(401, 'Sign in first.')
        when exists (select from messages m join projects p on p.id = m.project_id
                     where m.id = $1 and (p.user_id = me() or my_role() in ('admin', 'staff') or contact_role(p.id) = 'work')) then true
        when exists (select from messages m where m.id = $1 and contact_role(m.project_id) is not null) then deny(403, 'You may look at this project, and change nothing in it.')
        else deny(404, 'There is no such message.') end)";

std::optional<Query> check_reader(const Call& call) { return ask<message_for_reader>(call.hole(0)); }
const Access reader{"member", member.tenant, member.entry, check_reader};  // may see the message's project

constexpr Length body_length{0, 10'000};
constexpr std::size_t most_files = 10;
constexpr std::int64_t page_size = 50;

std::int64_t since(const Request& request) {
    const std::string text = request.query_value("since");
    Id version{0};
    if (text != "0" && !detail::read_hole(text, version)) throw bad_request("since must be a whole number.");
    return version.value;
}

template <const Sql& S>
Query messages(Id project, const Page& p) { return ask<S>(p.key, p.id, p.limit, project); }
using Ask = Query (*)(Id, const Page&);
constexpr By orders[] = {newest, oldest};
constexpr Ask rows[] = {messages<Joined<as_json, of_newest>::sql>, messages<Joined<as_json, of_oldest>::sql>};
constexpr Ask cells[] = {messages<Joined<as_cells, of_newest>::sql>, messages<Joined<as_cells, of_oldest>::sql>};

// Each page reads from its oldest message down, whichever comes first.
Reply list(Call& call, Id project) {
    if (!call.request.query_value("since").empty())
        return ok(call.db().last(ask<changes>(project, since(call.request)))[0].one().text(0));
    const Page page = read_page(call.request, orders, page_size);
    const auto [found, thread] = page_rows(call, page, rows[page.by](project, page.plus_one()), ask<thread_now>(project));
    const Row now = thread.one();
    Writer out;
    write_page(out.object(), "messages", page, found, page.by == 0);
    return ok(out.member("version", now.integer(0)).member("lastRead", now.integer(1)).member("unread", now.integer(2)).end_object().take());
}

Reply csv(Call& call, Id project) {
    const Page page = read_page(call.request, orders, page_size);
    note_export(call, "messages", project);
    return list_file(call, "messages-" + std::to_string(project.value) + ".csv",
                     {{"Message"}, {"Sent (UTC)"}, {"From"}, {"Role", Cell::code}, {"Text"}, {"About the task"}, {"About the payment"}, {"Files"},
                      {"Edited (UTC)"}, {"Removed (UTC)"}}, page, [project](const Page& now) { return cells[now.by](project, now); });
}

// PostgreSQL's text of a bigint[].
std::string file_ids(Form& form, std::size_t& count) {
    const Json files = form.value("files");
    if (files && !files.is(Json::Kind::null) && !files.is(Json::Kind::array)) form.wrong("files", "The files are a list of their ids.");
    std::vector<std::int64_t> ids;
    for (std::size_t i = 0; i < files.size() && files.is(Json::Kind::array); ++i) {
        if (files[i].integer() < 1) form.wrong("files", "The files are a list of their ids.");
        else if (std::ranges::find(ids, files[i].integer()) == ids.end()) ids.push_back(files[i].integer());
    }
    if (ids.size() > most_files) form.wrong("files", "A message takes at most " + std::to_string(most_files) + " files.");
    count = ids.size();
    std::string text = "{";
    for (const std::int64_t id : ids) text += (text.size() > 1 ? "," : "") + std::to_string(id);
    return text + "}";
}

std::string body_in(Form& form, bool files_too) {
    const std::string body = form.text("body", body_length, "The message");
    if (form.right() && body.empty() && !files_too) form.wrong("body", "Write something, or attach a file.");
    return body;
}

Reply message(int status, std::int64_t id, std::string_view json) {
    Reply reply = ok(Writer{}.object().member("success", true).member("id", id).member_raw("message", json).end_object().take());
    reply.status = status;
    return reply;
}

// For the audit log: which message, never what it says.
Writer facts(std::int64_t id) {
    Writer out;
    out.object().member("message", id);
    return out;
}

Reply post_message(Call& call, Id project) {
    Form form{call.body()};
    std::size_t count = 0;
    const std::string files = file_ids(form, count);
    const std::string body = body_in(form, count > 0);
    const auto task = form.id("taskId", false), payment = form.id("paymentId", false);
    if (task && payment) form.wrong("paymentId", "A message is about a task or a payment, not both.");
    const auto key = idempotency_key(call.request);
    form.check();

    const auto [taken, before, named] = call.db().all(ask<take_thread>(project), ask<said_before>(project, key), ask<what_it_names>(project, task, payment, files));
    if (const auto row = before.maybe(); row && key) return message(201, Json::parse(row->text(0))["id"].integer(), row->text(0));
    const Row there = named.one();
    if (!there.truth(0)) form.wrong("taskId", "This project has no such task.");
    if (!there.truth(1)) form.wrong("paymentId", "This project has no such payment.");
    if (there.integer(2) != static_cast<std::int64_t>(count)) form.wrong("files", "One of the files is not yours, or is with another message already.");
    form.check();
    const std::string name = person(call).name;
    const std::int64_t id = call.db().one<say>(project, name, body, task, payment, files, key).integer(0);
    const auto [attached, told, shown] = call.db().all(ask<attach>(id, files), ask<tell_others>(project, id, name, body), ask<one_message>(id));
    note_by_staff(call, "message-sent", "project " + std::to_string(project.value), facts(id).member("files", static_cast<std::int64_t>(count)).end_object().take());
    return message(201, id, shown.one().text(0));
}

Reply mark_read(Call& call, Id project) {
    Form form{call.body()};
    const auto up_to = form.id("upTo", true);
    form.check();
    const auto [noted, told, left] = call.db().all(ask<note_read>(project, up_to), ask<tell_me_no_more>(project), ask<unread>(project));
    return ok(Writer{}.object().member("unread", left.one().integer(0)).end_object().take());
}

Reply change(Call& call, Id id) {
    Form form{call.body()};
    const auto [taken, states] = call.db().all(ask<take_thread_of>(id), ask<message_state>(id));
    const Row state = states.one();
    if (!state.truth(0)) throw forbidden("A message is changed by whoever wrote it.");
    if (state.truth(1)) throw Error{410, "This message was removed."};
    if (!state.truth(2)) throw conflict("A message can be changed for 15 minutes; this one stays as it is. Write another one.");
    const std::string body = body_in(form, state.integer(5) > 0);
    form.check();
    if (body == state.text(4)) return message(200, id.value, call.db().one<one_message>(id).text(0));
    const auto [kept, edited, told, shown] = call.db().all(ask<keep_old>(id), ask<edit>(id, body), ask<tell_otherwise>(id, body), ask<one_message>(id));
    note_by_staff(call, "message-edited", state.text(6), facts(id.value).end_object().take());
    return message(200, id.value, shown.one().text(0));
}

Reply take_away(Call& call, Id id) {
    const auto [taken, states] = call.db().all(ask<take_thread_of>(id), ask<message_state>(id));
    const Row state = states.one();
    if (!state.truth(0) && !state.truth(3)) throw forbidden("A message is removed by whoever wrote it, or by the agency.");
    if (state.truth(1)) throw Error{410, "This message was removed already."};
    const std::string name = person(call).name;
    const auto [removed, files, told, shown] =
        call.db().all(ask<take_back>(id, name), ask<take_back_files>(id, name), ask<tell_no_more>(id), ask<one_message>(id));
    note_by_staff(call, "message-removed", state.text(6), facts(id.value).member("author", state.text(7)).end_object().take());
    return message(200, id.value, shown.one().text(0));
}

constexpr Route routes[] = {
    get<list>("/api/projects/{id}/messages", member),
    get<csv>("/api/projects/{id}/messages/csv", staff),
    post<post_message>("/api/projects/{id}/messages", member),
    post<mark_read>("/api/projects/{id}/messages/read", onlooker),
    patch<change>("/api/messages/{id}", reader),
    remove<take_away>("/api/messages/{id}", reader),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

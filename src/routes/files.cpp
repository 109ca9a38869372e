// files: received whole or piece by piece, shown, downloaded and removed. Serves /api/projects/{id}/files, /api/leads/{token}/files
// and /api/files.
#include "core/app.h"
#include "core/content_type.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/file_name.h"
#include "domain/list_file.h"
#include "domain/receiving.h"
#include "gateways/clamd.h"

using namespace core;
using namespace domain;

constexpr std::string_view as_json = "select '', f.id, file_json(f)", as_cells = R"(
    select '', f.id, f.id, f.name, f.content_type, f.size, f.purpose, f.user_name, f.user_role, to_char(f.created_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
           to_char(f.removed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), f.removed_by_name, encode(f.sha256, 'hex'))";
constexpr std::string_view of_newest = " from files f where $1 = '' and f.id < $2 and f.project_id = $4 order by f.id desc limit $3",
                           of_oldest = " from files f where $1 = '' and f.id > $2 and f.project_id = $4 order by f.id limit $3";
constexpr Sql draft_by_token = "select id, status from leads where token_hash = $1";
constexpr Sql draft_of_mine = "select id, status from leads where id = $1 and user_id = me()";
constexpr Sql draft_list = R"(
    select json_build_object('files', coalesce(json_agg(file_json(f) order by f.id), '[]'))
    from files f where f.lead_id = $1 and f.removed_at is null)";
constexpr Sql remove_draft_file = R"(
    update files set removed_at = now(), removed_by = coalesce(me(), 'draft'), removed_by_name = ''
    where lead_id = $1 and id = $2 and project_id is null and removed_at is null)";
constexpr Sql one_file = "select name, content_type, sha256, thumbnail, removed_at is not null from files where id = $1";
constexpr Sql file_state = R"(
    select removed_at is not null, purged_at is not null, purpose,
           my_role() in ('admin', 'staff') or user_id = me(), my_role() in ('admin', 'staff') or removed_by = me(),
           coalesce('project ' || project_id, 'draft ' || lead_id), name, user_name
    from files where id = $1 for update)";
constexpr Sql remove_one = R"(
    update files set removed_at = now(), removed_by = me(), removed_by_name = $2 where id = $1
    returning file_json(files), case when project_id is not null then note_activity(project_id, 'file-removed', jsonb_build_object('file', id, 'name', name)) end)";
constexpr Sql restore_one = R"(
    update files set removed_at = null, removed_by = null, removed_by_name = null where id = $1 returning file_json(files))";
// Whoever looks at the message that shows the file sees what became of it.
constexpr Sql touch_message = R"(
    with thread as (
        update message_threads t set version = t.version + 1 from files f join messages m on m.id = f.message_id
        where f.id = $1 and t.project_id = m.project_id returning t.version, m.id)
    update messages set version = thread.version from thread where messages.id = thread.id)";
constexpr Sql file_for_reader = R"(
    select 1 where case when me() is null then deny(401, 'Sign in first.')
        when exists (select from files f where f.id = $1 and (
                 my_role() in ('admin', 'staff') or exists (select from projects p where p.id = f.project_id and (p.user_id = me() or contact_role(p.id) in ('work', $2))))) then true
        when exists (select from files f where f.id = $1 and contact_role(f.project_id) is not null) then deny(403, 'You may look at this project, and change nothing in it.')
        else deny(404, 'There is no such file.') end)";

std::optional<Query> check_reader(const Call& call) { return ask<file_for_reader>(call.hole(0), call.route.method == Method::get ? "view" : "work"); }
const Access reader{"member", member.tenant, member.entry, check_reader};  // may see the file's project

// What a finished file must be before it gets a row. Looks at the bytes, not at what the client calls them.
std::string judge(Call& call, const File& file) {
    if (file.size() == 0) throw Error{422, "The file is empty.", {{"file", "This file is empty. Choose another one."}}};
    std::string type = content_type_of(file.descriptor());
    if (type.starts_with("text/x-")) type = "text/plain";  // source code by its looks; nobody runs it
    need_type(call.config, type);
    if (call.config.clamd.empty()) return type;
    const gateways::Scan scan = gateways::scan(call.config.clamd, file);
    if (scan.verdict == gateways::Scan::Verdict::infected) {
        log(Level::warn, "infected file refused", {{"what", scan.words}});
        throw Error{422, "The virus scanner found " + scan.words + " in this file, so that it was not kept.", {{"file", "This file carries " + scan.words + "."}}};
    }
    if (scan.verdict == gateways::Scan::Verdict::unknown) throw unavailable("clamd: " + scan.words, std::chrono::seconds{15});
    return type;
}

Reply upload(Call& call, Id project) { return receive(call, {project, {}, "project"}, judge); }

Id open_draft(Call& call, const Query& find) {
    const auto row = call.db().run(find).maybe();
    if (!row) throw not_found("draft");
    if (row->text(1) != "open") throw conflict("A project was made of this draft already.");
    return {row->integer(0)};
}

Id draft(Call& call, Token token) { return open_draft(call, ask<draft_by_token>(Bytes{sha256(token.value)})); }
Id draft(Call& call, Id lead) { return open_draft(call, ask<draft_of_mine>(lead)); }

template <class Which>
Reply upload_to_draft(Call& call, Which which) { return receive(call, {{}, draft(call, which), "answer"}, judge); }
template <class Which>
Reply list_draft(Call& call, Which which) { return ok(call.db().one<draft_list>(draft(call, which)).text(0)); }
template <class Which>
Reply remove_from_draft(Call& call, Which which, Id file) {
    if (call.db().change<remove_draft_file>(draft(call, which), file) == 0) throw not_found("file");
    return no_content();
}

Reply offset(Call& call, Token token) { return offset_of(call, token.value); }
Reply append(Call& call, Token token) { return append_piece(call, token.value, judge); }

Reply give_up(Call& call, Token token) {
    const Upload up = find_upload(call, token.value);
    if (!up.file.empty()) throw conflict("This upload is over: the file is there.");
    forget_upload(call, up);
    call.commit();
    file_store(call).drop_partial(up.partial);
    return no_content();
}

template <const Sql& S>
Query files_of(Id project, const Page& p) { return ask<S>(p.key, p.id, p.limit, project); }
using Ask = Query (*)(Id, const Page&);
constexpr By orders[] = {newest, oldest};
constexpr Ask rows[] = {files_of<Joined<as_json, of_newest>::sql>, files_of<Joined<as_json, of_oldest>::sql>};
constexpr Ask cells[] = {files_of<Joined<as_cells, of_newest>::sql>, files_of<Joined<as_cells, of_oldest>::sql>};

Reply list(Call& call, Id project) {
    const Page page = read_page(call.request, orders, 50);
    Writer out;
    write_page(out.object(), "files", page, page_rows(call, page, rows[page.by](project, page.plus_one())));
    return ok(out.member("limit", static_cast<std::int64_t>(file_limit(call.config, {}))).end_object().take());
}

Reply csv(Call& call, Id project) {
    const Page page = read_page(call.request, orders, 50);
    note_export(call, "files", project);
    return list_file(call, "files-" + std::to_string(project.value) + ".csv",
                     {{"File"}, {"Name"}, {"Type"}, {"Bytes"}, {"What for", Cell::code}, {"From"}, {"Role", Cell::code}, {"Sent (UTC)"},
                      {"Removed (UTC)"}, {"Removed by"}, {"SHA-256"}}, page,
                    [project](const Page& now) { return cells[now.by](project, now); });
}

Reply download(Call& call, Id id) {
    const Row f = call.db().last(ask<one_file>(id))[0].one();
    if (f.truth(4)) throw Error{410, "This file was removed."};
    const std::string hash = f.bytes(2);
    const FileStore files = file_store(call);
    const bool shown = is_picture(f.text(1)) && call.request.query_value("in") == "page";
    return files.send(call.request, files.path(hash), hex(hash), f.str(1))
        .with("Content-Disposition", content_disposition(f.text(0), shown)).with("Cache-Control", "private, no-cache").with("X-Content-Type-Options", "nosniff");
}

Reply thumbnail(Call& call, Id id) {
    const Row f = call.db().last(ask<one_file>(id))[0].one();
    if (f.truth(4) || f.text(3) != "made") throw not_found("thumbnail");
    const std::string hash = f.bytes(2);
    const FileStore files = file_store(call);
    return files.send(call.request, files.thumbnail_path(hash), hex(hash) + "-t", "image/webp")
        .with("Content-Disposition", "inline").with("Cache-Control", "private, max-age=3600").with("X-Content-Type-Options", "nosniff");
}

std::string facts(Id id, const Row& state) { return Writer{}.object().member("file", id.value).member("name", state.text(6)).member("author", state.text(7)).end_object().take(); }

Reply take_away(Call& call, Id id) {
    const Row state = call.db().one<file_state>(id);
    if (state.truth(0)) throw Error{410, "This file was removed already."};
    if (!state.truth(3)) throw forbidden("Files are removed by whoever sent them, or by the agency.");
    if (state.text(2) == "payment") throw conflict("This file is the proof of a payment, which stays.");
    const auto [removed, touched] = call.db().all(ask<remove_one>(id, person(call).name), ask<touch_message>(id));
    note_by_staff(call, "file-removed", state.text(5), facts(id, state));
    return ok("{\"file\":" + removed.one().str(0) + "}");
}

Reply bring_back(Call& call, Id id) {
    const Row state = call.db().one<file_state>(id);
    if (!state.truth(0)) throw conflict("This file was not removed.");
    if (state.truth(1)) throw Error{410, "This file was removed for good."};
    if (!state.truth(4)) throw forbidden("A file is brought back by whoever removed it, or by the agency.");
    const auto [restored, touched] = call.db().all(ask<restore_one>(id), ask<touch_message>(id));
    note_by_staff(call, "file-restored", state.text(5), facts(id, state));
    return ok("{\"file\":" + restored.one().str(0) + "}");
}

constexpr Route routes[] = {
    get<list>("/api/projects/{id}/files", member),
    get<csv>("/api/projects/{id}/files/csv", staff),
    post<upload>("/api/projects/{id}/files", member).streams(),
    get<list_draft<Token>>("/api/leads/{token}/files", visitor),
    post<upload_to_draft<Token>>("/api/leads/{token}/files", visitor).streams(),
    remove<remove_from_draft<Token>>("/api/leads/{token}/files/{id}", visitor),
    get<list_draft<Id>>("/api/leads/mine/{id}/files", user),
    post<upload_to_draft<Id>>("/api/leads/mine/{id}/files", user).streams(),
    remove<remove_from_draft<Id>>("/api/leads/mine/{id}/files/{id}", user),
    get<offset>("/api/files/uploads/{token}", visitor),
    patch<append>("/api/files/uploads/{token}", visitor).streams(),
    remove<give_up>("/api/files/uploads/{token}", visitor),
    get<download>("/api/files/{id}", reader),
    remove<take_away>("/api/files/{id}", reader),
    get<thumbnail>("/api/files/{id}/thumbnail", reader),
    post<bring_back>("/api/files/{id}/restore", reader),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

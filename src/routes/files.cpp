// files: received whole or piece by piece, shown, downloaded and removed. Serves /api/projects/{id}/files, /api/leads/{token}/files
// and /api/files.
#include "core/app.h"
#include "core/content_type.h"
#include "core/multipart.h"
#include "domain/access.h"
#include "domain/file_name.h"
#include "domain/uploads.h"
#include "gateways/clamd.h"

using namespace core;
using namespace domain;

constexpr Sql project_files = R"(
    select json_build_object('files', coalesce(json_agg(file_json(f) order by f.id desc) filter (where page.place <= $3), '[]'),
                             'next', min(f.id) filter (where page.place = $3 and page.more))
    from (select id, row_number() over (order by id desc) as place, count(*) over () > $3 as more
          from (select id from files where project_id = $1 and ($2::bigint is null or id < $2::bigint)
                order by id desc limit $3::integer + 1) found) page join files f using (id))";
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
           my_role() in ('admin', 'staff') or user_id = me(), my_role() in ('admin', 'staff') or removed_by = me()
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

FileStore store(Call& call) { return {call.config, call.tenant()}; }

Reply made(const std::string& file, std::int64_t id) {
    return created(Writer{}.object().member("success", true).member("id", id).member_raw("file", file).end_object().take());
}

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

// From bytes on the disk to the row: read back, judged, named, and only then there for others.
Reply settle(Call& call, const FileStore& files, File& file, const std::string& partial, const Place& place, const std::string& name,
             std::optional<Id> upload) {
    file.sync();
    const Digest digest = FileStore::digest(file);
    const std::string type = judge(call, file);
    need_room(call, place, digest.size, upload);
    const File held = files.keep(partial, digest);
    const Kept kept = insert_file(call, place, name, type, digest, upload);
    call.commit();
    files.drop_partial(partial);
    return made(kept.json, kept.id);
}

Reply begin(Call& call, Place place) {
    Form form{call.body()};
    const std::string name = form.text("name", {1, 1'000}, "The file's name");
    const auto size = form.id("size", true);
    if (!place.lead) place.purpose = file_purpose(form.text("purpose", {0, 20}, "The purpose"));
    form.check();
    const std::string token = begin_upload(call, place, file_name(name), static_cast<std::uint64_t>(*size));
    return created(Writer{}.object().member("upload", token).member("location", "/api/files/uploads/" + token)
                       .member("offset", 0).member("size", *size).end_object().take())
        .with("Location", "/api/files/uploads/" + token);
}

// A JSON body begins an upload by pieces; a form or the bare bytes are the file.
Reply receive(Call& call, Place place) {
    std::string_view type{call.request.content_type};
    if (type.substr(0, type.find(';')) == "application/json" && call.request.query_value("name").empty()) return begin(call, std::move(place));
    if (!call.request.stream) throw Error{411, "Send the file's length, with the header Content-Length."};
    if (!place.lead) place.purpose = file_purpose(call.request.query_value("purpose"));
    const std::string boundary = form_boundary(type);
    const bool bare = boundary.empty();
    std::string name = call.request.query_value("name");
    if (bare && type.starts_with("multipart/")) throw bad_request("Send the file as multipart/form-data, with a boundary.");
    if (bare && name.empty()) throw bad_request("Name the file: ?name=plan.pdf", {{"name", "The file has no name."}});
    place.key = call.request.idempotency_key;
    if (const auto before = sent_before(call, place, bare ? call.request.length : 0)) return made(before->json, before->id);
    const std::uint64_t most = file_limit(call.config, place);
    need_room(call, place, bare ? call.request.length : std::min(call.request.length, most));
    call.commit();  // what comes now takes as long as the client does

    const FileStore files = store(call);
    files.need_space(std::min(call.request.length, most));
    FormFile form{boundary, call.request.stream};
    if (!bare && !form.find()) throw bad_request("The form has no file in it.", {{"file", "Choose a file."}});
    if (!bare && name.empty()) name = form.name();

    const std::string partial = "once-" + random_token();
    File file = files.partial(partial, true);
    try {
        std::string piece(64 * 1024, '\0');
        std::uint64_t size = 0;
        while (const std::size_t got = bare ? call.request.stream(piece.data(), piece.size()) : form.read(piece.data(), piece.size())) {
            if (size + got > most) need_room(call, place, size + got);  // throws
            file.write_at(size, {piece.data(), got});
            size += got;
        }
        if (bare && size < call.request.length) throw bad_request("The request ended early.");
        return settle(call, files, file, partial, place, file_name(name), {});
    } catch (...) {
        files.drop_partial(partial);
        throw;
    }
}

Reply upload(Call& call, Id project) { return receive(call, {project, {}, "project"}); }

Id open_draft(Call& call, const Query& find) {
    const auto row = call.db().run(find).maybe();
    if (!row) throw not_found("draft");
    if (row->text(1) != "open") throw conflict("A project was made of this draft already.");
    return {row->integer(0)};
}

Id draft(Call& call, Token token) { return open_draft(call, ask<draft_by_token>(Bytes{sha256(token.value)})); }
Id draft(Call& call, Id lead) { return open_draft(call, ask<draft_of_mine>(lead)); }

template <class Which>
Reply upload_to_draft(Call& call, Which which) { return receive(call, {{}, draft(call, which), "answer"}); }
template <class Which>
Reply list_draft(Call& call, Which which) { return ok(call.db().one<draft_list>(draft(call, which)).text(0)); }
template <class Which>
Reply remove_from_draft(Call& call, Which which, Id file) {
    if (call.db().change<remove_draft_file>(draft(call, which), file) == 0) throw not_found("file");
    return no_content();
}

Reply offset_reply(int status, const Upload& up, std::uint64_t offset) {
    Writer out;
    out.object().member("offset", static_cast<std::int64_t>(offset)).member("size", static_cast<std::int64_t>(up.size)).key("file");
    up.file.empty() ? out.null() : out.raw(up.file);
    Reply reply = ok(out.end_object().take()).with("Upload-Offset", std::to_string(offset)).with("Upload-Length", std::to_string(up.size));
    reply.status = status;
    return reply;
}

Reply offset(Call& call, Token token) {
    const Upload up = find_upload(call, token.value);
    return offset_reply(200, up, up.received);
}

// The bytes from Upload-Offset on. With the last of them the file is made; sent again after that, the answer is the same.
Reply append(Call& call, Token token) {
    Upload up = find_upload(call, token.value);
    if (!up.file.empty()) return offset_reply(200, up, up.size);
    Id from{};
    const auto header = call.request.header("upload-offset");
    if (header != "0" && !detail::read_hole(header, from)) throw bad_request("Say where these bytes belong, with the header Upload-Offset.");
    call.commit();
    const FileStore files = store(call);
    files.need_space(call.request.length);
    File file = files.partial(up.partial, true);
    if (!file.lock(false, false)) throw conflict("Bytes of this upload are being written just now.");
    up = find_upload(call, token.value);  // as it is now that nobody else writes
    call.commit();
    if (!up.file.empty()) return offset_reply(200, up, up.size);
    if (file.size() < up.received) {  // the disk has lost what the row promised
        note_received(call, up, 0);
        call.commit();
        throw conflict("This upload begins again at 0.");
    }
    if (static_cast<std::uint64_t>(from.value) != up.received) throw conflict("This upload goes on at " + std::to_string(up.received) + ".");
    if (up.received + call.request.length > up.size) throw Error{413, "The file was announced with " + std::to_string(up.size) + " bytes; these are more."};

    file.cut_to(up.received);
    std::string piece(64 * 1024, '\0');
    std::uint64_t at = up.received;
    while (const std::size_t got = call.request.stream ? call.request.stream(piece.data(), piece.size()) : 0) {
        file.write_at(at, {piece.data(), got});
        at += got;
    }
    if (at > up.received) {
        file.sync();
        note_received(call, up, at);
        call.commit();
    }
    if (at < up.received + call.request.length) throw bad_request("The request ended early; what came is kept.");
    if (at < up.size) return offset_reply(200, up, at);
    try {
        return settle(call, files, file, up.partial, up.place, up.name, up.id);
    } catch (const Error& error) {
        if (error.status != 415 && error.status != 422) throw;  // the others may end better another time
        call.restart();
        forget_upload(call, up);
        call.commit();
        files.drop_partial(up.partial);
        throw;
    }
}

Reply give_up(Call& call, Token token) {
    const Upload up = find_upload(call, token.value);
    if (!up.file.empty()) throw conflict("This upload is over: the file is there.");
    forget_upload(call, up);
    call.commit();
    store(call).drop_partial(up.partial);
    return no_content();
}

Reply list(Call& call, Id project) {
    Id before{0};
    const std::string text = call.request.query_value("before");
    if (!text.empty() && !detail::read_hole(text, before)) throw bad_request("before must be a positive number.");
    const std::string page{call.db().last(ask<project_files>(project, before.value ? std::optional{before.value} : std::nullopt, 50))[0].one().text(0)};
    return ok(page.substr(0, page.size() - 1) + ", \"limit\": " + std::to_string(file_limit(call.config, {})) + "}");
}

Reply download(Call& call, Id id) {
    const Row f = call.db().last(ask<one_file>(id))[0].one();
    if (f.truth(4)) throw Error{410, "This file was removed."};
    const std::string hash = f.bytes(2);
    const FileStore files = store(call);
    const bool shown = is_picture(f.text(1)) && call.request.query_value("in") == "page";
    return files.send(call.request, files.path(hash), hex(hash), f.str(1))
        .with("Content-Disposition", content_disposition(f.text(0), shown)).with("Cache-Control", "private, no-cache").with("X-Content-Type-Options", "nosniff");
}

Reply thumbnail(Call& call, Id id) {
    const Row f = call.db().last(ask<one_file>(id))[0].one();
    if (f.truth(4) || f.text(3) != "made") throw not_found("thumbnail");
    const std::string hash = f.bytes(2);
    const FileStore files = store(call);
    return files.send(call.request, files.thumbnail_path(hash), hex(hash) + "-t", "image/webp")
        .with("Content-Disposition", "inline").with("Cache-Control", "private, max-age=3600").with("X-Content-Type-Options", "nosniff");
}

Reply take_away(Call& call, Id id) {
    const Row state = call.db().one<file_state>(id);
    if (state.truth(0)) throw Error{410, "This file was removed already."};
    if (!state.truth(3)) throw forbidden("Files are removed by whoever sent them, or by the agency.");
    if (state.text(2) == "payment") throw conflict("This file is the proof of a payment, which stays.");
    const auto [removed, touched] = call.db().all(ask<remove_one>(id, person(call).name), ask<touch_message>(id));
    return ok("{\"file\":" + removed.one().str(0) + "}");
}

Reply bring_back(Call& call, Id id) {
    const Row state = call.db().one<file_state>(id);
    if (!state.truth(0)) throw conflict("This file was not removed.");
    if (state.truth(1)) throw Error{410, "This file was removed for good."};
    if (!state.truth(4)) throw forbidden("A file is brought back by whoever removed it, or by the agency.");
    const auto [restored, touched] = call.db().all(ask<restore_one>(id), ask<touch_message>(id));
    return ok("{\"file\":" + restored.one().str(0) + "}");
}

constexpr Route routes[] = {
    get<list>("/api/projects/{id}/files", member),
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

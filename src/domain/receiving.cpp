// Receiving: the bytes of files, from a request to the disk, and then the row.
#include "domain/receiving.h"

#include "core/crypto.h"
#include "core/form.h"
#include "core/multipart.h"
#include "domain/access.h"
#include "domain/file_name.h"
#include "domain/idempotency.h"

namespace domain {

using namespace core;

namespace {

Reply made(const std::string& file, std::int64_t id) {
    return created(Writer{}.object().member("success", true).member("id", id).member_raw("file", file).end_object().take());
}

// From bytes on the disk to the row: read back, judged, named, and only then there for others.
Reply settle(Call& call, const FileStore& files, File& file, const std::string& partial, const Place& place, const std::string& name,
             std::optional<Id> upload, Judge judge) {
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

Reply offset_reply(int status, const Upload& up, std::uint64_t offset) {
    Writer out;
    out.object().member("offset", static_cast<std::int64_t>(offset)).member("size", static_cast<std::int64_t>(up.size)).key("file");
    up.file.empty() ? out.null() : out.raw(up.file);
    Reply reply = ok(out.end_object().take()).with("Upload-Offset", std::to_string(offset)).with("Upload-Length", std::to_string(up.size));
    reply.status = status;
    return reply;
}

}  // namespace

FileStore file_store(Call& call) { return {call.config, call.tenant()}; }

Reply receive(Call& call, Place place, Judge judge) {
    std::string_view type{call.request.content_type};
    if (type.substr(0, type.find(';')) == "application/json" && call.request.query_value("name").empty()) return begin(call, std::move(place));
    if (!call.request.stream) throw Error{411, "Send the file's length, with the header Content-Length."};
    if (!place.lead) place.purpose = file_purpose(call.request.query_value("purpose"));
    const std::string boundary = form_boundary(type);
    const bool bare = boundary.empty();
    std::string name = call.request.query_value("name");
    if (bare && type.starts_with("multipart/")) throw bad_request("Send the file as multipart/form-data, with a boundary.");
    if (bare && name.empty()) throw bad_request("Name the file: ?name=plan.pdf", {{"name", "The file has no name."}});
    place.key = idempotency_key(call.request).value_or("");
    if (const auto before = sent_before(call, place, bare ? call.request.length : 0)) return made(before->json, before->id);
    const std::uint64_t most = file_limit(call.config, place);
    need_room(call, place, bare ? call.request.length : std::min(call.request.length, most));
    call.commit();  // what comes now takes as long as the client does

    const FileStore files = file_store(call);
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
        return settle(call, files, file, partial, place, file_name(name), {}, judge);
    } catch (...) {
        files.drop_partial(partial);
        throw;
    }
}

Reply offset_of(Call& call, std::string_view token) {
    const Upload up = find_upload(call, token);
    return offset_reply(200, up, up.received);
}

Reply append_piece(Call& call, std::string_view token, Judge judge) {
    Upload up = find_upload(call, token);
    if (!up.file.empty()) return offset_reply(200, up, up.size);
    Id from{};
    const auto header = call.request.header("upload-offset");
    if (header != "0" && !detail::read_hole(header, from)) throw bad_request("Say where these bytes belong, with the header Upload-Offset.");
    call.commit();
    const FileStore files = file_store(call);
    files.need_space(call.request.length);
    File file = files.partial(up.partial, true);
    if (!file.lock(false, false)) throw conflict("Bytes of this upload are being written just now.");
    up = find_upload(call, token);  // as it is now that nobody else writes
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
        return settle(call, files, file, up.partial, up.place, up.name, up.id, judge);
    } catch (const Error& error) {
        if (error.status != 415 && error.status != 422) throw;  // the others may end better another time
        call.restart();
        forget_upload(call, up);
        call.commit();
        files.drop_partial(up.partial);
        throw;
    }
}

}  // namespace domain

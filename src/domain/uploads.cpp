// Uploads: SQL, limits, and the words for what is refused.
#include "domain/uploads.h"

#include <algorithm>
#include <array>

#include "core/crypto.h"
#include "domain/access.h"
#include "domain/audit.h"

namespace domain {
namespace {

using core::ask;
using core::Bytes;
using core::Call;
using core::Error;
using core::Id;
using core::Sql;

constexpr Sql hold_room = "select pg_advisory_xact_lock(hashtext('lunaxcode.files'), hashtext(current_schema))";
constexpr Sql room = R"(
    select (select coalesce(sum(size), 0) from files where purged_at is null) +
           (select coalesce(sum(size), 0) from uploads where file_id is null and id is distinct from $1::bigint),
           (select count(*) from files where lead_id = $2::bigint and removed_at is null) +
           (select count(*) from uploads where lead_id = $2::bigint and file_id is null and id is distinct from $1::bigint),
           (select count(*) from files f join leads l on l.id = f.lead_id
            where $2::bigint is not null and f.created_at > now() - interval '1 day'
              and l.ip_hash = (select ip_hash from leads where id = $2::bigint)),
           (select coalesce(files_quota_mb, 0) from settings))";
constexpr Sql insert_upload = R"(
    insert into uploads (token_hash, project_id, lead_id, user_id, purpose, name, size) values ($1, $2, $3, me(), $4, $5, $6))";
constexpr Sql one_upload = R"(
    select u.id, u.name, u.size, u.received, u.project_id, u.lead_id, u.purpose, case when f.id is not null then file_json(f) end
    from uploads u left join files f on f.id = u.file_id
    where u.token_hash = $1 and (u.lead_id is not null or u.user_id = me())
      and exists (select from leads l where l.id = u.lead_id and l.status = 'open'
                  union all select from projects p where p.id = u.project_id and (p.user_id = me() or my_role() in ('admin', 'staff') or contact_role(p.id) = 'work')))";
constexpr Sql advance = "update uploads set received = $2, updated_at = now() where id = $1 and file_id is null";
constexpr Sql forget = "delete from uploads where id = $1 and file_id is null";
constexpr Sql insert_row = R"(
    with made as (
        insert into files (project_id, lead_id, user_id, user_name, user_role, purpose, name, content_type, size, sha256, thumbnail, idempotency_key)
        values ($1, $2, me(), $3, coalesce(my_role(), 'client'), $4, $5, $6, $7, $8, case when $9::boolean then 'queued' else 'none' end, nullif($11, ''))
        returning id, file_json(files) as file, thumbnail),
    received as (
        update uploads set file_id = made.id, received = size, updated_at = now() from made where uploads.id = $10::bigint returning 1),
    queued as (
        select enqueue('thumbnail', 'file:' || id, jsonb_build_object('file', id)) as job from made where thumbnail = 'queued')
    select id, file, (select count(*) from received), (select count(job) from queued) from made)";
constexpr Sql by_key = R"(
    select f.id, file_json(f), f.size, f.sha256 from files f
    where coalesce(f.project_id, 0) = coalesce($1::integer, 0) and coalesce(f.lead_id, 0) = coalesce($2::bigint, 0)
      and coalesce(f.user_id, '') = coalesce(me(), '') and f.idempotency_key = $3)";
// A file by itself is news; one that goes with a message or a payment is told of with that.
constexpr Sql tell_others = R"(
    select note_activity($1::integer, 'file-uploaded', jsonb_build_object('file', $2::bigint, 'name', $3::text)),
           case when my_role() in ('admin', 'staff') then tell_client('file-uploaded', $1::integer, said.data, said.key, interval '2 minutes')::integer
                else tell_staff('file-uploaded', $1::integer, said.data, said.key, interval '2 minutes')
                     + tell_client('file-uploaded', $1::integer, said.data, said.key, interval '2 minutes')::integer end
    from (select jsonb_build_object('author', $4::text, 'name', $3::text) as data, 'file:' || $2::bigint as key) said)";

std::string megabytes(std::uint64_t bytes) {
    const std::uint64_t tenths = bytes * 10 >> 20U;
    return std::to_string(tenths / 10) + (tenths % 10 ? "." + std::to_string(tenths % 10) : "") + " MiB";
}

std::optional<std::int64_t> number(const std::optional<Id>& id) { return id ? std::optional{id->value} : std::nullopt; }

}  // namespace

std::uint64_t file_limit(const core::Config& config, const Place& place) {
    const auto most = static_cast<std::uint64_t>(config.file_max_mb) << 20U;
    return place.lead ? std::min(most, draft_file_limit) : most;
}

void need_room(Call& call, const Place& place, std::uint64_t size, std::optional<Id> upload) {
    const std::uint64_t most = file_limit(call.config, place);
    if (size == 0) throw Error{422, "The file is empty.", {{"file", "This file is empty. Choose another one."}}};
    if (size > most) {
        const std::string words = "A file may have at most " + megabytes(most) + (size < most * 1000 ? "; this one has " + megabytes(size) + "." : ".");
        throw Error{413, words, {{"file", words}}};
    }
    const auto [locked, found] = call.db().all(ask<hold_room>(), ask<room>(number(upload), number(place.lead)));
    const core::Row now = found.one();
    if (place.lead && now.integer(1) >= draft_files)
        throw Error{422, "A draft holds at most " + std::to_string(draft_files) + " files.", {{"file", "Remove another file first, or send the rest once the project is there."}}};
    if (place.lead && now.integer(2) >= 4 * draft_files)
        throw core::too_many("Many files came from your address today. Send the rest once the project is there.", std::chrono::hours{1});
    const std::int64_t all = call.config.files_quota_mb, own = now.integer(3);
    if (static_cast<std::uint64_t>(now.integer(0)) + size > static_cast<std::uint64_t>(own > 0 ? std::min(all, own) : all) << 20U)
        throw Error{507, "The agency's storage is full, so that this file could not be kept. Please tell the agency."};
}

std::string begin_upload(Call& call, const Place& place, const std::string& name, std::uint64_t size) {
    need_room(call, place, size);
    std::string token = core::random_token();
    const std::string hash = core::sha256(token);
    call.db().change<insert_upload>(Bytes{hash}, number(place.project), number(place.lead), place.purpose, name, static_cast<std::int64_t>(size));
    return token;
}

Upload find_upload(Call& call, std::string_view token) {
    const std::string hash = core::sha256(token);
    const auto row = call.db().maybe<one_upload>(Bytes{hash});
    if (!row) throw core::not_found("upload");
    const auto id = [&](int column) { return row->null(column) ? std::nullopt : std::optional{Id{row->integer(column)}}; };
    return Upload{{row->integer(0)}, row->str(1), core::hex(hash), static_cast<std::uint64_t>(row->integer(2)),
                  static_cast<std::uint64_t>(row->integer(3)), {id(4), id(5), row->str(6)}, row->str(7)};
}

void note_received(Call& call, const Upload& upload, std::uint64_t received) {
    if (call.db().change<advance>(upload.id, static_cast<std::int64_t>(received)) != 1) throw core::conflict("This upload is over.");
}

void forget_upload(Call& call, const Upload& upload) { call.db().change<forget>(upload.id); }

std::optional<Kept> sent_before(Call& call, const Place& place, std::uint64_t size) {
    if (place.key.empty()) return std::nullopt;
    const auto row = call.db().maybe<by_key>(number(place.project), number(place.lead), place.key);
    if (!row) return std::nullopt;
    if (size != 0 && row->integer(2) != static_cast<std::int64_t>(size)) throw Error{422, "This Idempotency-Key belongs to another file. Send a new one with each file."};
    return Kept{row->integer(0), row->str(1)};
}

Kept insert_file(Call& call, const Place& place, const std::string& name, const std::string& type, const Digest& digest, std::optional<Id> upload) {
    // need_room() lets one in at a time: of two at once, the second finds the first's row.
    if (auto before = sent_before(call, place, digest.size)) return *std::move(before);
    const auto who = signed_in(call);
    const core::Row row = call.db().one<insert_row>(number(place.project), number(place.lead), who ? who->name : "", place.purpose, name, type,
                                                    static_cast<std::int64_t>(digest.size), Bytes{digest.sha256}, is_picture(type), number(upload), place.key);
    if (upload && row.integer(2) != 1) throw core::conflict("This upload is over.");
    if (place.project && place.purpose == "project") call.db().one<tell_others>(number(place.project), row.integer(0), name, who ? who->name : "");
    if (place.project)
        note_by_staff(call, "file-sent", "project " + std::to_string(place.project->value), core::Writer{}.object().member("file", row.integer(0)).member("name", name).member("size", static_cast<std::int64_t>(digest.size)).end_object().take());
    return {row.integer(0), row.str(1)};
}

std::string file_purpose(std::string_view word) {
    if (word.empty()) return "project";
    if (word != "project" && word != "message" && word != "payment")
        throw core::bad_request("The purpose is project, message or payment.", {{"purpose", "This is none of them."}});
    return std::string{word};
}

void need_type(const core::Config& config, std::string_view type) {
    for (std::string_view rest{config.file_types}; !rest.empty();) {
        const auto end = std::min(rest.find(' '), rest.size());
        const auto pattern = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (pattern.empty()) continue;
        if (pattern.ends_with('*') ? type.starts_with(pattern.substr(0, pattern.size() - 1)) : type == pattern) return;
    }
    const std::string words = "By its content this file is of the type " + std::string{type} +
                              ", which is not taken. Pictures, documents, fonts, audio, video and ZIP archives are.";
    throw Error{415, words, {{"file", words}}};
}

bool is_picture(std::string_view type) {
    constexpr std::array pictures{"image/jpeg", "image/png", "image/gif", "image/webp"};
    return std::ranges::find(pictures, type) != pictures.end();
}

}  // namespace domain

// Uploads: the rows of files that are being received, and the row that a received file becomes. The bytes are file_store.h's.
// Called by handlers, in the call's transaction; what a client did wrong is thrown as the Error to answer.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/route.h"
#include "domain/file_store.h"

namespace domain {

// Whose a file will be, and what for: project, message, answer or payment.
struct Place {
    std::optional<core::Id> project, lead;  // one of them
    std::string purpose;
    std::string key = {};  // the request's Idempotency-Key, for a file that comes whole
};

struct Upload {
    core::Id id;
    std::string name, partial;  // the file's, and that of what is on the disk so far
    std::uint64_t size, received;
    Place place;
    std::string file;  // the file's JSON once it is whole
};

// Without a project, for whoever holds a draft's token: few and small ones.
inline constexpr std::uint64_t draft_file_limit = 10ULL << 20U;
inline constexpr int draft_files = 10;
// What is not gone on with is forgotten after this long.
inline constexpr std::chrono::hours upload_life{24};

// What a client says a file is for; nothing is project. Throws Error 400.
std::string file_purpose(std::string_view word);
std::uint64_t file_limit(const core::Config& config, const Place& place);
// Throws Error 413 or 422 where no file of this size may come, 507 or 429 where there is no room for it. Until the transaction
// ends nobody else may claim the room.
void need_room(core::Call& call, const Place& place, std::uint64_t size, std::optional<core::Id> upload = {});

// Answers the token under which the pieces come.
std::string begin_upload(core::Call& call, const Place& place, const std::string& name, std::uint64_t size);
// One of the caller's; a draft's is whose the token is. Throws Error 404.
Upload find_upload(core::Call& call, std::string_view token);
void note_received(core::Call& call, const Upload& upload, std::uint64_t received);
void forget_upload(core::Call& call, const Upload& upload);

struct Kept {
    std::int64_t id;
    std::string json;
};
// The file that the caller sent here under this key before. Throws Error 422 where that had another size (0: not known yet).
std::optional<Kept> sent_before(core::Call& call, const Place& place, std::uint64_t size);
// Makes the file's row; of tries with one key, one. Hold FileStore::keep's lock until this is committed.
Kept insert_file(core::Call& call, const Place& place, const std::string& name, const std::string& type, const Digest& digest,
                 std::optional<core::Id> upload = {});

// Whether FILE_TYPES takes a type. Throws Error 415, with the words for whoever sent it, where it does not.
void need_type(const core::Config& config, std::string_view type);
// What a browser may show in a page, and what gets a thumbnail.
bool is_picture(std::string_view type);

}  // namespace domain

// File store: names made by link(2), so that a name is there with all its bytes or not at all.
#include "domain/file_store.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <optional>
#include <vector>

#include "core/crypto.h"
#include "core/error.h"
#include "core/owned.h"

namespace domain {
namespace {

using core::File;

// A tenant's name is a schema's: small letters, digits, _; of older ones nobody knows.
std::string folder_name(std::string_view tenant) {
    const bool plain = !tenant.empty() && tenant.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == tenant.npos;
    return plain ? std::string{tenant} : "x" + core::hex(tenant);
}

std::string unhex(std::string_view text) {
    std::string bytes;
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        unsigned value = 0;
        const auto [end, code] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
        if (code != std::errc{} || end != text.data() + i + 2) return {};
        bytes += static_cast<char>(value);
    }
    return bytes;
}

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    const core::Owned<DIR, closedir> open{opendir(folder.c_str())};
    while (const dirent* entry = open ? readdir(open.get()) : nullptr)
        if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    return names;
}

bool older(const std::string& path, std::chrono::seconds age) {
    struct stat about {};
    return stat(path.c_str(), &about) == 0 && S_ISREG(about.st_mode) && about.st_mtime + age.count() <= std::time(nullptr);
}

struct Range {
    std::uint64_t first, size;
};

// One range of bytes, as browsers and download managers ask. Nothing: the whole file. Throws Error 416 beyond the end.
std::optional<Range> range_of(std::string_view header, std::uint64_t size) {
    if (!header.starts_with("bytes=") || header.find(',') != header.npos) return std::nullopt;
    header.remove_prefix(6);
    const auto dash = header.find('-');
    if (dash == header.npos) return std::nullopt;
    const auto number = [](std::string_view text) -> std::optional<std::uint64_t> {
        std::uint64_t value = 0;
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        return code == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
    };
    const auto first = number(header.substr(0, dash)), last = number(header.substr(dash + 1));
    if (first) {
        if (last && *last < *first) return std::nullopt;
        if (*first >= size) throw core::Error{416, "The file has " + std::to_string(size) + " bytes."};
        return Range{*first, std::min(last.value_or(size - 1), size - 1) - *first + 1};
    }
    if (!last || dash != 0) return std::nullopt;
    if (*last == 0 || size == 0) throw core::Error{416, "The file has " + std::to_string(size) + " bytes."};
    const std::uint64_t tail = std::min(*last, size);
    return Range{size - tail, tail};
}

}  // namespace

FileStore::FileStore(const core::Config& config, std::string_view tenant)
    : root_{config.files_dir}, folder_{folder_name(tenant)}, keep_free_{static_cast<std::uint64_t>(config.files_keep_free_mb) << 20U} {
    while (root_.size() > 1 && root_.ends_with('/')) root_.pop_back();
}

File FileStore::partial(std::string_view name, bool make) const {
    const std::string folder = root_ + "/" + folder_ + "/uploads";
    if (make) core::make_folder(folder);
    return File::to_write(folder + "/" + std::string{name}, make);
}

void FileStore::drop_partial(std::string_view name) const { core::remove_file(root_ + "/" + folder_ + "/uploads/" + std::string{name}); }

void FileStore::need_space(std::uint64_t more) const {
    core::make_folder(root_ + "/" + folder_);
    if (core::free_space(root_) < keep_free_ + more)
        throw core::Error{507, "There is no room left for this file just now. Please tell us, or try again later."};
}

Digest FileStore::digest(const File& file) {
    core::Sha256 hash;
    Digest made;
    std::string piece(256 * 1024, '\0');
    while (const std::size_t got = file.read_at(made.size, piece.data(), piece.size())) {
        hash.add({piece.data(), got});
        made.size += got;
    }
    made.sha256 = hash.finish();
    return made;
}

File FileStore::keep(std::string_view partial, const Digest& digest) const {
    File lock = File::to_write(root_ + "/" + folder_ + "/lock", true);
    lock.lock(true, true);
    const std::string to = path(digest.sha256), folder = to.substr(0, to.find_last_of('/'));
    core::make_folder(folder);
    const std::string from = root_ + "/" + folder_ + "/uploads/" + std::string{partial};
    if (!core::link_file(from, to)) {
        // The same bytes are there. Not so after a disk that lost some: then these take their place.
        if (const File there = File::to_read(to); there && there.size() == digest.size) return lock;
        core::remove_file(to);
        core::link_file(from, to);
    }
    core::sync_folder(folder);
    return lock;
}

void FileStore::name_thumbnail(std::string_view partial, std::string_view sha256) const {
    const std::string to = thumbnail_path(sha256);
    core::link_file(root_ + "/" + folder_ + "/uploads/" + std::string{partial}, to);
    core::sync_folder(to.substr(0, to.find_last_of('/')));
}

std::string FileStore::path(std::string_view sha256) const {
    const std::string name = core::hex(sha256);
    return root_ + "/" + folder_ + "/" + name.substr(0, 2) + "/" + name;
}

std::string FileStore::thumbnail_path(std::string_view sha256) const {
    const std::string name = core::hex(sha256);
    return root_ + "/" + folder_ + "/thumbs/" + name.substr(0, 2) + "/" + name + ".webp";
}

core::Reply FileStore::send(const core::Request& request, const std::string& path, std::string_view tag, std::string type) const {
    core::Reply reply;
    reply.content_type = std::move(type);
    if (request.sends_files == "accel") return std::move(reply).with("X-Accel-Redirect", "/.files" + path.substr(root_.size()));
    if (request.sends_files == "xsendfile") return std::move(reply).with("X-Sendfile", path);
    const File file = File::to_read(path);
    if (!file) throw core::failed("the file of a row is not on the disk");
    const std::string etag = '"' + std::string{tag} + '"';
    const std::uint64_t size = file.size();
    reply.with("ETag", etag).with("Accept-Ranges", "bytes");
    if (request.header("if-none-match").find(etag) != std::string_view::npos) {
        reply.status = 304;
        return reply;
    }
    reply.file = core::FilePart{path, 0, size};
    const auto condition = request.header("if-range");
    if (!condition.empty() && condition != etag) return reply;
    if (const auto range = range_of(request.header("range"), size)) {
        reply.status = 206;
        reply.file = core::FilePart{path, range->first, range->size};
        reply.with("Content-Range", "bytes " + std::to_string(range->first) + "-" + std::to_string(range->first + range->size - 1) + "/" +
                                        std::to_string(size));
    }
    return reply;
}

int FileStore::collect(std::chrono::seconds age, const std::function<bool(const std::string&)>& wanted,
                       const std::function<bool(const std::string&)>& live) const {
    const std::string home = root_ + "/" + folder_;
    int removed = 0;
    const auto sweep = [&](const std::string& folder, const std::function<bool(const std::string&)>& kept) {
        for (const std::string& name : names_in(folder)) {
            const std::string path = folder + "/" + name;
            if (!older(path, age)) continue;
            // A file may be named and its row not be committed: whoever does that holds the lock.
            File lock = File::to_write(home + "/lock", true);
            if (!lock.lock(false, false) || !older(path, age) || kept(name)) continue;
            core::remove_file(path);
            ++removed;
        }
    };
    for (const std::string& name : names_in(home)) {
        if (name == "uploads") sweep(home + "/uploads", live);
        else if (name.size() == 2) sweep(home + "/" + name, [&](const std::string& file) { const auto hash = unhex(file); return hash.size() == 32 && wanted(hash); });
    }
    for (const std::string& name : names_in(home + "/thumbs"))
        sweep(home + "/thumbs/" + name, [&](const std::string& file) { const auto hash = unhex(file.substr(0, file.find('.'))); return hash.size() == 32 && wanted(hash); });
    return removed;
}

bool FileStore::remove_all() const {
    std::error_code failed;
    std::filesystem::remove_all(root_ + "/" + folder_, failed);
    return !failed;
}

}  // namespace domain

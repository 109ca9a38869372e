// Disk: POSIX calls with their failures told apart.
#include "core/disk.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/log.h"

namespace core {
namespace {

[[noreturn]] void fail(const char* what, const std::string& path = {}) {
    const int code = errno;
    if (code == ENOSPC || code == EDQUOT || code == EFBIG) {
        log(Level::error, "no room for a file", {{"why", std::strerror(code)}});
        throw Error{507, "There is no room left for this file just now. Please tell us, or try again later."};
    }
    throw failed(std::string{what} + (path.empty() ? "" : " " + path) + ": " + std::strerror(code));
}

File opened(const std::string& path, int flags) {
    int descriptor = -1;
    do descriptor = open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0640);
    while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0 && errno != ENOENT) fail("opening", path);
    return File{descriptor};
}

}  // namespace

File::~File() {
    if (descriptor_ >= 0) close(descriptor_);
}

File File::to_read(const std::string& path) { return opened(path, O_RDONLY); }
File File::to_write(const std::string& path, bool make) { return opened(path, O_RDWR | (make ? O_CREAT : 0)); }

bool File::lock(bool shared, bool wait) {
    int code = 0;
    do code = flock(descriptor_, (shared ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB));
    while (code != 0 && errno == EINTR);
    if (code != 0 && errno != EWOULDBLOCK) fail("locking");
    return code == 0;
}

void File::write_at(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t put = pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) fail("writing");
        offset += static_cast<std::uint64_t>(put);
        bytes.remove_prefix(static_cast<std::size_t>(put));
    }
}

std::size_t File::read_at(std::uint64_t offset, char* to, std::size_t size) const {
    for (;;) {
        const ssize_t got = pread(descriptor_, to, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail("reading");
        return static_cast<std::size_t>(got);
    }
}

void File::cut_to(std::uint64_t size) {
    if (ftruncate(descriptor_, static_cast<off_t>(size)) != 0) fail("cutting");
}

std::uint64_t File::size() const {
    struct stat about {};
    if (fstat(descriptor_, &about) != 0) fail("looking at a file");
    return static_cast<std::uint64_t>(about.st_size);
}

void File::sync() {
    if (fsync(descriptor_) != 0) fail("bringing a file to the disk");
}

void make_folder(const std::string& path) {
    if (mkdir(path.c_str(), 0750) == 0) {
        const auto slash = path.find_last_of('/');
        sync_folder(slash == path.npos ? "." : slash == 0 ? "/" : path.substr(0, slash));
        return;
    }
    if (errno == EEXIST) return;
    const auto slash = path.find_last_of('/');
    if (errno != ENOENT || slash == path.npos || slash == 0) fail("making the folder", path);
    make_folder(path.substr(0, slash));
    if (mkdir(path.c_str(), 0750) != 0 && errno != EEXIST) fail("making the folder", path);
    sync_folder(path.substr(0, slash));
}

void sync_folder(const std::string& path) {
    const File folder = opened(path, O_RDONLY | O_DIRECTORY);
    if (!folder || fsync(folder.descriptor()) != 0) fail("bringing a folder to the disk", path);
}

void remove_file(const std::string& path) {
    if (unlink(path.c_str()) != 0 && errno != ENOENT) fail("removing", path);
}

bool link_file(const std::string& from, const std::string& to) {
    if (link(from.c_str(), to.c_str()) == 0) return true;
    if (errno != EEXIST) fail("naming", to);
    return false;
}

std::uint64_t free_space(const std::string& path) {
    struct statvfs about {};
    if (statvfs(path.c_str(), &about) != 0) fail("looking at the disk of", path);
    return static_cast<std::uint64_t>(about.f_bavail) * about.f_frsize;
}

}  // namespace core

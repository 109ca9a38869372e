// Thumbnail: starts the program that decodes, gives it the file and a deadline, and names what it made.
#include "worker/thumbnail.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mutex>

#include "core/crypto.h"
#include "core/json.h"
#include "core/log.h"
#include "domain/file_store.h"

namespace worker {
namespace {

using namespace std::chrono_literals;
using core::Level;

constexpr core::Sql wanted = "select sha256 from files where id = $1 and purged_at is null";
constexpr core::Sql settle = "update files set thumbnail = $2 where id = $1";
constexpr auto deadline = 30s;

std::string program() {
    char own[4096];
    const ssize_t size = readlink("/proc/self/exe", own, sizeof own);
    std::string path(own, size > 0 ? static_cast<std::size_t>(size) : 0);
    return path.substr(0, path.find_last_of('/') + 1) + "thumbnail";
}

// The exit code of the program; -1 where it did not start, was killed, or took too long.
int decode(const core::File& from, const core::File& to, const std::atomic<bool>& stopping) {
    const std::string path = program();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, from.descriptor(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, to.descriptor(), STDOUT_FILENO);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;  // the worker blocks TERM for its own reasons
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    char name[] = "thumbnail";
    char* arguments[] = {name, nullptr};
    char* environment[] = {nullptr};  // no settings, no secrets
    pid_t child = -1;
    const int code = posix_spawn(&child, path.c_str(), &actions, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (code != 0) {
        core::log(Level::error, "thumbnails cannot be made", {{"program", path}, {"code", code}});
        return -1;
    }
    int status = 0;
    for (const auto until = std::chrono::steady_clock::now() + deadline; waitpid(child, &status, WNOHANG) == 0;) {
        if (std::chrono::steady_clock::now() > until || stopping) {
            kill(child, SIGKILL);
            waitpid(child, &status, 0);
            break;
        }
        std::this_thread::sleep_for(5ms);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The word for files.thumbnail.
const char* make(const domain::FileStore& files, const std::string& sha256, const std::atomic<bool>& stopping) {
    static std::mutex one_at_a_time;
    const std::lock_guard turn{one_at_a_time};
    const std::string place = files.thumbnail_path(sha256);
    if (core::File::to_read(place)) return "made";  // of the same bytes under another name
    const core::File from = core::File::to_read(files.path(sha256));
    if (!from) return "none";
    const std::string partial = "thumb-" + core::random_token();
    core::File to = files.partial(partial, true);
    const int code = decode(from, to, stopping);
    if (code == 0) {
        to.sync();
        core::make_folder(place.substr(0, place.find_last_of('/')));
        files.name_thumbnail(partial, sha256);
    } else if (!stopping) {
        core::log(Level::info, "no thumbnail", {{"sha256", core::hex(sha256)}, {"code", code}});
    }
    files.drop_partial(partial);
    return code == 0 ? "made" : "none";
}

}  // namespace

void make_thumbnail(const domain::Job& job, Desk& desk) noexcept {
    core::set_log_request("job-" + std::to_string(job.id));
    try {
        const auto payload = core::Json::try_parse(job.payload);
        const core::Id file{payload ? (*payload)["file"].integer() : 0};
        const std::string sha256 = desk.persist([&](core::Db& db) {
            core::Transaction transaction{db, job.tenant};
            const auto row = transaction.maybe<wanted>(file);
            transaction.finish_reading();
            return row ? row->bytes(0) : std::string{};
        });
        const char* word = sha256.empty() ? "none" : make({desk.config, job.tenant}, sha256, desk.stopping);
        desk.persist([&](core::Db& db) {
            core::Transaction transaction{db, job.tenant, desk.stopping ? domain::hand_back(job) : domain::finish(job)};
            if (!desk.stopping) transaction.change<settle>(file, word);
            else transaction.entered();
            transaction.commit();
            return true;
        });
    } catch (const std::exception& error) {
        if (const auto* known = dynamic_cast<const core::Error*>(&error); known && domain::lease_lost(*known)) return;
        core::log(Level::error, "thumbnail broke off", {{"job", job.id}, {"tenant", job.tenant}, {"why", error.what()}});
        try {  // a full disk may have room again later
            const bool last = job.attempts >= job.most_attempts;
            desk.persist([&](core::Db& db) {
                core::Transaction transaction{db, ""};
                transaction.run(last ? domain::fail(job, error.what()) : domain::put_off(job, domain::back_off(job.attempts, 5s, 5min, 0s, chance()), job.attempts, error.what()));
                transaction.commit();
                return true;
            });
        } catch (const std::exception& again) {  // the lease runs out, and somebody takes over
            core::log(Level::error, "thumbnail left", {{"why", again.what()}});
        }
    }
}

}  // namespace worker

// File store: the bytes of one tenant's files below FILES_DIR, named by their SHA-256; rows say whose they are.
//   TENANT/ab/abcd…   whole files, never changed     TENANT/uploads/NAME   what is being received
//   TENANT/thumbs/ab/abcd….webp                      TENANT/lock           held shared from a file's naming to its row's
//                                                                          COMMIT, so that the collector cannot come between
// Any thread may use it; whatever fails throws what core/disk.h does.
#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "core/config.h"
#include "core/disk.h"
#include "core/http.h"

namespace domain {

struct Digest {
    std::string sha256;  // 32 bytes
    std::uint64_t size = 0;
};

class FileStore {
public:
    FileStore(const core::Config& config, std::string_view tenant);

    // A file that is being received, open for writing; nothing where it is not there and is not to be made.
    core::File partial(std::string_view name, bool make) const;
    void drop_partial(std::string_view name) const;
    // Throws Error 507 while less than FILES_KEEP_FREE_MB would be left for everybody else.
    void need_space(std::uint64_t more) const;

    static Digest digest(const core::File& file);
    // Gives a synced partial the name of its bytes; the partial stays. Hold what this returns until the row is committed.
    [[nodiscard]] core::File keep(std::string_view partial, const Digest& digest) const;

    void name_thumbnail(std::string_view partial, std::string_view sha256) const;  // in its folder, which is there

    std::string path(std::string_view sha256) const;
    std::string thumbnail_path(std::string_view sha256) const;
    // A file as an answer: by the web server where it does that for us, else by the program, with ranges (RFC 9110 §14).
    core::Reply send(const core::Request& request, const std::string& path, std::string_view tag, std::string type) const;

    // Removes what has had no row for `age`: `wanted(sha256)` answers whether a row holds those bytes, `live(name)` whether an
    // upload goes on. Two collectors do not meet. Answers how many files were removed.
    int collect(std::chrono::seconds age, const std::function<bool(const std::string& sha256)>& wanted,
                const std::function<bool(const std::string& name)>& live) const;
    // Removes the tenant's folder, of a tenant that is no more. False where something of it stays.
    bool remove_all() const;

private:
    std::string root_, folder_;
    std::uint64_t keep_free_;
};

}  // namespace domain

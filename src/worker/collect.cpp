// Collect: rows first, then the disk: what has no row after 20 minutes goes.
#include "worker/collect.h"

#include <optional>
#include <unordered_set>

#include "core/crypto.h"
#include "core/log.h"
#include "domain/file_store.h"

namespace worker {
namespace {

using core::Bytes;
using core::Sql;

constexpr std::chrono::minutes patience{20};

constexpr Sql all_tenants = "select schema_name from tenants order by id";
constexpr Sql gone_tenants = "select slug from tenants_gone()";
constexpr Sql note_removed = "select note_files_removed($1)";
constexpr Sql forget_uploads = "delete from uploads where updated_at < now() - interval '24 hours'";
constexpr Sql purge_removed = R"(
    update files set purged_at = now() where removed_at < now() - interval '7 days' and purged_at is null)";
// A draft that became no project within 30 days does not keep its files.
constexpr Sql purge_drafts = R"(
    update files f set removed_at = coalesce(f.removed_at, now()), removed_by = coalesce(f.removed_by, 'time'),
           removed_by_name = coalesce(f.removed_by_name, ''), purged_at = now()
    from leads l where l.id = f.lead_id and f.project_id is null and f.purged_at is null and l.status = 'open'
      and greatest(l.updated_at, f.created_at) < now() - interval '30 days')";
constexpr Sql held_from = R"(
    select distinct sha256 from files where purged_at is null and sha256 >= $1 and ($2::bytea is null or sha256 < $2::bytea))";
constexpr Sql still_held = "select exists (select from files where sha256 = $1 and purged_at is null)";
constexpr Sql upload_goes_on = "select exists (select from uploads where encode(token_hash, 'hex') = $1 and file_id is null)";

template <const Sql& S, class... A>
core::Result read(core::Db& db, const std::string& role, const A&... values) {
    core::Transaction transaction{db, role};
    auto result = transaction.list<S>(values...);
    transaction.finish_reading();
    return result;
}

void collect_tenant(const core::Config& config, core::Db& db, const std::string& tenant) {
    {
        core::Transaction transaction{db, tenant};
        transaction.all(core::ask<forget_uploads>(), core::ask<purge_removed>(), core::ask<purge_drafts>());
        transaction.commit();
    }
    // Files are looked at folder by folder, which is by their first byte: so many hashes are in memory at once.
    std::optional<unsigned char> first;
    std::unordered_set<std::string> held;
    const auto wanted = [&](const std::string& hash) {
        const auto byte = static_cast<unsigned char>(hash[0]);
        if (first != byte) {
            first = byte;
            held.clear();
            const std::string from(1, hash[0]), to(1, static_cast<char>(byte + 1));
            const auto rows = read<held_from>(db, tenant, Bytes{from}, byte < 255 ? std::optional{Bytes{to}} : std::nullopt);
            for (int i = 0; i < rows.size(); ++i) held.insert(rows[i].bytes(0));
        }
        // A row may have come since: nobody can add another while we hold the store's lock.
        return held.contains(hash) || read<still_held>(db, tenant, Bytes{hash}).one().truth(0);
    };
    const int removed = domain::FileStore{config, tenant}.collect(
        patience, wanted, [&](const std::string& name) { return read<upload_goes_on>(db, tenant, name).one().truth(0); });
    if (removed > 0) core::log(core::Level::info, "orphans collected", {{"tenant", tenant}, {"files", removed}});
}

}  // namespace

void collect(const core::Config& config, core::Db& db, const std::atomic<bool>& stopping) {
    const auto tenants = read<all_tenants>(db, "");
    for (int i = 0; i < tenants.size() && !stopping; ++i) collect_tenant(config, db, tenants[i].str(0));
    // Of a tenant that was deleted the bytes are kept beside its backup.
    const auto gone = read<gone_tenants>(db, "");
    for (int i = 0; i < gone.size() && !stopping; ++i) {
        const std::string slug = gone[i].str(0);
        if (!domain::FileStore{config, slug}.remove_all()) continue;
        core::Transaction transaction{db, ""};
        transaction.one<note_removed>(slug);
        transaction.commit();
        core::log(core::Level::info, "files of a deleted tenant removed", {{"tenant", slug}});
    }
}

}  // namespace worker

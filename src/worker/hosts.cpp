// Hosts: what differs from what was written before is written.
#include "worker/hosts.h"

#include <filesystem>

#include "core/disk.h"
#include "core/error.h"

namespace worker {
namespace {

using core::Sql;

// One tenant may be the default: then no host is nobody's.
constexpr Sql all_hosts = "select h, status = 'active' from tenants, unnest(hosts) h where h <> ''";
constexpr Sql any_default = "select exists (select from tenants where is_default), exists (select from tenants)";

// As a file's name: what is_host_name() lets through, and nothing that leads elsewhere.
bool plain(const std::string& host) {
    return !host.empty() && host.size() < 256 && host.front() != '.' && host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-[]:") == host.npos;
}

}  // namespace

void Hosts::keep(core::Db& db) {
    std::map<std::string, bool> now;
    bool strict = false;
    {
        core::Transaction transaction{db, ""};
        const core::Result rows = transaction.list<all_hosts>();
        const core::Row rest = transaction.one<any_default>();
        transaction.commit();
        for (int i = 0; i < rows.size(); ++i)
            if (const std::string host = rows[i].str(0); plain(host)) now[host] = rows[i].truth(1);
        strict = !rest.truth(0) && rest.truth(1);
    }
    const auto name = [&](const std::string& host, bool open) { return folder_ + (open ? "/open/" : "/shut/") + host; };
    const auto make = [](const std::string& path) { core::File::to_write(path, true); };
    const bool begins = !begun_;
    begun_ = false;  // what fails half way begins anew
    try {
        if (begins) {
            for (const char* part : {"/strict", "/open", "/shut"}) std::filesystem::remove_all(folder_ + part);
            for (const char* part : {"/open", "/shut"}) core::make_folder(folder_ + part);
            written_.clear();
            strict_ = false;
        }
        // Nobody's stays nobody's until those that are somebody's are there.
        if (strict_ && !strict) core::remove_file(folder_ + "/strict");
        for (const auto& [host, open] : now)
            if (const auto before = written_.find(host); before == written_.end() || before->second != open) make(name(host, open));
        for (const auto& [host, open] : written_)
            if (const auto after = now.find(host); after == now.end() || after->second != open) core::remove_file(name(host, open));
        if (strict && !strict_) make(folder_ + "/strict");
    } catch (const std::filesystem::filesystem_error& error) {
        throw core::failed(error.what());
    }
    begun_ = true;
    written_ = std::move(now);
    strict_ = strict;
}

}  // namespace worker

// Databases: a stack of connections behind a lock.
#include "worker/databases.h"

namespace worker {

Databases::Databases(const core::Config& config, std::size_t count) {
    all_.reserve(count);  // the pointers stay
    while (all_.size() < count) free_.push_back(&all_.emplace_back(config));
}

core::Db& Databases::take() {
    std::unique_lock lock{mutex_};
    given_.wait(lock, [&] { return !free_.empty(); });
    core::Db* db = free_.back();
    free_.pop_back();
    return *db;
}

void Databases::give(core::Db& db) {
    {
        const std::lock_guard lock{mutex_};
        free_.push_back(&db);
    }
    given_.notify_one();
}

}  // namespace worker

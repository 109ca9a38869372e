// Databases: the few connections that all threads of the worker take turns with. Any thread may use it.
#pragma once
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "core/db.h"

namespace worker {

class Databases {
public:
    Databases(const core::Config& config, std::size_t count);

    // Calls work(Db&) with a connection that is nobody else's meanwhile; waits for one.
    template <class Work>
    auto with(Work&& work) {
        const Turn turn{*this};
        return std::forward<Work>(work)(turn.db);
    }

private:
    struct Turn {
        explicit Turn(Databases& all) : all_{all}, db{all.take()} {}
        ~Turn() { all_.give(db); }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        Databases& all_;
        core::Db& db;
    };
    core::Db& take();
    void give(core::Db& db);
    std::vector<core::Db> all_;
    std::vector<core::Db*> free_;  // the last one given back is taken first: the others may stay unopened
    std::mutex mutex_;
    std::condition_variable given_;
};

}  // namespace worker

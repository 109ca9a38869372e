// Collect: lets go of bytes that no row holds, of uploads that nobody goes on with, and of files removed long ago.
#pragma once
#include <atomic>

#include "core/config.h"
#include "core/db.h"

namespace worker {

// Goes through every tenant once. Throws what core::Db and core/disk.h throw.
void collect(const core::Config& config, core::Db& db, const std::atomic<bool>& stopping);

}  // namespace worker

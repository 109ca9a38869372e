// Desk: what every piece of the worker's work is given.
#pragma once
#include <atomic>
#include <chrono>
#include <thread>

#include "core/config.h"
#include "core/error.h"
#include "core/fetch.h"
#include "domain/jobs.h"
#include "gateways/gemini.h"
#include "worker/databases.h"

namespace worker {

struct Desk {
    const core::Config& config;
    Databases& databases;
    gateways::Gemini& gemini;
    core::Fetcher& fetcher;              // this piece's own; cancelled when the lease is lost or the worker stops
    const std::atomic<bool>& stopping;

    // Writes down what was done, also across a restart of the database: work that is done is worth some patience.
    template <class Work>
    auto persist(Work work) {
        for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{30};;) {
            try {
                return databases.with(work);
            } catch (const core::Error& error) {
                const auto* refused = dynamic_cast<const core::SqlError*>(&error);
                const bool passing = error.status == 503 || (refused && refused->repeatable());
                if (!passing || stopping || std::chrono::steady_clock::now() > until) throw;
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{300});
        }
    }
};

double chance();  // uniform in 0..1, for the jitter of back-offs; any thread

}  // namespace worker

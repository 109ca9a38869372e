// Worker: the loop that owns every claim.
#include "worker/worker.h"

#include <malloc.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <list>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "core/log.h"
#include "worker/collect.h"
#include "worker/desk.h"
#include "worker/generate.h"
#include "worker/hosts.h"
#include "worker/mailing.h"
#include "worker/paying.h"
#include "worker/telling.h"
#include "worker/thumbnail.h"

namespace worker {
namespace {

using namespace std::chrono_literals;
using core::Level;
using Clock = std::chrono::steady_clock;

constexpr auto poll = 6s;          // behind LISTEN, which a pooler or a lost connection may swallow
constexpr auto renewal = 3s;       // of leases; domain::lease is four times that
constexpr auto longest_stop = 4s;  // systemd and `make run` wait for us
constexpr auto collecting = 10min; // of orphans; the first time soon after the start
constexpr auto telling_hosts = 2s; // to the web server
constexpr auto forgetting = 1h;       // of old rows; begins a while after the start
constexpr std::size_t connections = 4;
constexpr int most_mails = 8;  // on their way at once
// libcurl and TLS live in the network's thread; the deepest of ours is a JSON reader. Only what is touched costs memory.
constexpr std::size_t stack_size = 1024 * 1024;

std::string worker_name() {
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    return std::string{host} + ":" + std::to_string(getpid());
}

struct Worker;

// A claim under way, and its thread. The loop owns it.
struct Piece {
    Piece(Worker& of, bool mail);
    Piece(const Piece&) = delete;
    Piece& operator=(const Piece&) = delete;
    Worker& worker;
    std::optional<domain::Job> job;  // this, or
    std::optional<domain::MailClaim> letter;
    core::Fetcher fetcher;
    Desk desk;
    pthread_t thread{};
    const domain::Claim& claim() const { return job ? static_cast<const domain::Claim&>(*job) : *letter; }
};

struct Worker {
    explicit Worker(const core::Config& c) : config{c}, db{c}, databases{c, connections}, gemini{c} {}

    const core::Config& config;
    core::Db db;  // the loop's own: renewals never wait for the others
    Databases databases;
    core::Network network;
    gateways::Gemini gemini;
    std::atomic<bool> stopping = false;

    std::mutex mutex;  // guards what follows
    std::condition_variable woken, rested;
    bool notified = true;  // look at once: work may have waited for us
    std::vector<Piece*> ended;

    std::list<Piece> pieces;  // the loop's own from here on
    int jobs = 0, mails = 0;
    Clock::time_point next_look{}, next_renewal{}, next_forgetting = Clock::now() + 10min;
    bool away = false;  // the database

    void loop();
    bool stop();
    void look();
    void collect();
    void renew();
    bool start(std::optional<domain::Job> job, std::optional<domain::MailClaim> letter);
    template <class Work>
    bool reach(Work work);
    bool wait(Clock::time_point until);
    void wake();
    void end(Piece& piece);
};

// libcurl waits for the answer to a mail without letting others on its thread go on: so a mail has a thread of its own.
Piece::Piece(Worker& of, bool mail)
    : worker{of}, fetcher{mail ? core::Fetcher{} : core::Fetcher{of.network}}, desk{of.config, of.databases, of.gemini, fetcher, of.stopping} {}

// The kinds of jobs. Each function settles its job whatever happens, and throws nothing.
struct Kind {
    std::string_view name;
    void (*run)(const domain::Job&, Desk&) noexcept;
};
constexpr Kind kinds[] = {
    {"generation", generate},
    {"notice", tell},
    {"thumbnail", make_thumbnail},
    {"payment", pay},
    {"payment-start", pay},
    {"payment-check", pay},
    {"payment-look", pay},
    {"payment-end", pay},
};

const Kind* kind_of(const domain::Job& job) {
    const auto* found = std::ranges::find(kinds, job.kind, &Kind::name);
    return found == std::end(kinds) ? nullptr : found;
}

void* run_piece(void* given) noexcept {
    Piece& piece = *static_cast<Piece*>(given);
    if (piece.job) kind_of(*piece.job)->run(*piece.job, piece.desk);  // only a known kind is started
    else post(*piece.letter, piece.desk);
    piece.worker.end(piece);
    return nullptr;
}

void Worker::wake() {
    const std::lock_guard lock{mutex};
    notified = true;
    woken.notify_one();
    if (stopping) rested.notify_all();
}

void Worker::end(Piece& piece) {
    const std::lock_guard lock{mutex};
    ended.push_back(&piece);
    woken.notify_one();
}

// True when there is something to look at before the time is over.
bool Worker::wait(Clock::time_point until) {
    std::unique_lock lock{mutex};
    woken.wait_until(lock, until, [&] { return notified || !ended.empty() || stopping; });
    return std::exchange(notified, false) || !ended.empty();
}

// Does work on the database; false when it cannot be reached, which is said once.
template <class Work>
bool Worker::reach(Work work) {
    try {
        work();
        if (std::exchange(away, false)) core::log(Level::info, "database is back");
        return true;
    } catch (const core::Error& error) {
        if (!std::exchange(away, true)) core::log(Level::error, "database is away", {{"why", error.what()}});
        return false;
    }
}

bool Worker::start(std::optional<domain::Job> job, std::optional<domain::MailClaim> letter) {
    Piece& piece = pieces.emplace_back(*this, letter.has_value());
    piece.job = std::move(job);
    piece.letter = std::move(letter);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, stack_size);
    const int code = pthread_create(&piece.thread, &attributes, run_piece, &piece);
    pthread_attr_destroy(&attributes);
    if (code == 0) {
        if (pieces.size() == 1) next_renewal = Clock::now() + renewal;
        ++(piece.job ? jobs : mails);
        return true;
    }
    core::log(Level::error, "no thread", {{"code", code}});
    if (piece.job) {
        core::Transaction transaction{db, ""};
        transaction.run(domain::hand_back(*piece.job));
        transaction.commit();
    } else {
        domain::hand_mail_back(db, *piece.letter);
    }
    pieces.pop_back();
    return false;
}

// A kind that this build does not know belongs to a newer one that is being rolled out: leave it to that for a while.
void put_off_unknown(core::Db& db, const domain::Job& job) {
    core::log(Level::error, "job of unknown kind", {{"job", job.id}, {"tenant", job.tenant}, {"kind", job.kind}});
    core::Transaction transaction{db, ""};
    constexpr const char* why = "this worker does not know its kind";
    transaction.run(job.attempts < job.most_attempts ? domain::put_off(job, 1min, job.attempts, why) : domain::fail(job, why));
    transaction.commit();
}

void Worker::look() {
    const int free_jobs = config.worker_concurrency - jobs, free_mails = most_mails - mails;
    next_look = Clock::now() + poll;
    if (free_jobs <= 0 && free_mails <= 0) return;
    const bool reached = reach([&] {
        const domain::Due due = domain::look(db);
        next_look = std::min(next_look, Clock::now() + due.next);
        std::size_t claimed = 0;
        if (due.jobs && free_jobs > 0)
            for (domain::Job& job : domain::claim_jobs(db, worker_name(), free_jobs)) {
                ++claimed;
                if (kind_of(job)) start(std::move(job), {});
                else put_off_unknown(db, job);
            }
        if (due.mail && free_mails > 0)
            for (domain::MailClaim& letter : domain::claim_mail(db, free_mails)) {
                ++claimed;
                start({}, std::move(letter));
            }
        // Due and not to be had: another worker is just claiming it, or holds its row.
        if (claimed == 0 && ((due.jobs && free_jobs > 0) || (due.mail && free_mails > 0))) next_look = Clock::now() + 500ms;
    });
    if (!reached) next_look = Clock::now() + 1s;
}

void Worker::collect() {
    std::vector<Piece*> over;
    {
        const std::lock_guard lock{mutex};
        over.swap(ended);
    }
    for (Piece* piece : over) {
        pthread_join(piece->thread, nullptr);
        --(piece->job ? jobs : mails);
        pieces.remove_if([&](const Piece& one) { return &one == piece; });
    }
}

void Worker::renew() {
    next_renewal = Clock::now() + renewal;
    std::vector<domain::Claim> of_jobs, of_mails;
    for (const Piece& piece : pieces) (piece.job ? of_jobs : of_mails).push_back(piece.claim());
    const bool reached = reach([&] {
        std::vector<std::int64_t> kept_jobs, kept_mails;
        if (!of_jobs.empty()) kept_jobs = domain::renew_jobs(db, of_jobs);
        if (!of_mails.empty()) kept_mails = domain::renew_mail(db, of_mails);
        for (Piece& piece : pieces) {
            const auto& kept = piece.job ? kept_jobs : kept_mails;
            // Done a moment ago, or taken over: either way there is nothing left for its thread to do.
            if (std::find(kept.begin(), kept.end(), piece.claim().id) == kept.end()) piece.fetcher.cancel();
        }
    });
    if (!reached) next_renewal = Clock::now() + 1s;
}

void Worker::loop() {
    while (!stopping) {
        if (!pieces.empty() && Clock::now() >= next_renewal) renew();
        const bool busy = !pieces.empty();
        const bool woke = wait(busy ? std::min(next_look, next_renewal) : next_look);
        collect();
        if (!stopping && (woke || Clock::now() >= next_look)) look();
        if (Clock::now() >= next_forgetting) {
            bool more = false;
            reach([&] { more = domain::forget_old(db); });
            next_forgetting = Clock::now() + (more ? poll : std::chrono::seconds{forgetting});
        }
    }
}

// Jobs are handed back at once; a mail that is under way gets a moment to arrive, so that it is not sent twice.
bool Worker::stop() {
    const auto began = Clock::now();
    for (Piece& piece : pieces)
        if (piece.job) piece.fetcher.cancel();
    bool patient = true;
    while (!pieces.empty() && Clock::now() < began + longest_stop) {
        {
            std::unique_lock lock{mutex};
            woken.wait_until(lock, patient ? began + longest_stop / 2 : began + longest_stop, [&] { return !ended.empty(); });
        }
        collect();
        if (patient && Clock::now() >= began + longest_stop / 2) {
            patient = false;
            for (Piece& piece : pieces) piece.fetcher.cancel();
        }
    }
    return pieces.empty();
}

}  // namespace

double chance() {
    thread_local std::minstd_rand source{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(source);
}

int run(const core::Config& config) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    // An arena a thread would cost more memory than the threads' waiting for each other costs time.
    mallopt(M_ARENA_MAX, 2);
    mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    mallopt(M_TRIM_THRESHOLD, 256 * 1024);

    Worker worker{config};
    std::thread waiting{[&] {
        int signal = 0;
        while (sigwait(&signals, &signal) != 0) {}
        core::log(Level::info, "stopping", {{"signal", signal}});
        worker.stopping = true;
        worker.wake();
    }};
    std::thread listening{[&] {
        core::Db db{config};
        while (!worker.stopping) {
            try {
                if (db.listen("jobs", 1s)) worker.wake();
            } catch (const core::Error&) {  // the loop says that the database is away
                std::this_thread::sleep_for(1s);
            }
        }
    }};
    std::thread collecting_files{[&] {
        core::Db db{config, 60s};
        std::unique_lock lock{worker.mutex};
        for (auto next = Clock::now() + 30s; !worker.stopping; next = Clock::now() + collecting) {
            worker.rested.wait_until(lock, next, [&] { return worker.stopping.load(); });
            if (worker.stopping) break;
            lock.unlock();
            try {
                collect(config, db, worker.stopping);
            } catch (const std::exception& error) {
                core::log(Level::error, "orphans not collected", {{"why", error.what()}});
            }
            lock.lock();
        }
    }};
    std::thread keeping_hosts{[&] {
        if (config.hosts_dir.empty() || !config.tenant.empty()) return;  // TENANT serves every host
        Hosts hosts{config.hosts_dir};
        bool failed = false;
        std::unique_lock lock{worker.mutex};
        for (auto next = Clock::now(); !worker.stopping; next = Clock::now() + telling_hosts) {
            worker.rested.wait_until(lock, next, [&] { return worker.stopping.load(); });
            if (worker.stopping) break;
            lock.unlock();
            try {
                worker.databases.with([&](core::Db& db) { hosts.keep(db); });
                failed = false;
            } catch (const std::exception& error) {
                if (!std::exchange(failed, true)) core::log(Level::error, "hosts not told to the web server", {{"why", error.what()}});
            }
            lock.lock();
        }
    }};
    core::log(Level::info, "working", {{"name", worker_name()}, {"jobs", config.worker_concurrency},
        {"gemini", config.gemini_api_key.empty() ? "no key: drafts" : config.gemini_model}, {"mail", config.smtp_url.empty() ? "files" : "SMTP"}});
    worker.loop();
    const bool all = worker.stop();
    core::log(Level::info, "stopped", {{"left", static_cast<std::int64_t>(worker.pieces.size())}});
    if (!all) std::_Exit(1);  // their threads still use what would be taken down here
    waiting.join();
    listening.join();
    collecting_files.join();
    keeping_hosts.join();
    return 0;
}

}  // namespace worker

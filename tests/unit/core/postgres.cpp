// Postgres: initdb, start and stop of the private server. As root it runs as the user postgres.
#include "postgres.h"

#include <grp.h>
#include <postgresql/libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "core/owned.h"

namespace tests {
namespace {

const std::string programs = "/usr/lib/postgresql/15/bin/";

// What a tenant of the real schema looks like to the core: a schema and a role of one name, and public.deny().
constexpr const char* schema = R"(
    create role app login noinherit;
    create role one nologin;
    create role two nologin;
    grant one, two to app;
    create schema one authorization one;
    create schema two authorization two;
    create table one.notes (id int generated always as identity primary key, body text not null check (body <> ''), tag text unique);
    create table two.notes (like one.notes including all);
    alter table one.notes owner to one;
    alter table two.notes owner to two;
    create table public.hosts (host text, tenant text);
    grant select on public.hosts to app;
    insert into hosts values ('one.example', 'one'), ('two.example', 'two');
    create function public.deny(status int, detail text) returns boolean language plpgsql as
        $$ begin raise exception using errcode = 'LX' || status, message = detail; end $$;
)";

int fork_as_server_user(const std::string& program, const std::vector<std::string>& arguments, const std::string& log) {
    const int child = fork();
    if (child != 0) return child;
    if (geteuid() == 0) {
        const passwd* user = getpwnam("postgres");
        if (!user || initgroups("postgres", user->pw_gid) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) _exit(126);
    }
    prctl(PR_SET_PDEATHSIG, SIGINT);  // a test that crashed leaves no server behind
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    dup2(out, 1);
    dup2(out, 2);
    std::vector<char*> words{const_cast<char*>(program.c_str())};
    for (const auto& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    execv(program.c_str(), words.data());
    _exit(127);
}

}  // namespace

Postgres& Postgres::get() {
    static Postgres server;
    return server;
}

std::string Postgres::url(const char* user) const {
    return "postgresql:///postgres?host=" + folder_ + "&user=" + user;
}

core::Config Postgres::app_config() const {
    core::Config config;
    config.database_url = app_url();
    return config;
}

Postgres::Postgres() {
    const char* home = std::getenv("TMPDIR");
    folder_ = std::string{home && *home ? home : "/tmp"} + "/lunaxcode-unit-XXXXXX";
    if (!mkdtemp(folder_.data())) throw std::runtime_error("mkdtemp");
    if (geteuid() == 0) {
        const passwd* user = getpwnam("postgres");
        if (!user || chown(folder_.c_str(), user->pw_uid, user->pw_gid) != 0) throw std::runtime_error("no user postgres to run the server as");
    }
    const int made = fork_as_server_user(programs + "initdb", {"-D", folder_ + "/data", "-A", "trust", "-U", "owner", "-E", "UTF8", "--locale=C", "--no-sync"}, folder_ + "/log");
    int status = 0;
    if (waitpid(made, &status, 0) != made || status != 0) throw std::runtime_error("initdb failed, see " + folder_ + "/log");
    start();
    sql(schema);
}

Postgres::~Postgres() {
    try {
        stop();
        std::filesystem::remove_all(folder_);
    } catch (const std::exception&) {
        // The folder is under /tmp and goes with it.
    }
}

void Postgres::start() {
    server_ = fork_as_server_user(programs + "postgres",
                                  {"-D", folder_ + "/data", "-k", folder_, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "max_connections=40",
                                   "-c", "shared_buffers=16MB", "-c", "default_transaction_isolation=read committed"},
                                  folder_ + "/log");
    for (int attempt = 0; attempt < 600; ++attempt) {
        if (PQping(owner_url().c_str()) == PQPING_OK) return;
        usleep(50'000);
    }
    throw std::runtime_error("PostgreSQL did not start, see " + folder_ + "/log");
}

void Postgres::stop() {
    if (server_ == 0) return;
    kill(server_, SIGINT);  // fast shutdown: sessions are ended
    waitpid(server_, nullptr, 0);
    server_ = 0;
}

void Postgres::restart() {
    stop();
    start();
}

std::string Postgres::sql(std::string_view text) const {
    const core::Owned<PGconn, PQfinish> connection{PQconnectdb(owner_url().c_str())};
    PQsetNoticeProcessor(connection.get(), [](void*, const char*) {}, nullptr);
    const core::Owned<PGresult, PQclear> result{PQexec(connection.get(), std::string{text}.c_str())};
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        throw std::runtime_error(PQerrorMessage(connection.get()) + std::string{text});
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace tests

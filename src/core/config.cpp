// Config: the one table of settings, from which they are read, checked and listed.
#include "core/config.h"

#include <cstdlib>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <ostream>
#include <stdexcept>
#include <string_view>
#include <variant>

#include "core/crypto.h"

namespace core {
namespace {

// A setting of the scripts alone has no target: it is listed here, and stays out of the programs.
using Target = std::variant<std::monostate, std::string Config::*, int Config::*, bool Config::*>;

struct Setting {
    const char* name;
    const char* fallback;
    bool secret;
    Target target;
    const char* what;
    int most = 10'000;  // of a number
};

constexpr const char* default_types =
    "image/* video/* audio/* font/* text/plain text/csv text/rtf application/pdf application/json application/zip application/x-7z-compressed "
    "application/gzip application/msword application/vnd.openxmlformats-officedocument.* application/vnd.oasis.opendocument.* "
    "application/vnd.ms-excel application/vnd.ms-powerpoint application/vnd.ms-fontobject application/postscript application/x-font-*";

// One line a setting; nothing else in the project reads the environment.
const Setting settings[] = {
    {"DATABASE_URL", "", true, &Config::database_url, "login of the programs (a NOINHERIT role that is granted each tenant's role)"},
    {"MIGRATE_DATABASE_URL", "", true, std::monostate{}, "its owner, without a pooler between: for scripts/migrate; no program reads it"},
    {"BASE_URL", "http://127.0.0.1:8080", false, &Config::base_url, "address that visitors use; links in mails begin with it"},
    {"TENANT", "", false, &Config::tenant, "tenant that serves every host; empty: found by Host"},
    {"GEMINI_API_KEY", "", true, &Config::gemini_api_key, "empty: the built-in planner writes drafts"},
    {"GEMINI_BASE_URL", "https://generativelanguage.googleapis.com", false, &Config::gemini_base_url, "where Gemini is"},
    {"GEMINI_MODEL", "gemini-3.5-flash", false, &Config::gemini_model, "model that writes requirements and tasks"},
    {"GEMINI_FALLBACK_MODEL", "gemini-3.5-flash-lite", false, &Config::gemini_fallback_model, "asked when the first keeps failing; empty: none"},
    {"GEMINI_PRICES", "{}", false, &Config::gemini_prices, "USD a million tokens: {\"model\":{\"input\":0.3,\"output\":2.5}}"},
    {"GEMINI_TIMEOUT_SECONDS", "180", false, &Config::gemini_timeout_seconds, "deadline of one answer"},
    {"PAYMONGO_SECRET_KEY", "", true, &Config::paymongo_secret_key, "empty: payments are made by hand and verified"},
    {"PAYMONGO_PUBLIC_KEY", "", false, &Config::paymongo_public_key, "given to the browser for card data"},
    {"PAYMONGO_WEBHOOK_SECRET", "", true, &Config::paymongo_webhook_secret, "signs the events that come in"},
    {"PAYMONGO_BASE_URL", "https://api.paymongo.com/v1", false, &Config::paymongo_base_url, "where PayMongo is; browsers send card data there"},
    {"PAYMONGO_HOSTED", "off", false, &Config::paymongo_hosted, "on: clients pay on PayMongo's own page"},
    {"PAYMONGO_CHECKOUT_URL", "", false, &Config::paymongo_checkout_url, "of hosted pages; empty: checkout_sessions below PAYMONGO_BASE_URL"},
    {"PAYMONGO_TIMEOUT_SECONDS", "20", false, &Config::paymongo_timeout_seconds, "deadline of one answer"},
    {"PAYMONGO_TOLERANCE_MINUTES", "180", false, &Config::paymongo_tolerance_minutes, "age of an event's signature; PayMongo repeats for 136 minutes"},
    {"PAYMENT_POLL_SECONDS", "60", false, &Config::payment_poll_seconds, "first look at an open payment; later ones come ever more rarely"},
    {"FONTS_DIR", "/usr/share/fonts/truetype/dejavu", false, &Config::fonts_dir, "DejaVuSans.ttf and -Bold.ttf for receipts as PDF"},
    {"GOOGLE_CLIENT_ID", "", false, &Config::google_client_id, "empty: no Google button"},
    {"GOOGLE_CLIENT_SECRET", "", true, &Config::google_client_secret, ""},
    {"GOOGLE_ISSUER", "https://accounts.google.com", false, &Config::google_issuer, "OpenID Connect issuer"},
    {"SMTP_URL", "", false, &Config::smtp_url, "smtp://host:587 or smtps://host:465; empty: .eml files in MAIL_DIR"},
    {"SMTP_USER", "", false, &Config::smtp_user, ""},
    {"SMTP_PASSWORD", "", true, &Config::smtp_password, ""},
    {"MAIL_FROM", "Lunaxcode <no-reply@localhost>", false, &Config::mail_from, "sender of every mail"},
    {"MAIL_DIR", "var/mail", false, &Config::mail_dir, "where mails go without SMTP_URL"},
    {"FILES_DIR", "var/files", false, &Config::files_dir, "where uploads are kept"},
    {"HOSTS_DIR", "", false, &Config::hosts_dir, "where the worker tells nginx which hosts are shut and which are nobody's; empty: pages are served to any"},
    {"FILE_MAX_MB", "25", false, &Config::file_max_mb, "MiB that one file may have; nginx has a limit of its own (client_max_body_size), a little higher"},
    {"FILES_QUOTA_MB", "5000", false, &Config::files_quota_mb, "MiB that one agency's files may have together", 100'000'000},
    {"FILES_KEEP_FREE_MB", "200", false, &Config::files_keep_free_mb, "MiB of FILES_DIR's disk that uploads leave free"},
    {"FILE_TYPES", default_types, false, &Config::file_types, "media types that are taken, by content; a star at the end stands for anything"},
    {"CLAMD", "", false, &Config::clamd, "ClamAV's socket, a path or HOST:PORT: then nothing is kept unscanned; empty: nothing is scanned"},
    {"SECRET_KEY", "", true, &Config::secret_key, "32 random bytes as hex or base64, under which secrets are kept in the database (openssl rand -hex 32); empty: none can be kept"},
    {"THREADS", "4", false, &Config::threads, "threads of a route program; one database connection each when busy (2 a core: make bench)"},
    {"DATABASE_IDLE_SECONDS", "60", false, &Config::database_idle_seconds, "after which a waiting thread gives its database connection back"},
    {"WORKER_CONCURRENCY", "64", false, &Config::worker_concurrency, "generations that one worker has under way at once"},
    {"GENERATIONS_PER_DAY", "5", false, &Config::generations_per_day, "plans a project may ask for in a day"},
    {"PREPARED", "on", false, &Config::prepared, "off behind a PgBouncer before 1.21 in transaction mode"},
    {"LOG_LEVEL", "info", false, &Config::log_level, "error, warn, info or debug"},
};

std::string trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r";
    const auto first = text.find_first_not_of(space);
    if (first == text.npos) return {};
    return std::string{text.substr(first, text.find_last_not_of(space) - first + 1)};
}

using Values = std::map<std::string, std::string, std::less<>>;

Values read_file(const char* path) {
    Values values;
    std::ifstream file{path};
    if (!file) throw std::runtime_error(std::string{"LUNAXCODE_ENV names "} + path + ", which cannot be read");
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        const std::string text = trimmed(line);
        if (text.empty() || text.front() == '#') continue;
        const auto equals = text.find('=');
        if (equals == text.npos)
            throw std::runtime_error(std::string{path} + ":" + std::to_string(number) + ": a line is NAME=value");
        std::string value = trimmed(std::string_view{text}.substr(equals + 1));
        // systemd and shells accept quoted values: so does this file.
        if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
            value = value.substr(1, value.size() - 2);
        values[trimmed(std::string_view{text}.substr(0, equals))] = value;
    }
    return values;
}

Values file_values() {
    const char* path = std::getenv("LUNAXCODE_ENV");
    return path && *path ? read_file(path) : Values{};
}

std::string given(const Setting& setting, const Values& file) {
    if (const char* value = std::getenv(setting.name)) return value;
    const auto found = file.find(setting.name);
    return found == file.end() ? setting.fallback : found->second;
}

void assign(Config& config, const Setting& setting, const std::string& value) {
    const auto wrong = [&](const char* wanted) {
        return std::runtime_error(std::string{setting.name} + " must be " + wanted);
    };
    if (const auto* text = std::get_if<std::string Config::*>(&setting.target)) {
        config.*(*text) = value;
    } else if (const auto* number = std::get_if<int Config::*>(&setting.target)) {
        int parsed = 0;
        const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), parsed);
        if (code != std::errc{} || end != value.data() + value.size() || parsed < 1 || parsed > setting.most)
            throw wrong(("a whole number from 1 to " + std::to_string(setting.most)).c_str());
        config.*(*number) = parsed;
    } else if (const auto* truth = std::get_if<bool Config::*>(&setting.target)) {
        if (value != "on" && value != "off") throw wrong("on or off");
        config.*(*truth) = value == "on";
    }
}

std::string shown(const Config& config, const Setting& setting) {
    if (std::holds_alternative<std::monostate>(setting.target)) return given(setting, file_values()).empty() ? "" : "(set)";
    if (const auto* text = std::get_if<std::string Config::*>(&setting.target))
        return setting.secret && !(config.*(*text)).empty() ? "(set)" : config.*(*text);
    if (const auto* number = std::get_if<int Config::*>(&setting.target)) return std::to_string(config.*(*number));
    return config.*std::get<bool Config::*>(setting.target) ? "on" : "off";
}

}  // namespace

Config Config::load() {
    const Values file = file_values();
    Config config;
    for (const Setting& setting : settings) {
        std::string value = given(setting, file);
        // An empty one is as good as none, but where to have none is a choice.
        if (value.empty() && setting.target != Target{&Config::gemini_fallback_model}) value = setting.fallback;
        assign(config, setting, value);
    }
    if (!config.secret_key.empty() && !is_secret_key(config.secret_key))
        throw std::runtime_error("SECRET_KEY must be 32 bytes as 64 hexadecimal digits, or as base64");
    for (std::string* address : {&config.base_url, &config.gemini_base_url, &config.paymongo_base_url})  // paths are put behind them
        while (address->ends_with('/')) address->pop_back();
    return config;
}

void Config::print(std::ostream& out) const {
    out << "# Each is an environment variable or a line in the file that LUNAXCODE_ENV names.\n";
    for (const Setting& setting : settings) {
        if (*setting.what) out << "# " << setting.what << '\n';
        out << setting.name << '=' << shown(*this, setting) << '\n';
    }
}

}  // namespace core

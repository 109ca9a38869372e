// Config: every setting, read once at start from the environment and the file that LUNAXCODE_ENV names.
#pragma once
#include <iosfwd>
#include <string>

namespace core {

struct Config {
    std::string database_url;
    std::string base_url;
    std::string tenant;
    std::string gemini_api_key;
    std::string gemini_base_url;
    std::string gemini_model;
    std::string gemini_fallback_model;
    std::string gemini_prices;
    std::string paymongo_secret_key;
    std::string paymongo_public_key;
    std::string paymongo_webhook_secret;
    std::string paymongo_base_url;
    std::string paymongo_checkout_url;
    bool paymongo_hosted = false;
    int paymongo_timeout_seconds = 0;
    int paymongo_tolerance_minutes = 0;
    int payment_poll_seconds = 0;
    std::string fonts_dir;
    std::string google_client_id;
    std::string google_client_secret;
    std::string google_issuer;
    std::string smtp_url;
    std::string smtp_user;
    std::string smtp_password;
    std::string mail_from;
    std::string mail_dir;
    std::string files_dir;
    std::string hosts_dir;
    std::string file_types;
    std::string clamd;
    std::string secret_key;  // 32 bytes as text: what core::seal() is given
    std::string log_level;
    int threads = 0;
    int database_idle_seconds = 0;
    int worker_concurrency = 0;
    int generations_per_day = 0;
    int gemini_timeout_seconds = 0;
    int file_max_mb = 0;
    int files_quota_mb = 0;
    int files_keep_free_mb = 0;
    bool prepared = true;

    // The environment wins over the file. Throws std::runtime_error naming the setting that is wrong.
    static Config load();

    // `PROGRAM --config`: every setting, what it is for and what it is now; secrets are never shown.
    void print(std::ostream& out) const;
};

}  // namespace core

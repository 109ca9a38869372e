// Config: the environment, the file behind it, and what is shown of them.
#include "core/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

using core::Config;

namespace {

class Settings : public testing::Test {
protected:
    void SetUp() override {
        for (const char* name : {"DATABASE_URL", "THREADS", "PREPARED", "BASE_URL", "GEMINI_API_KEY", "GEMINI_FALLBACK_MODEL", "SMTP_PASSWORD",
                                 "LUNAXCODE_ENV", "LOG_LEVEL", "TENANT", "MAIL_FROM"})
            set(name, nullptr);
    }
    void TearDown() override {
        for (const auto& [name, value] : before_) value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
        unlink(path().c_str());
    }
    void set(const char* name, const char* value) {
        const char* now = std::getenv(name);
        before_.try_emplace(name, now ? std::optional<std::string>{now} : std::nullopt);
        value ? setenv(name, value, 1) : unsetenv(name);
    }
    static std::string path() { return "/tmp/lunaxcode-config-" + std::to_string(getpid()); }
    void file(const std::string& text) {
        std::ofstream{path()} << text;
        set("LUNAXCODE_ENV", path().c_str());
    }
    static std::string refusal() {
        try {
            Config::load();
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "";
    }

private:
    std::map<std::string, std::optional<std::string>> before_;
};

}  // namespace

TEST_F(Settings, HaveDefaultsThatServe) {
    const Config config = Config::load();
    EXPECT_EQ(config.threads, 4);
    EXPECT_TRUE(config.prepared);
    EXPECT_EQ(config.database_url, "");
    EXPECT_EQ(config.log_level, "info");
    EXPECT_EQ(config.gemini_base_url, "https://generativelanguage.googleapis.com");
}

TEST_F(Settings, ComeFromTheFileAndTheEnvironmentWins) {
    file("# a comment\n\n THREADS = 3 \r\nTENANT=from-file\nDATABASE_URL=\"postgresql://u:p@h/d?a=b\"\nMAIL_FROM='A <a@b.c>'\n");
    set("TENANT", "from-environment");
    const Config config = Config::load();
    EXPECT_EQ(config.threads, 3);
    EXPECT_EQ(config.tenant, "from-environment");
    EXPECT_EQ(config.database_url, "postgresql://u:p@h/d?a=b");
    EXPECT_EQ(config.mail_from, "A <a@b.c>");
}

TEST_F(Settings, AnEmptyTextIsMeantAndAnEmptyNumberIsNot) {
    set("GEMINI_FALLBACK_MODEL", "");
    set("THREADS", "");
    const Config config = Config::load();
    EXPECT_EQ(config.gemini_fallback_model, "");
    EXPECT_EQ(config.threads, 4);
}

TEST_F(Settings, AnAddressLosesItsLastSlash) {
    set("BASE_URL", "https://agency.example//");
    set("GEMINI_BASE_URL", "http://127.0.0.1:8090/");
    set("PAYMONGO_BASE_URL", "http://127.0.0.1:8091/v1/");
    const Config config = Config::load();
    EXPECT_EQ(config.base_url, "https://agency.example");
    EXPECT_EQ(config.gemini_base_url, "http://127.0.0.1:8090");
    EXPECT_EQ(config.paymongo_base_url, "http://127.0.0.1:8091/v1");
}

TEST_F(Settings, AnEmptyOneIsTheDefault) {
    set("GEMINI_BASE_URL", "");
    set("LOG_LEVEL", "");
    EXPECT_EQ(Config::load().gemini_base_url, "https://generativelanguage.googleapis.com");
    EXPECT_EQ(Config::load().log_level, "info");
}

TEST_F(Settings, AWrongValueIsRefusedByName) {
    for (const char* wrong : {"0", "-1", "eight", "8 threads", "10001", "99999999999"}) {
        set("THREADS", wrong);
        EXPECT_NE(refusal().find("THREADS must be"), std::string::npos) << wrong;
    }
    set("THREADS", nullptr);
    set("PREPARED", "yes");
    EXPECT_NE(refusal().find("PREPARED must be on or off"), std::string::npos);
}

TEST_F(Settings, AFileThatCannotBeReadOrUnderstoodIsRefused) {
    set("LUNAXCODE_ENV", "/nowhere/at/all");
    EXPECT_NE(refusal().find("/nowhere/at/all"), std::string::npos);
    file("THREADS=4\nexport nothing\n");
    EXPECT_NE(refusal().find(":2:"), std::string::npos) << refusal();
}

TEST_F(Settings, AreListedOnceEachAndSecretsAreNotShown) {
    set("DATABASE_URL", "postgresql://app:hunter2@db/x");
    set("GEMINI_API_KEY", "AIzaSecret");
    set("THREADS", "5");
    std::ostringstream out;
    Config::load().print(out);
    const std::string text = out.str();
    EXPECT_EQ(text.find("hunter2"), std::string::npos);
    EXPECT_EQ(text.find("AIzaSecret"), std::string::npos);
    EXPECT_NE(text.find("GEMINI_API_KEY=(set)"), std::string::npos);
    EXPECT_NE(text.find("SMTP_PASSWORD=\n"), std::string::npos);
    EXPECT_NE(text.find("THREADS=5"), std::string::npos);
    for (const char* name : {"DATABASE_URL", "BASE_URL", "PAYMONGO_SECRET_KEY", "PAYMONGO_WEBHOOK_SECRET", "GOOGLE_CLIENT_SECRET", "PREPARED", "LOG_LEVEL"}) {
        const auto first = text.find(std::string{"\n"} + name + "=");
        EXPECT_NE(first, std::string::npos) << name;
        EXPECT_EQ(text.find(std::string{"\n"} + name + "=", first + 1), std::string::npos) << name;
    }
}

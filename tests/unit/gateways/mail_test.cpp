// Mail: files where there is no SMTP server.
#include "gateways/mail.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace gateways;
namespace fs = std::filesystem;

namespace {

class MailFiles : public testing::Test {
protected:
    void SetUp() override {
        folder = fs::temp_directory_path() / ("lx-mail-" + std::to_string(getpid()));
        fs::remove_all(folder);
        config.mail_from = "Lunaxcode <agency@example.ph>";
        config.mail_dir = folder / "deep" / "mail";
    }
    void TearDown() override { fs::remove_all(folder); }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator{config.mail_dir}) all.push_back(entry.path().filename());
        return all;
    }
    std::string read(const std::string& name) const {
        std::ostringstream text;
        text << std::ifstream{fs::path{config.mail_dir} / name}.rdbuf();
        return text.str();
    }
    fs::path folder;
    core::Config config;
    core::Fetcher fetcher;
    core::Mail mail{"", "juan@example.com", "Hello ₱", "Text", "<p>Text</p>", "1f-2@lunaxcode"};
};

}  // namespace

TEST_F(MailFiles, WritesOneWholeFileThatOthersCannotRead) {
    const Delivery delivery = deliver(config, fetcher, mail, 17);
    EXPECT_TRUE(delivery.done) << delivery.why;
    ASSERT_EQ(names(), std::vector<std::string>{"17-1f-2.eml"});
    const std::string text = read("17-1f-2.eml");
    EXPECT_NE(text.find("\r\nFrom: \"Lunaxcode\" <agency@example.ph>\r\nTo: juan@example.com\r\n"), text.npos);
    EXPECT_NE(text.find("\r\nMessage-ID: <1f-2@lunaxcode>\r\n"), text.npos);
    struct stat about {};
    ASSERT_EQ(stat((config.mail_dir + "/17-1f-2.eml").c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777U, 0600U);
}

TEST_F(MailFiles, ARepeatReplacesItsOwnFile) {
    deliver(config, fetcher, mail, 17);
    deliver(config, fetcher, mail, 17);
    EXPECT_EQ(names().size(), 1U);
    mail.message_id = "3@lunaxcode";
    deliver(config, fetcher, mail, 18);
    EXPECT_EQ(names().size(), 2U);
}

TEST_F(MailFiles, StaysInTheFolderWhateverTheMessageIdIs) {
    mail.message_id = "../../etc/passwd@lunaxcode";
    EXPECT_TRUE(deliver(config, fetcher, mail, 1).done);
    EXPECT_EQ(names(), std::vector<std::string>{"1-------etc-passwd.eml"});
}

TEST_F(MailFiles, SaysWhatIsWrongAndWhetherTryingAgainHelps) {
    mail.subject = "a\nBcc: x@y.z";
    Delivery delivery = deliver(config, fetcher, mail, 1);
    EXPECT_FALSE(delivery.done);
    EXPECT_TRUE(delivery.permanent);
    EXPECT_FALSE(fs::exists(config.mail_dir));
    mail.subject = "a";
    fs::create_directories(folder);
    std::ofstream{folder / "file"} << "x";
    config.mail_dir = folder / "file";
    delivery = deliver(config, fetcher, mail, 1);
    EXPECT_FALSE(delivery.done);
    EXPECT_FALSE(delivery.permanent);
    EXPECT_NE(delivery.why.find("MAIL_DIR"), std::string::npos);
}

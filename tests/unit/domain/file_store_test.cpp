// File store: names by content, what survives, ranges, and what the collector leaves alone.
#include "domain/file_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <utime.h>

#include <cstdlib>
#include <filesystem>

#include "core/crypto.h"
#include "core/error.h"

using namespace domain;
namespace fs = std::filesystem;

namespace {

class Store : public testing::Test {
protected:
    void SetUp() override {
        char folder[] = "/tmp/lx-store-XXXXXX";
        config.files_dir = mkdtemp(folder);
        config.files_keep_free_mb = 1;
        store = std::make_unique<FileStore>(config, "agency");
    }
    void TearDown() override { fs::remove_all(config.files_dir); }

    Digest keep(const std::string& partial, std::string_view content) {
        core::File file = store->partial(partial, true);
        file.write_at(0, content);
        file.sync();
        const Digest digest = FileStore::digest(file);
        const core::File held = store->keep(partial, digest);
        store->drop_partial(partial);
        return digest;
    }
    static void age(const std::string& path) {
        const utimbuf long_ago{1'000'000, 1'000'000};
        ASSERT_EQ(utime(path.c_str(), &long_ago), 0);
    }
    core::Reply send(const Digest& digest, std::vector<std::pair<std::string, std::string>> headers, std::string by = "") {
        core::Request request;
        request.headers = std::move(headers);
        request.sends_files = std::move(by);
        return store->send(request, store->path(digest.sha256), "tag", "text/plain");
    }

    core::Config config;
    std::unique_ptr<FileStore> store;
};

}  // namespace

TEST_F(Store, NamesFilesByTheirContent) {
    const Digest one = keep("a", "hello"), two = keep("b", "hello");
    EXPECT_EQ(one.sha256, core::sha256("hello"));
    EXPECT_EQ(one.size, 5U);
    EXPECT_EQ(one.sha256, two.sha256);
    EXPECT_EQ(fs::file_size(store->path(one.sha256)), 5U);
    EXPECT_FALSE(fs::exists(config.files_dir + "/agency/uploads/a"));
    struct stat about {};
    ASSERT_EQ(stat(store->path(one.sha256).c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777U, 0640U & ~[] { const mode_t old = umask(0); umask(old); return old; }());
}

TEST_F(Store, ReplacesAFileThatTheDiskHasCut) {
    const Digest one = keep("a", "hello");
    fs::resize_file(store->path(one.sha256), 2);
    keep("b", "hello");
    EXPECT_EQ(FileStore::digest(core::File::to_read(store->path(one.sha256))).sha256, one.sha256);
}

TEST_F(Store, GivesEveryTenantAFolderOfItsOwn) {
    EXPECT_NE((FileStore{config, "a"}.path("x")), (FileStore{config, "b"}.path("x")));
    const std::string odd = FileStore{config, "../b"}.path("x");
    EXPECT_EQ(odd.find(".."), std::string::npos) << odd;
}

TEST_F(Store, LeavesSpaceForOthers) {
    store->need_space(1);
    try {
        store->need_space(1ULL << 60U);
        FAIL();
    } catch (const core::Error& error) {
        EXPECT_EQ(error.status, 507);
    }
}

TEST_F(Store, HandsFilesToTheWebServerWhereItSendsThem) {
    const Digest one = keep("a", "hello");
    const auto accel = send(one, {}, "accel"), xsendfile = send(one, {}, "xsendfile");
    EXPECT_EQ(accel.headers.at(0), (std::pair<std::string, std::string>{"X-Accel-Redirect", "/.files" + store->path(one.sha256).substr(config.files_dir.size())}));
    EXPECT_EQ(xsendfile.headers.at(0).second, store->path(one.sha256));
    EXPECT_FALSE(accel.file || xsendfile.file);
}

TEST_F(Store, SendsTheBytesItselfElsewhere) {
    const Digest one = keep("a", "0123456789");
    const auto range = [&](const char* asked, const char* condition = "") {
        const auto reply = send(one, {{"range", asked}, {"if-range", condition}});
        return std::to_string(reply.status) + " " + std::to_string(reply.file->offset) + "+" + std::to_string(reply.file->size);
    };
    EXPECT_EQ(range(""), "200 0+10");
    EXPECT_EQ(range("bytes=2-4"), "206 2+3");
    EXPECT_EQ(range("bytes=8-99"), "206 8+2");
    EXPECT_EQ(range("bytes=-3"), "206 7+3");
    EXPECT_EQ(range("bytes=-30"), "206 0+10");
    EXPECT_EQ(range("bytes=9-"), "206 9+1");
    for (const char* odd : {"bytes=", "bytes=-", "bytes=4-2", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2", "bytes=99999999999999999999-"}) EXPECT_EQ(range(odd), "200 0+10") << odd;
    EXPECT_EQ(range("bytes=2-4", "\"tag\""), "206 2+3");
    EXPECT_EQ(range("bytes=2-4", "\"older\""), "200 0+10");
    EXPECT_THROW(range("bytes=10-"), core::Error);
    EXPECT_THROW(range("bytes=-0"), core::Error);
    EXPECT_EQ(send(one, {{"if-none-match", "\"tag\""}}).status, 304);
}

TEST_F(Store, LetsGoOfWhatHasNoRowAndIsOld) {
    const Digest kept = keep("a", "kept"), orphan = keep("b", "orphan"), young = keep("c", "young");
    store->partial("going-on", true);
    store->partial("left", true);
    for (const auto& path : {store->path(kept.sha256), store->path(orphan.sha256), config.files_dir + "/agency/uploads/going-on", config.files_dir + "/agency/uploads/left"}) age(path);
    const auto collect = [&] {
        return store->collect(std::chrono::minutes{20}, [&](const std::string& hash) { return hash == kept.sha256; }, [](const std::string& name) { return name == "going-on"; });
    };
    {
        const core::File held = store->keep("going-on", Digest{core::sha256(""), 0});  // somebody names a file just now
        EXPECT_EQ(collect(), 0);
    }
    EXPECT_EQ(collect(), 3);  // the orphan, what was left, and the empty file that got no row
    EXPECT_TRUE(fs::exists(store->path(kept.sha256)));
    EXPECT_TRUE(fs::exists(store->path(young.sha256)));
    EXPECT_FALSE(fs::exists(store->path(orphan.sha256)));
    EXPECT_TRUE(fs::exists(config.files_dir + "/agency/uploads/going-on"));
}

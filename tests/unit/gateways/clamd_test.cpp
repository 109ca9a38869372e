// Clamd: what is sent to the scanner, and what its answers mean.
#include "gateways/clamd.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <future>
#include <thread>

using namespace gateways;
using namespace std::chrono_literals;

namespace {

// Plays clamd for one connection: reads an INSTREAM whole, then does what it is told with its bytes.
class Scanner {
public:
    explicit Scanner(std::function<std::string(const std::string&)> answer, bool reads = true) {
        char folder[] = "/tmp/lx-clamd-XXXXXX";
        folder_ = mkdtemp(folder);
        path = folder_ + "/clamd.sock";
        sockaddr_un to{};
        to.sun_family = AF_UNIX;
        path.copy(to.sun_path, sizeof to.sun_path - 1);
        listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        EXPECT_EQ(listen(listener_, 1), 0);
        thread_ = std::thread{[this, answer = std::move(answer), reads] {
            const int one = accept(listener_, nullptr, nullptr);
            std::string all = reads ? read_stream(one) : "";
            const std::string text = answer(all);
            (void)send(one, text.data(), text.size(), MSG_NOSIGNAL);  // whoever asked may have gone
            close(one);
        }};
    }
    ~Scanner() {
        thread_.join();
        close(listener_);
        unlink(path.c_str());
        rmdir(folder_.c_str());
    }
    std::string path;

private:
    static std::string exactly(int from, std::size_t size) {
        std::string text(size, '\0');
        for (std::size_t have = 0; have < size;) {
            const ssize_t got = read(from, text.data() + have, size - have);
            if (got <= 0) return {};
            have += static_cast<std::size_t>(got);
        }
        return text;
    }
    static std::string read_stream(int from) {
        std::string all = exactly(from, 10);
        EXPECT_EQ(all, std::string("zINSTREAM\0", 10));
        all.clear();
        for (;;) {
            const std::string head = exactly(from, 4);
            std::size_t size = 0;
            for (const char c : head) size = size << 8U | static_cast<unsigned char>(c);
            if (size == 0) return all;
            all += exactly(from, size);
        }
    }
    std::string folder_;
    int listener_ = -1;
    std::thread thread_;
};

core::File file(std::string_view content) {
    char name[] = "/tmp/lx-scan-XXXXXX";
    core::File made{mkstemp(name)};
    unlink(name);
    made.write_at(0, content);
    return made;
}

}  // namespace

TEST(Clamd, IsGivenEveryByteAndItsWordIsTaken) {
    const std::string content(200'000, 'x');
    std::string seen;
    Scanner scanner{[&](const std::string& all) { seen = all; return std::string("stream: OK\0", 11); }};
    EXPECT_EQ(scan(scanner.path, file(content)).verdict, Scan::Verdict::clean);
    EXPECT_EQ(seen, content);
}

TEST(Clamd, NamesWhatItFound) {
    Scanner scanner{[](const std::string&) { return std::string("stream: Eicar-Test-Signature FOUND\0", 35); }};
    const Scan found = scan(scanner.path, file("x"));
    EXPECT_EQ(found.verdict, Scan::Verdict::infected);
    EXPECT_EQ(found.words, "Eicar-Test-Signature");
}

TEST(Clamd, IsNotBelievedToHaveFoundNothingWhenItSaysAnythingElse) {
    for (const char* answer : {"INSTREAM size limit exceeded. ERROR", "stream: OKAY", "", "OK FOUND IT"}) {
        Scanner scanner{[&](const std::string&) { return std::string{answer} + '\0'; }};
        EXPECT_EQ(scan(scanner.path, file("x")).verdict, Scan::Verdict::unknown) << answer;
    }
    Scanner closes{[](const std::string&) { return std::string{}; }, false};
    EXPECT_EQ(scan(closes.path, file(std::string(3'000'000, 'x'))).verdict, Scan::Verdict::unknown);
}

TEST(Clamd, IsNotWaitedForForEver) {
    std::promise<void> given_up;
    std::future_status heard{};
    {
        Scanner silent{[&](const std::string&) {
            heard = given_up.get_future().wait_for(20s);
            return std::string{};
        }};
        EXPECT_EQ(scan(silent.path, file("x"), 100ms).verdict, Scan::Verdict::unknown);
        given_up.set_value();
    }
    EXPECT_EQ(heard, std::future_status::ready) << "it waited for the scanner's end";
    EXPECT_EQ(scan("/tmp/there/is/no/such.sock", file("x")).verdict, Scan::Verdict::unknown);
    EXPECT_EQ(scan("nonsense", file("x")).verdict, Scan::Verdict::unknown);
    EXPECT_EQ(scan("127.0.0.1:1", file("x")).verdict, Scan::Verdict::unknown);
}

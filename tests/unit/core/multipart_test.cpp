// Multipart: a file out of a form, however the body is cut into pieces.
#include "core/multipart.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>

#include "core/error.h"

using namespace core;

namespace {

struct Found {
    std::string name, content;
};

std::optional<Found> file_in(std::string body, std::size_t at_once, std::size_t asked = 7) {
    FormFile form{"XX", [&](char* to, std::size_t size) {
                      const std::size_t n = std::min({size, body.size(), at_once});
                      std::memcpy(to, body.data(), n);
                      body.erase(0, n);
                      return n;
                  }};
    if (!form.find()) return std::nullopt;
    Found found{form.name(), {}};
    std::string piece(asked, '\0');
    while (const std::size_t got = form.read(piece.data(), piece.size())) found.content.append(piece, 0, got);
    return found;
}

std::string part(std::string_view headers, std::string_view content) {
    return "--XX\r\n" + std::string{headers} + "\r\n\r\n" + std::string{content} + "\r\n";
}
const std::string head = "Content-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain";

}  // namespace

TEST(FormBoundary, IsTakenFromTheContentType) {
    EXPECT_EQ(form_boundary("multipart/form-data; boundary=abc"), "abc");
    EXPECT_EQ(form_boundary("Multipart/Form-Data; charset=utf-8; Boundary=\"a b;c\""), "a b;c");
    EXPECT_EQ(form_boundary("application/json"), "");
    EXPECT_EQ(form_boundary("multipart/mixed; boundary=abc"), "");
    EXPECT_EQ(form_boundary("multipart/form-data"), "");
}

TEST(FormFile, ComesOutWholeHoweverTheBodyIsCut) {
    const std::string content = "line\r\n--X not the end\r\n--XXY\n\r\r\n-\r\n--X";
    const std::string odd = "line\r\n--X not the end\n\r\r\n-\r\n--X";
    for (std::size_t at_once = 1; at_once < 60; ++at_once) {
        const auto found = file_in("preamble\r\n" + part("Content-Disposition: form-data; name=\"note\"", "words") + part(head, odd) + "--XX--\r\n", at_once);
        ASSERT_TRUE(found) << at_once;
        EXPECT_EQ(found->name, "a.txt");
        EXPECT_EQ(found->content, odd) << at_once;
    }
    EXPECT_EQ(file_in(part(head, content) + "--XX--\r\n", 5)->content, "line\r\n--X not the end") << "a boundary with more behind it is one (RFC 2046)";
}

TEST(FormFile, MayBeEmpty) {
    EXPECT_EQ(file_in(part(head, "") + "--XX--\r\n", 3)->content, "");
    EXPECT_EQ(file_in("--XX\r\n" + head + "\r\n\r\n--XX--\r\n", 3)->content, "");
}

TEST(FormFile, MayBeMissing) { EXPECT_FALSE(file_in(part("Content-Disposition: form-data; name=\"f\"", "x") + "--XX--\r\n", 10)); }

TEST(FormFile, HasTheNameThatIsGiven) {
    const auto named = [](std::string_view disposition) { return file_in(part(disposition, "x") + "--XX--\r\n", 9)->name; };
    EXPECT_EQ(named("content-disposition: form-data; name=f; filename=plain.txt"), "plain.txt");
    EXPECT_EQ(named("Content-Disposition: form-data; filename=\"a;b\\\"c.txt\"; name=\"f\""), "a;b\"c.txt");
    EXPECT_EQ(named("Content-Disposition: form-data; filename=\"x\"; filename*=UTF-8''%e2%82%ac.txt"), "€.txt");
    EXPECT_EQ(named("Content-Type: a/b\r\nContent-Disposition: form-data; filename=\"\""), "");
}

TEST(FormFile, EndsWithAnErrorWhereTheBodyEndsEarly) {
    const std::string whole = part(head, "content") + "--XX--\r\n";
    for (std::size_t size = 0; size < whole.size() - 9; ++size) EXPECT_THROW(file_in(whole.substr(0, size), 4), Error) << size;
    EXPECT_THROW(file_in(std::string(200'000, 'x'), 1000), Error) << "no boundary at all";
    EXPECT_THROW(file_in("--XX\r\n" + std::string(200'000, 'h'), 1000), Error) << "headers without an end";
}

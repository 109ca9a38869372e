// Fuzzes what a client says of a file, and the form that it comes in: names stay one line and one part of a path, headers cannot
// be broken out of, and a file comes out of its form as it went in, however the body is cut.
// Input: the first byte says how the body is cut; the rest is name, a zero byte, content.
#include <cstdint>
#include <cstring>
#include <string>

#include "claim.h"
#include "core/cgi.h"
#include "core/error.h"
#include "core/http.h"
#include "core/multipart.h"
#include "core/picture.h"
#include "domain/file_name.h"

using fuzz::claim;

namespace {

void judge_name(std::string_view given) {
    const std::string name = domain::file_name(given);
    claim(!name.empty() && name.size() <= domain::file_name_limit, "a name is there and not long");
    claim(name.find_first_of(std::string_view{"/\\\r\n\0<>:\"|?*", 12}) == name.npos && name != "." && name != "..", "a name is one part of a path");
    claim(domain::file_name(name) == name, "a clean name stays as it is");
    for (const bool in_page : {false, true}) {
        const std::string header = domain::content_disposition(name, in_page);
        for (const char c : header) claim(c >= 0x20 && c < 0x7F, "a header is printable ASCII");
        const auto extended = header.find("filename*=UTF-8''");
        if (extended != header.npos) claim(core::url_decoded(std::string_view{header}.substr(extended + 17), false) == name, "the name comes back");
        else claim(header.find("filename=\"" + name + "\"") != header.npos, "the name is there as it is");
        claim(core::head_of(core::no_content().with("Content-Disposition", header)).find(header) != std::string::npos, "the header may be sent");
    }
}

// The file of a body that is given in pieces of this size.
bool file_of(std::string_view body, std::size_t at_once, std::string& content) {
    core::FormFile form{"XX", [&](char* to, std::size_t size) {
                            const std::size_t n = std::min({size, body.size(), at_once});
                            std::memcpy(to, body.data(), n);
                            body.remove_prefix(n);
                            return n;
                        }};
    if (!form.find()) return false;
    char piece[97];
    while (const std::size_t got = form.read(piece, sizeof piece)) content.append(piece, got);
    return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t at_once = 1U + data[0] % 64U;
    const std::string_view input{reinterpret_cast<const char*>(data + 1), size - 1};
    const auto zero = std::min(input.find('\0'), input.size());
    const std::string_view name = input.substr(0, zero), content = input.substr(std::min(zero + 1, input.size()));
    judge_name(name);
    (void)core::picture_facts(content);
    (void)core::form_boundary(name);

    // Any bytes as a body: a file, none, or an error for the client.
    for (const std::size_t cut : {at_once, input.size()}) {
        std::string found;
        try {
            (void)file_of(input, cut, found);
        } catch (const core::Error& error) {
            claim(error.status == 400, "a broken form is the client's fault");
        }
        claim(found.size() <= input.size(), "nothing is made longer");
    }
    // A whole form with this content, unless the content has the boundary in it.
    if (("\r\n" + std::string{content}).find("\r\n--XX") != std::string::npos) return 0;
    std::string found;
    claim(file_of("--XX\r\nContent-Disposition: form-data; filename=\"a\"\r\n\r\n" + std::string{content} + "\r\n--XX--\r\n", at_once, found) && found == content,
          "a file comes out as it went in");
    return 0;
}

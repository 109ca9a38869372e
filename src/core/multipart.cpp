// Multipart: a window over the body, as long as a boundary and the reader's piece.
#include "core/multipart.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace core {
namespace {

constexpr std::size_t preface_limit = 64 * 1024;  // of the parts before the file, and of a part's headers
constexpr std::size_t piece = 64 * 1024;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view bare(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// The parameter of a header's value: name=token or name="quoted". Browsers write a quote in a name as %22 (RFC 7578 §2 by way
// of HTML's form encoding), others as \".
bool parameter(std::string_view value, std::string_view wanted, std::string& found) {
    for (auto at = value.find(';'); at != value.npos && at < value.size();) {
        ++at;
        const auto equals = value.find('=', at);
        if (equals == value.npos) return false;
        const auto name = bare(value.substr(at, equals - at));
        std::string text;
        at = equals + 1;
        if (at < value.size() && value[at] == '"') {
            for (++at; at < value.size() && value[at] != '"'; ++at) {
                if (value[at] == '\\' && at + 1 < value.size() && (value[at + 1] == '"' || value[at + 1] == '\\')) ++at;
                text += value[at];
            }
            at = value.find(';', at);
        } else {
            const auto end = std::min(value.find(';', at), value.size());
            text = bare(value.substr(at, end - at));
            at = end;
        }
        if (same(name, wanted)) {
            found = std::move(text);
            return true;
        }
    }
    return false;
}

// Whether these header lines are a file's, and its name.
bool is_file(std::string_view lines, std::string& name) {
    while (!lines.empty()) {
        const auto end = std::min(lines.find("\r\n"), lines.size());
        const auto line = lines.substr(0, end);
        lines.remove_prefix(std::min(end + 2, lines.size()));
        const auto colon = line.find(':');
        if (colon == line.npos || !same(bare(line.substr(0, colon)), "content-disposition")) continue;
        const auto value = line.substr(colon + 1);
        std::string extended;
        const bool plain = parameter(value, "filename", name);
        if (!parameter(value, "filename*", extended)) return plain;
        const auto language = extended.rfind('\'');  // UTF-8'en'name
        name = url_decoded(language == extended.npos ? extended : extended.substr(language + 1), false);
        return true;
    }
    return false;
}

}  // namespace

std::string form_boundary(std::string_view type) {
    if (!same(bare(type.substr(0, type.find(';'))), "multipart/form-data")) return {};
    std::string boundary;
    if (!parameter(type, "boundary", boundary) || boundary.size() > 200 || boundary.find_first_of("\r\n") != boundary.npos) return {};
    return boundary;
}

FormFile::FormFile(std::string boundary, ReadBody read) : delimiter_{"\r\n--" + boundary}, read_{std::move(read)}, held_{"\r\n"} {}

bool FormFile::fill() {
    const std::size_t had = held_.size();
    held_.resize(had + piece);
    const std::size_t got = read_(held_.data() + had, piece);
    held_.resize(had + got);
    return got > 0;
}

// Where the delimiter is in what is held, or where it may begin at its end; `whole` says which.
std::string::size_type FormFile::delimiter(bool& whole) {
    const auto found = held_.find(delimiter_);
    whole = found != held_.npos;
    if (whole) return found;
    const std::size_t longest = std::min(held_.size(), delimiter_.size() - 1);
    for (std::size_t size = longest; size > 0; --size)
        if (std::memcmp(held_.data() + held_.size() - size, delimiter_.data(), size) == 0) return held_.size() - size;
    return held_.size();
}

bool FormFile::find() {
    for (std::size_t skipped = 0;;) {
        // To the next delimiter, over what is before it.
        bool whole = false;
        for (;;) {
            const auto at = delimiter(whole);
            skipped += at;
            held_.erase(0, at);
            if (whole) break;
            if (skipped > preface_limit) throw bad_request("The form has too much before its file.");
            if (!fill()) throw bad_request("The form ends before its last boundary.");
        }
        // Its line, the headers, the empty line.
        std::string::size_type end = std::string::npos;
        for (;;) {
            const std::string_view after = std::string_view{held_}.substr(delimiter_.size());
            if (after.starts_with("--")) return false;
            end = held_.find("\r\n\r\n", delimiter_.size());
            if (end != held_.npos) break;
            if (held_.size() > preface_limit) throw bad_request("A part of the form has no end of its headers.");
            if (!fill()) throw bad_request("The form ends within a part's headers.");
        }
        const std::string headers = held_.substr(delimiter_.size(), end - delimiter_.size());
        held_.erase(0, end + 2);  // the empty line's end stays: a file without a byte ends right there
        name_.clear();
        if (is_file(headers, name_)) break;
        skipped += headers.size();
    }
    bool whole = false;
    while (delimiter(whole) == 0 && !whole)
        if (!fill()) throw bad_request("The form ends within the file.");
    if (whole && delimiter(whole) == 0) over_ = true;
    else held_.erase(0, 2);
    return true;
}

std::size_t FormFile::read(char* to, std::size_t size) {
    while (!over_ && size > 0) {
        bool whole = false;
        const std::size_t ready = delimiter(whole);
        if (ready > 0) {
            const std::size_t given = std::min(ready, size);
            std::memcpy(to, held_.data(), given);
            held_.erase(0, given);
            return given;
        }
        if (whole) over_ = true;
        else if (!fill()) throw bad_request("The form ends within the file.");
    }
    return 0;
}

}  // namespace core

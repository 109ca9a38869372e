// find-blob: which of the objects that `git cat-file --batch` writes to its stdin has one of the given SHA-256 hashes.
#include <cstdio>
#include <iostream>
#include <set>
#include <string>

#include "core/crypto.h"

using std::string;

namespace {

constexpr const char* usage =
    "usage: git cat-file --batch … | find-blob SHA256...\n"
    "Prints \"SHA256 OBJECT lf|crlf|as-is\" for each object with such a hash: of its bytes, or of its bytes with other line ends.\n"
    "Exit: 0 found, 1 none, 2 usage or a stream that is not git's.\n";

string with_crlf(const string& text) {
    string out;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) out += '\r';
        out += text[i];
    }
    return out;
}

string with_lf(const string& text) {
    string out;
    for (size_t i = 0; i < text.size(); ++i)
        if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
    return out;
}

}  // namespace

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    const std::set<string> wanted(argv + 1, argv + argc);
    if (wanted.empty()) return fputs(usage, stderr), 2;
    bool found = false;
    // "OBJECT TYPE SIZE", that many bytes, a line end; "OBJECT missing" has no bytes.
    for (string head; std::getline(std::cin, head);) {
        if (head.ends_with(" missing")) continue;
        const auto first = head.find(' '), last = head.rfind(' ');
        if (first == string::npos || first == last) return fputs(usage, stderr), 2;
        char* end = nullptr;
        const unsigned long long size = strtoull(head.c_str() + last + 1, &end, 10);
        if (*end || size > (1u << 30)) return fputs(usage, stderr), 2;
        string bytes(size, '\0');
        if (!std::cin.read(bytes.data(), static_cast<std::streamsize>(size)) || std::cin.get() != '\n') return fputs(usage, stderr), 2;
        const auto look = [&](const string& text, const char* ends) {
            const string hash = core::hex(core::sha256(text));
            if (!wanted.contains(hash)) return false;
            printf("%s %s %s\n", hash.c_str(), head.substr(0, first).c_str(), ends);
            return found = true;
        };
        if (!look(bytes, "as-is") && bytes.find('\n') != string::npos && !look(with_lf(bytes), "lf")) look(with_crlf(bytes), "crlf");
    }
    return found ? 0 : 1;
}

// The migrations of a folder.
#include "tools/scan/folder.h"

#include <algorithm>
#include <filesystem>

namespace scan {

namespace {

namespace fs = std::filesystem;

// The scripts that read the timeline part its lines by tabs, and psql reads the names as its words.
void check(const Migration& m) {
    if (std::any_of(m.path.begin(), m.path.end(), [](unsigned char c) { return c < 32 || c == 127 || c == '\\'; }))
        throw Unreadable{"a file name has a backslash, a tab or another control character in it"};
    // As long as the column of the history.
    if (m.name.size() > 200) throw Unreadable{m.name + " is longer than 200 bytes"};
}

}  // namespace

std::string name_of(const std::string& path) {
    const fs::path p{path};
    return p.filename() == "migration.sql" ? p.parent_path().filename().string() : p.stem().string();
}

std::vector<Migration> timeline(const std::string& folder, const std::vector<std::string>& others) {
    std::vector<Migration> found;
    std::error_code error;
    if (!folder.empty()) {
        for (fs::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
            const std::string entry = at->path().filename().string(), path = folder + "/" + entry;
            if (entry[0] < '0' || entry[0] > '9') continue;
            std::error_code gone;  // a link that leads nowhere is no file
            if (entry.ends_with(".sql") && fs::is_regular_file(path, gone)) found.push_back({name_of(path), path, ""});
            else if (fs::is_regular_file(path + "/migration.sql", gone))
                found.push_back({entry, path + "/migration.sql", fs::is_regular_file(path + "/down.sql", gone) ? path + "/down.sql" : ""});
        }
        if (error) throw Unreadable{"nothing can be read: " + error.message()};
    }
    for (const auto& path : others) found.push_back({name_of(path), path, ""});
    for (const auto& m : found) check(m);
    std::sort(found.begin(), found.end(), [](const Migration& a, const Migration& b) { return a.name < b.name; });
    const auto twice = std::adjacent_find(found.begin(), found.end(), [](const Migration& a, const Migration& b) { return a.name == b.name; });
    if (twice != found.end()) throw SameName{"two files have the name " + twice->name};
    return found;
}

}  // namespace scan

// The migrations of a folder: which of its files they are, what they are called, and their order.
#pragma once
#include <stdexcept>
#include <string>
#include <vector>

namespace scan {

struct Migration {
    std::string name, path;
    std::string down;  // NAME/down.sql beside a NAME/migration.sql, as Prisma writes them; else empty
};

// What is wrong with a folder or with a name in it, in words that go on after "in FOLDER ".
struct Unreadable : std::runtime_error { using std::runtime_error::runtime_error; };
struct SameName : std::runtime_error { using std::runtime_error::runtime_error; };

// STAMP_name.sql, or STAMP_name/migration.sql: its name is the part before.
std::string name_of(const std::string& path);

// Those of the folder, whose names begin with a digit, and the `others`, in the order of their names (by bytes). One thread.
// Throws Unreadable, SameName.
std::vector<Migration> timeline(const std::string& folder, const std::vector<std::string>& others);

}  // namespace scan

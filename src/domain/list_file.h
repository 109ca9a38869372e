// ListFile: a list as a CSV file in its reader's language. Where that is English, cells are what the statement gave: codes and JSON as
// they are kept, for who reads a file by program. Columns and their order are the same in every language.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/paging.h"

namespace domain {

// What the cells of a column hold, for who does not read English.
enum class Cell {
    own,    // names, numbers, moments, what somebody wrote: never touched
    code,   // a word of ours: a status, a role, an action
    said,   // a short text of ours with somebody's words in it: "files of project 7"
    field,  // the name of a field
    value,  // a value of the field that the column before named
    facts,  // a JSON object, shown as a line for each of its members
};
struct Column {
    const char* head;
    Cell cell = Cell::own;
};

// ?language=, else what the page is in (its cookie, else the browser), else what the account chose, as far as the agency offers it; else the agency's
// own. The owner of the installation is offered all.
std::string reading_language(core::Call& call);
// Throws Error 422 for a ?language= that there is not.
void check_language(const core::Request& request);

core::Reply list_file(core::Call& call, std::string_view name, std::vector<Column> columns, core::Page page, std::function<core::Query(const core::Page&)> rows);

}  // namespace domain

// Paging: lists page by page, each beginning behind the last row of the one before (keyset), so that a deep page costs what
// the first does, and what comes or goes meanwhile neither repeats nor hides a row.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/route.h"

namespace core {

// What a list may be ordered by. Rows whose keys are equal are told apart by their ids; where the id alone orders, there is no key.
struct By {
    enum class Key { none, number, moment, text };
    const char* name;  // as ?sort= says it
    Key key;
    const char* start;  // a key and an id that every row comes after
    std::int64_t id;
};
inline constexpr std::int64_t highest_id = std::numeric_limits<std::int64_t>::max();
inline constexpr By newest{"newest", By::Key::none, "", highest_id}, oldest{"oldest", By::Key::none, "", 0};

// Where a page begins. A statement takes $1 = key, $2 = id, $3 = limit, and gives key, id, then what the list shows.
struct Page {
    std::size_t by = 0;  // which of the list's orders
    const char* sort = "";
    std::string key;
    std::int64_t id = 0;
    std::int64_t limit = 0;
    bool first = true;  // no cursor was sent
    Page plus_one() const { Page p = *this; ++p.limit; return p; }  // the row that says whether a page follows
};

// ?sort=, ?limit= and ?cursor= of a request. The first order counts where none is asked for. Throws Error 400 with the field.
Page read_page(const Request& request, std::span<const By> orders, std::int64_t usual_limit);
// The rows of one page, by a statement of that page. Planned for these very parameters: a filter that is not set costs nothing.
// Ends the transaction.
Result page_rows(Call& call, const Page& page, const Query& query);
// The same with another statement's answer as the second, in one round trip.
std::array<Result, 2> page_rows(Call& call, const Page& page, const Query& query, const Query& beside);
// Two members of an open object: the rows' third columns as an array of that name, and `next`, the cursor of the page that
// follows, or null. For rows of page.plus_one(). `turned`: the last row of the page stands first.
void write_page(Writer& out, std::string_view name, const Page& page, const Result& rows, bool turned = false);

// ?q=: words to search for, trimmed; at most 200 characters, else Error 400.
std::string read_words(const Request& request);

// A cell of a CSV file (RFC 4180). What a spreadsheet would take for a formula begins with an apostrophe, and so do digits that it
// would change: those behind a zero, as in 0917…, and those of more than 15 places.
void append_cell(std::string& to, std::string_view text);
// What a file says beside its rows' own cells.
struct CsvWords {
    std::vector<std::string> heads;
    std::function<std::string(const Row& row, int column)> cell = {};  // where a cell does not say its column's value as it is
    std::string broken = {};  // the last line of one that was broken off
};
// The list from `page` on as a file of any length, read and sent page by page. The columns after key and id are its cells. It begins
// with a byte order mark, without which Excel takes UTF-8 for another code. A failure on the way breaks the answer off, and says so
// in its last line. In its reader's language: domain/list_file.h.
Reply csv_file(Call& call, std::string_view name, CsvWords words, Page page, std::function<Query(const Page&)> rows);

}  // namespace core

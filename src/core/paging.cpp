// Paging: cursors, rows of a page, and lists as CSV files.
#include "core/paging.h"

#include <algorithm>
#include <charconv>

#include "core/crypto.h"
#include "core/error.h"
#include "core/form.h"

namespace core {
namespace {

// Otherwise PostgreSQL would come to plan these statements once for all parameters, and read the whole table for a deep page.
constexpr Sql plan_each_time = "set local plan_cache_mode = force_custom_plan";

constexpr std::int64_t highest_limit = 100, rows_of_a_piece = 500;
constexpr char between = '\x1f';
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

Error wrong_cursor() {
    return bad_request("This is no place in this list.", {{"cursor", "Send what `next` of the page before was, with the same sort; leave it out to begin with the first page."}});
}

bool whole_number(std::string_view text, std::int64_t& value) {
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc{} && end == text.data() + text.size();
}

bool fits(By::Key kind, std::string_view key) {
    std::int64_t number = 0;
    switch (kind) {
        case By::Key::none: return key.empty();
        case By::Key::number: return whole_number(key, number);
        case By::Key::moment: return !key.empty() && key.size() <= 40 && key.find_first_not_of("0123456789 -:.+") == key.npos;
        case By::Key::text: return key.size() <= 2'000 && key.find('\0') == key.npos;
    }
    return false;
}

template <class Ask>
auto read(const Page& page, Ask ask) {
    try {
        return ask();
    } catch (const SqlError& error) {
        if (page.first || !error.sqlstate.starts_with("22")) throw;
        throw wrong_cursor();  // a moment or a text that PostgreSQL does not read: not one that it gave
    }
}

std::string cursor_behind(const Page& page, const Row& row) {
    std::string place{page.sort};
    place.append(1, between).append(row.text(1)).append(1, between).append(row.text(0));
    return base64url(place);
}

}  // namespace

Page read_page(const Request& request, std::span<const By> orders, std::int64_t usual_limit) {
    Page page;
    if (const std::string sort = request.query_value("sort"); !sort.empty()) {
        const auto found = std::ranges::find(orders, sort, [](const By& by) { return std::string_view{by.name}; });
        if (found == orders.end()) {
            std::string known;
            for (const By& by : orders) known += (known.empty() ? "" : ", ") + std::string{by.name};
            throw bad_request("This list is not sorted in that way.", {{"sort", "It is one of " + known + "."}});
        }
        page.by = static_cast<std::size_t>(found - orders.begin());
    }
    const By& by = orders[page.by];
    page.sort = by.name;
    page.key = by.start;
    page.id = by.id;
    page.limit = usual_limit;
    if (const std::string limit = request.query_value("limit"); !limit.empty() && (!whole_number(limit, page.limit) || page.limit < 1 || page.limit > highest_limit))
        throw bad_request("A page cannot be that long.", {{"limit", "This is a whole number from 1 to " + std::to_string(highest_limit) + "."}});
    if (const std::string cursor = request.query_value("cursor"); !cursor.empty()) {
        const std::string place = from_base64url(cursor).value_or("");
        const auto sort_ends = place.find(between), id_ends = sort_ends == place.npos ? place.npos : place.find(between, sort_ends + 1);
        if (id_ends == place.npos) throw wrong_cursor();
        const std::string_view whole{place}, sort = whole.substr(0, sort_ends), id = whole.substr(sort_ends + 1, id_ends - sort_ends - 1), key = whole.substr(id_ends + 1);
        if (sort != by.name || !whole_number(id, page.id) || page.id < 1 || !fits(by.key, key)) throw wrong_cursor();
        page.key = key;
        page.first = false;
    }
    return page;
}

Result page_rows(Call& call, const Page& page, const Query& query) {
    return read(page, [&] { return std::move(call.db().last(ask<plan_each_time>(), query)[1]); });
}

std::array<Result, 2> page_rows(Call& call, const Page& page, const Query& query, const Query& beside) {
    return read(page, [&] {
        auto answers = call.db().last(ask<plan_each_time>(), query, beside);
        return std::array{std::move(answers[1]), std::move(answers[2])};
    });
}

void write_page(Writer& out, std::string_view name, const Page& page, const Result& rows, bool turned) {
    const int shown = std::min(rows.size(), static_cast<int>(page.limit));
    out.key(name).array();
    for (int i = 0; i < shown; ++i) out.raw(rows[turned ? shown - 1 - i : i].text(2));
    out.end_array().key("next");
    rows.size() > shown ? out.value(cursor_behind(page, rows[shown - 1])) : out.null();
}

std::string read_words(const Request& request) {
    std::string words = trimmed(request.query_value("q"));
    if (characters(words) > 200) throw bad_request("That is too much to search for.", {{"q", "At most 200 characters are searched for."}});
    return words;
}

void append_cell(std::string& to, std::string_view text) {
    const std::string_view unsigned_part = text.starts_with('-') ? text.substr(1) : text;
    const auto digits = std::min(unsigned_part.find_first_not_of("0123456789"), unsigned_part.size());
    const std::string_view rest = unsigned_part.substr(digits);
    // A reference such as 00123, or one of more digits than a spreadsheet's number has, would come back as another.
    const bool exact = (digits == 1 || !unsigned_part.starts_with('0')) && digits <= 15;
    const bool plain = digits > 0 && (rest.empty() || (rest.size() > 1 && rest[0] == '.' && rest.find_first_not_of("0123456789", 1) == rest.npos));
    if (plain && exact) {
        to += text;
        return;
    }
    // Spreadsheets skip blanks before a formula, and some read the wide forms of East Asian keyboards.
    const std::string_view bare = text.substr(std::min(text.find_first_not_of(" \t\r\n\v\f"), text.size()));
    constexpr std::string_view wide[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
    const bool guarded = plain || (!text.empty() && static_cast<unsigned char>(text.front()) < 0x20) || (!bare.empty() && std::string_view{"=+-@|"}.find(bare.front()) != std::string_view::npos) ||
                         std::ranges::any_of(wide, [&](std::string_view sign) { return bare.starts_with(sign); });
    to += '"';
    if (guarded) to += '\'';
    for (const char c : text) to.append(c == '"' ? 2 : 1, c);
    to += '"';
}

Reply csv_file(Call& call, std::string_view name, CsvWords words, Page page, std::function<Query(const Page&)> rows) {
    std::string head{byte_order_mark};
    for (const std::string& one : words.heads) {
        if (head.size() > byte_order_mark.size()) head += ',';
        append_cell(head, one);
    }
    head += "\r\n";
    page.limit = rows_of_a_piece;
    const auto more = [page, head, words = std::move(words), rows = std::move(rows), began = false](Call& now, std::string& to) mutable {
        if (!began) to = head;
        try {
            const Result result = page_rows(now, page, rows(page));
            for (int i = 0; i < result.size(); ++i) {
                const Row row = result[i];
                for (int column = 2; column < static_cast<int>(words.heads.size()) + 2; ++column) {
                    if (column > 2) to += ',';
                    words.cell ? append_cell(to, words.cell(row, column)) : append_cell(to, row.text(column));
                }
                to += "\r\n";
            }
            const bool goes_on = result.size() == page.limit;
            if (goes_on) {
                const Row last = result[result.size() - 1];
                page.key = last.str(0);
                page.id = last.integer(1);
            }
            began = true;
            return goes_on;
        } catch (const std::exception&) {
            if (began) {
                append_cell(to, words.broken);
                to += "\r\n";
            }
            throw;
        }
    };
    return call.stream("text/csv; charset=utf-8; header=present", more)
        .with("Content-Disposition", "attachment; filename=\"" + std::string{name} + "\"");
}

}  // namespace core

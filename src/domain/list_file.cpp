// Lists as files: in which language, and what a cell says in it.
#include "domain/list_file.h"

#include "core/error.h"
#include "domain/access.h"
#include "domain/facts.h"
#include "domain/wording.h"

namespace domain {
namespace {

using core::Json;

constexpr core::Sql reader_sql = "select reading_language($1, $2, me())";

std::string cell_in(const std::string& language, const std::vector<Column>& columns, const core::Row& row, int column) {
    const std::string_view text = row.text(column);
    switch (columns[static_cast<std::size_t>(column) - 2].cell) {
        case Cell::own: break;
        case Cell::code: return std::string{word_in(language, Words::codes, text)};
        case Cell::field: return std::string{word_in(language, Words::fields, text)};
        case Cell::said: return said_in(language, text);
        case Cell::value: {
            int named = column;
            while (named > 2 && columns[static_cast<std::size_t>(named) - 2].cell != Cell::field) --named;
            if (text.empty()) break;
            if (!text.starts_with('[') && !text.starts_with('{')) return fact_in(language, row.text(named), Json::parse(core::Writer{}.value(text).take()));
            if (const auto value = Json::try_parse(text)) return fact_in(language, row.text(named), *value);
            break;
        }
        case Cell::facts:
            if (const auto facts = Json::try_parse(text); facts && facts->is(Json::Kind::object)) return facts_in(language, *facts);
            break;
    }
    return std::string{text};
}

}  // namespace

void check_language(const core::Request& request) {
    const std::string wished = request.query_value("language");
    if (!wished.empty() && !is_shipped(wished)) throw core::unprocessable({{"language", "The language is en or fil."}});
}

std::string reading_language(core::Call& call) {
    check_language(call.request);
    std::string wished = call.request.query_value("language");
    if (!wished.empty()) return wished;
    wished = language_of(call.request);
    if (call.route.access == &platform_owner && !wished.empty()) return wished;
    return call.db().one<reader_sql>(wished, call.tenant()).str(0);
}

core::Reply list_file(core::Call& call, std::string_view name, std::vector<Column> columns, core::Page page, std::function<core::Query(const core::Page&)> rows) {
    const std::string language = reading_language(call);
    core::CsvWords words;
    for (const Column& column : columns) words.heads.emplace_back(word_in(language, Words::heads, column.head));
    words.broken = say(language, "This list is not complete: something went wrong while it was written. Please save it again.");
    if (language != "en") words.cell = [language, columns = std::move(columns)](const core::Row& row, int column) { return cell_in(language, columns, row, column); };
    return csv_file(call, name, std::move(words), std::move(page), std::move(rows));
}

}  // namespace domain

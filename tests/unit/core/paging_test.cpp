// Paging: what a request may ask of a list, cursors that lead on and others, and cells that a spreadsheet takes for text.
#include "core/paging.h"

#include <gtest/gtest.h>

#include "core/crypto.h"
#include "core/error.h"

using namespace core;

namespace {

constexpr By orders[] = {newest, {"amount", By::Key::number, "0", highest_id}, {"changed", By::Key::moment, "infinity", highest_id}, {"name", By::Key::text, "", 0}};

Page asked(std::string query) {
    Request request;
    request.query = std::move(query);
    return read_page(request, orders, 20);
}

std::string refused(std::string query) {
    try {
        asked(std::move(query));
    } catch (const Error& error) {
        return error.status == 400 && error.fields.size() == 1 ? error.fields.begin()->first : "another error";
    }
    return "";
}

std::string cursor(std::string place) { return "cursor=" + base64url(place); }

std::string cell(std::string_view text) {
    std::string to;
    append_cell(to, text);
    return to;
}

}  // namespace

TEST(Page, BeginsBeforeEveryRowInTheFirstOrder) {
    const Page page = asked("");
    EXPECT_EQ(page.by, 0U);
    EXPECT_EQ(page.key, "");
    EXPECT_EQ(page.id, highest_id);
    EXPECT_EQ(page.limit, 20);
    EXPECT_EQ(page.plus_one().limit, 21);
    EXPECT_TRUE(page.first);
    EXPECT_EQ(asked("sort=name&limit=100").by, 3U);
}

TEST(Page, GoesOnBehindTheRowThatACursorNames) {
    const Page page = asked("sort=name&" + cursor("name\x1f" "7\x1f" "a\x1f" "b"));
    EXPECT_EQ(page.id, 7);
    EXPECT_EQ(page.key, "a\x1f" "b") << "a key may hold what stands between the parts";
    EXPECT_FALSE(page.first);
    EXPECT_EQ(asked("sort=amount&" + cursor("amount\x1f" "7\x1f" "-12")).key, "-12");
    EXPECT_EQ(asked("sort=changed&" + cursor("changed\x1f" "7\x1f" "2026-11-21 15:00:00.5+00")).id, 7);
}

TEST(Page, RefusesWhatIsNoPlaceInTheList) {
    for (const char* query : {"limit=0", "limit=101", "limit=-1", "limit=5x", "limit=99999999999999999999"}) EXPECT_EQ(refused(query), "limit") << query;
    EXPECT_EQ(refused("sort=luck"), "sort");
    for (const char* place : {"newest", "newest\x1f" "7", "amount\x1f" "7\x1f" "1", "newest\x1f" "7\x1f" "key", "newest\x1f" "0\x1f", "newest\x1f" "x\x1f", "newest\x1f" "-7\x1f"})
        EXPECT_EQ(refused(cursor(place)), "cursor") << place;
    EXPECT_EQ(refused("sort=amount&" + cursor("amount\x1f" "7\x1f" "1; drop")), "cursor");
    EXPECT_EQ(refused("sort=changed&" + cursor("changed\x1f" "7\x1f" "infinity")), "cursor");
    EXPECT_EQ(refused("sort=name&" + cursor("name\x1f" "7\x1f" + std::string(1, '\0'))), "cursor");
    EXPECT_EQ(refused("cursor=%%%"), "cursor");
}

TEST(Cell, IsQuotedAndNumbersStandAsTheyAre) {
    EXPECT_EQ(cell(""), "\"\"");
    EXPECT_EQ(cell("He said \"hi\",\r\nthen left"), "\"He said \"\"hi\"\",\r\nthen left\"");
    for (const char* number : {"0", "7", "-2", "750.00", "-0.5", "0.25", "123456789012345"}) EXPECT_EQ(cell(number), number);
}

TEST(Cell, KeepsDigitsThatASpreadsheetWouldChange) {
    for (const char* digits : {"09171234567", "000012", "00", "007.50", "-012", "1234567890123456", "1234567890123456.5"})
        EXPECT_EQ(cell(digits), "\"'" + std::string{digits} + '"');
}

TEST(Cell, IsNoFormula) {
    for (const char* text : {"=1+1", "+63 917", "-2+3", "-", "--2", "1.-", "@SUM(A1)", "|x", "\t1", "\rx", "\n=1", "  =1", "\xEF\xBC\x9D" "1", "-1.", "-.5"}) {
        const std::string made = cell(text);
        EXPECT_TRUE(std::string_view{text} == "1.-" ? made == "\"1.-\"" : made.starts_with("\"'")) << text << " became " << made;
    }
}

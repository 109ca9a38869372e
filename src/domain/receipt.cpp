// Receipt: read from its row, which keeps the words of the day it was issued; refunds come from the ledger.
#include "domain/receipt.h"

#include <cstdio>

#include "core/pdf.h"
#include "domain/letter.h"

namespace domain {
namespace {

using core::Json;
using core::Pdf;
using core::Row;
using core::Sql;

constexpr Sql one_receipt = R"(
    select r.number, r.amount, r.words, to_char(r.issued_at at time zone 'Asia/Manila', 'FMMonth FMDD, YYYY'), to_json(r.issued_at),
           (select coalesce(json_agg(json_build_object('number', lpad(n.number::text, 6, '0'), 'amount', -l.amount, 'note', l.note, 'reference', l.external_id, 'at', l.created_at,
                            'on', to_char(l.created_at at time zone 'Asia/Manila', 'FMMonth FMDD, YYYY')) order by l.id), '[]')
            from ledger l join credit_notes n on n.ledger_id = l.id where l.payment_id = r.payment_id and l.kind = 'refund'), w.language, w.currency_display = 'code'
    from receipts r, wording(reader => me()) w where r.payment_id = $2 and r.project_id = $1)";

Row find(core::Call& call, core::Id project, core::Id payment) {
    auto row = call.db().last(core::ask<one_receipt>(project, payment))[0].maybe();
    if (!row) throw core::not_found("receipt");
    return *std::move(row);
}

std::string padded(std::int64_t number) {
    char digits[24];
    std::snprintf(digits, sizeof digits, "%06lld", static_cast<long long>(number));
    return digits;
}

std::string method_words(const Brand& brand, std::string_view method) {
    if (method == "card") return brand.say("Card");
    if (method == "gcash") return "GCash";
    if (method == "paymaya") return "Maya";
    if (method == "bank") return brand.say("Bank transfer");
    if (method == "cash") return brand.say("Cash");
    return brand.say("By hand");
}

// "November 21, 2026", as PostgreSQL wrote it, with the month in the reader's language.
std::string day_words(const Brand& brand, std::string_view day) {
    const auto space = std::min(day.find(' '), day.size());
    return brand.say(day.substr(0, space)).append(day.substr(space));
}

std::string drawn(const Row& row, const std::string& fonts) {
    const Json words = Json::parse(row.text(2)), refunds = Json::parse(row.text(5));
    const std::string number = padded(row.integer(0));
    constexpr double left = 64, right = Pdf::width - 64, middle = 220;
    Brand brand;
    brand.language = row.str(6);
    brand.code = row.truth(7);
    Pdf pdf{brand.say("Receipt {1}", {number}), fonts};
    pdf.text(left, 96, 11, true, words["agency"].text());
    pdf.text(left, 140, 24, true, brand.say("Payment receipt"));
    pdf.text(right, 140, 12, false, brand.say("No. {1}", {number}), Pdf::Align::right);
    pdf.line(left, 158, right, 158);
    double y = 188;
    const auto fact = [&](std::string_view name, std::string_view value) {
        if (value.empty()) return;
        pdf.grey(0.35);
        pdf.text(left, y, 10, false, name);
        pdf.grey(0);
        y = std::max(y + 22, pdf.paragraph(middle, y, 10, false, value, right - middle) + 8);
    };
    fact(brand.say("Issued"), day_words(brand, row.text(3)));
    fact(brand.say("Received from"), words["client"].text());
    fact(brand.say("E-mail"), words["email"].text());
    fact(brand.say("Project"), words["project"].text());
    fact(brand.say("For"), words["part"].text() == "balance" ? brand.say("Balance of the price") : brand.say("50% deposit"));
    fact(brand.say("Price of the project"), brand.pesos(words["price"].integer() * 100));
    fact(brand.say("Paid by"), method_words(brand, words["method"].text()));
    fact(brand.say("Our reference"), words["reference"].text());
    fact(brand.say("Transaction"), words["transaction"].text());
    pdf.line(left, y, right, y);
    y += 30;
    pdf.text(left, y, 14, true, brand.say("Amount received"));
    pdf.text(right, y, 16, true, brand.pesos(row.integer(1)), Pdf::Align::right);
    y += 34;
    std::int64_t kept = row.integer(1);
    for (std::size_t i = 0; i < refunds.size(); ++i) {
        kept -= refunds[i]["amount"].integer();
        if (y >= Pdf::height - 160) continue;  // many small ones: their sum is below
        const std::string_view note = refunds[i]["note"].text();
        pdf.text(right, y, 10, false, brand.pesos(-refunds[i]["amount"].integer()), Pdf::Align::right);
        y = pdf.paragraph(left, y, 10, false, brand.say("Credit note No. {1}, given back on {2}", {std::string{refunds[i]["number"].text()}, day_words(brand, refunds[i]["on"].text())}) + (note.empty() ? "" : ": " + std::string{note}), right - left - 110) + 8;
    }
    if (refunds.size() > 0) {
        pdf.text(left, y + 6, 11, true, brand.say("Kept"));
        pdf.text(right, y + 6, 11, true, brand.pesos(kept), Pdf::Align::right);
        y += 30;
    }
    pdf.grey(0.35);
    pdf.paragraph(left, y + 16, 9, false, brand.say("This receipt was made by computer and is valid without a signature. Amounts are in Philippine pesos."), right - left);
    return pdf.bytes();
}

}  // namespace

core::Reply receipt_json(core::Call& call, core::Id project, core::Id payment) {
    const Row row = find(call, project, payment);
    core::Writer out;
    out.object().member("number", padded(row.integer(0))).member("amount", row.integer(1)).member_raw("words", row.text(2));
    out.member("issuedOn", row.text(3)).member_raw("issuedAt", row.text(4)).member_raw("refunds", row.text(5));
    return core::ok(out.end_object().take());
}

core::Reply receipt_pdf(core::Call& call, core::Id project, core::Id payment) {
    const Row row = find(call, project, payment);
    core::Reply reply = core::ok(drawn(row, call.config.fonts_dir));
    reply.content_type = "application/pdf";
    reply.with("Content-Disposition", "inline; filename=\"receipt-" + padded(row.integer(0)) + ".pdf\"");
    return reply;
}

}  // namespace domain

// payment-accounts: the agency's own accounts that clients pay to by transfer. Serves /api/payment-accounts.
#include "core/app.h"
#include "domain/access.h"

using namespace core;
using namespace domain;

constexpr Sql all_accounts = R"(
    select json_build_object('accounts', coalesce(json_agg(json_build_object('id', a.id, 'kind', a.kind, 'label', a.label, 'accountName', a.account_name,
               'accountNumber', a.account_number, 'note', a.note, 'qrFileId', a.qr_file_id, 'active', a.active) order by a.active desc, a.id), '[]'))
    from (select * from payment_accounts order by active desc, id limit 200) a)";
constexpr Sql add_account = R"(
    insert into payment_accounts (kind, label, account_name, account_number, note, qr_file_id)
    select $1, $2, $3, $4, $5, $6::bigint where (select count(*) from payment_accounts where active) < 20 returning id)";
constexpr Sql change_account = R"(
    update payment_accounts set kind = $2, label = $3, account_name = $4, account_number = $5, note = $6, qr_file_id = $7::bigint, active = $8, updated_at = now()
    where id = $1 returning id)";
// Payments of old name it: it is only not shown to clients any more.
constexpr Sql retire_account = "update payment_accounts set active = false, updated_at = now() where id = $1 returning id";
constexpr Sql agency_picture = "select 1 from files where id = $1::bigint and purpose = 'agency' and content_type like 'image/%' and removed_at is null";

struct Account {
    std::string kind, label, name, number, note;
    std::optional<std::int64_t> qr;
};

Account read_account(Call& call, Form& form) {
    Account account;
    account.kind = form.text("kind", {1, 20}, "The kind");
    account.label = form.text("label", {1, 60}, "The label");
    account.name = form.text("accountName", {1, 120}, "The account's name");
    account.number = form.text("accountNumber", {4, 60}, "The account's number");
    account.note = form.text("note", {0, 500}, "The note");
    account.qr = form.id("qrFileId", false);
    if (form.right() && account.kind != "gcash" && account.kind != "paymaya" && account.kind != "bank")
        form.wrong("kind", "The kind is gcash, paymaya or bank.");
    form.check();
    if (account.qr && !call.db().maybe<agency_picture>(account.qr)) throw unprocessable({{"qrFileId", "Upload the picture of the QR code once more: it is not there."}});
    return account;
}

Reply list(Call& call) { return ok(call.db().last(ask<all_accounts>())[0].one().text(0)); }

Reply add(Call& call) {
    Form form{call.body()};
    const Account a = read_account(call, form);
    const auto row = call.db().maybe<add_account>(a.kind, a.label, a.name, a.number, a.note, a.qr);
    if (!row) throw conflict("There are twenty accounts already. Remove one that is not used any more.");
    return created(Writer{}.object().member("id", row->integer(0)).end_object().take());
}

Reply change(Call& call, Id account) {
    Form form{call.body()};
    const bool active = !form.has("active") || form.value("active").boolean();
    const Account a = read_account(call, form);
    if (!call.db().maybe<change_account>(account, a.kind, a.label, a.name, a.number, a.note, a.qr, active)) throw not_found("account");
    return ok(Writer{}.object().member("id", account.value).end_object().take());
}

Reply retire(Call& call, Id account) {
    if (!call.db().maybe<retire_account>(account)) throw not_found("account");
    return no_content();
}

constexpr Route routes[] = {
    get<list>("/api/payment-accounts", staff),
    post<add>("/api/payment-accounts", admin),
    patch<change>("/api/payment-accounts/{id}", admin),
    remove<retire>("/api/payment-accounts/{id}", admin),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

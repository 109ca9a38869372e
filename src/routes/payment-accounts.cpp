// payment-accounts: the agency's own accounts that clients pay to by transfer. Serves /api/payment-accounts.
#include "core/app.h"
#include "core/paging.h"
#include "domain/access.h"
#include "domain/audit.h"
#include "domain/list_file.h"

using namespace core;
using namespace domain;

constexpr Sql all_accounts = R"(
    select json_build_object('accounts', coalesce(json_agg(json_build_object('id', a.id, 'kind', a.kind, 'label', a.label, 'accountName', a.account_name,
               'accountNumber', a.account_number, 'note', a.note, 'qr', case when a.qr is not null then '/api/payment-accounts/' || a.id || '/qr?v=' || extract(epoch from a.updated_at)::bigint end, 'active', a.active) order by a.active desc, a.id), '[]'))
    from (select * from payment_accounts order by active desc, id limit 200) a)";
constexpr Sql as_cells = R"(
    select '', a.id, a.id, a.kind, a.label, a.account_name, a.account_number, a.note, case when a.qr is not null then 'yes' else 'no' end, case when a.active then 'yes' else 'no' end,
           to_char(a.updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    from payment_accounts a where $1 = '' and a.id > $2 order by a.id limit $3)";
constexpr Sql account_facts = R"(
    select json_build_object('kind', kind, 'label', label, 'name', account_name, 'number', account_number, 'note', note, 'active', active, 'qr', left(encode(sha256(qr), 'hex'), 16))
    from payment_accounts where id = $1)";
constexpr Sql hold_account = "select 1 from payment_accounts where id = $1 for update";
constexpr Sql add_account = R"(
    insert into payment_accounts (kind, label, account_name, account_number, note)
    select $1, $2, $3, $4, $5 where (select count(*) from payment_accounts where active) < 20 returning id)";
constexpr Sql change_account = R"(
    update payment_accounts set kind = $2, label = $3, account_name = $4, account_number = $5, note = $6, active = $7, updated_at = now()
    where id = $1)";
// Payments of old name it: it is only not shown to clients any more.
constexpr Sql retire_account = "update payment_accounts set active = false, updated_at = now() where id = $1";
constexpr Sql set_picture = "update payment_accounts set qr = $2, qr_type = $3, updated_at = now() where id = $1";
constexpr Sql drop_picture = "update payment_accounts set qr = null, qr_type = null, updated_at = now() where id = $1";
constexpr Sql picture = "select qr, qr_type from payment_accounts where id = $1 and qr is not null";

struct Account {
    std::string kind, label, name, number, note;
};

Account read_account(Form& form) {
    Account account;
    account.kind = form.text("kind", {1, 20}, "The kind");
    account.label = form.text("label", {1, 60}, "The label");
    account.name = form.text("accountName", {1, 120}, "The account's name");
    account.number = form.text("accountNumber", {4, 60}, "The account's number");
    account.note = form.text("note", {0, 500}, "The note");
    if (form.right() && account.kind != "gcash" && account.kind != "paymaya" && account.kind != "bank")
        form.wrong("kind", "The kind is gcash, paymaya or bank.");
    form.check();
    return account;
}

// Where clients are told to send money is what a thief would change.
std::string summary(const Account& a) {
    return Writer{}.object().member("kind", a.kind).member("label", a.label).member("name", a.name).member("number", a.number).end_object().take();
}

Reply list(Call& call) { return ok(call.db().last(ask<all_accounts>())[0].one().text(0)); }

Reply csv(Call& call) {
    const Page page = read_page(call.request, {&oldest, 1}, 50);
    note_at_once(call, "exported", "payment accounts");
    return list_file(call, "payment-accounts.csv",
                     {{"Account"}, {"Kind", Cell::code}, {"Label"}, {"In the name of"}, {"Number"}, {"Note"}, {"QR code", Cell::code},
                      {"Shown to clients", Cell::code}, {"Changed (UTC)"}}, page,
                    [](const Page& now) { return ask<as_cells>(now.key, now.id, now.limit); });
}

Reply add(Call& call) {
    Form form{call.body()};
    const Account a = read_account(form);
    const auto row = call.db().maybe<add_account>(a.kind, a.label, a.name, a.number, a.note);
    if (!row) throw conflict("There are twenty accounts already. Remove one that is not used any more.");
    call.db().run(audit(call, "payment-account-added", "account " + row->str(0), summary(a)));
    return created(Writer{}.object().member("id", row->integer(0)).end_object().take());
}

// Runs a change of an account, and notes what differs then: a picture as the beginning of its SHA-256.
void changed(Call& call, Id account, const char* action, const Query& change) {
    const auto [held, before, done, after] = call.db().all(ask<hold_account>(account), ask<account_facts>(account), change, ask<account_facts>(account));
    if (held.size() == 0) throw not_found("account");
    call.db().run(audit_change(call, action, "account " + std::to_string(account.value), before.one().text(0), after.one().text(0)));
}

Reply change(Call& call, Id account) {
    Form form{call.body()};
    const bool active = !form.has("active") || form.value("active").boolean();
    const Account a = read_account(form);
    changed(call, account, "payment-account-changed", ask<change_account>(account, a.kind, a.label, a.name, a.number, a.note, active));
    return ok(Writer{}.object().member("id", account.value).end_object().take());
}

Reply retire(Call& call, Id account) {
    changed(call, account, "payment-account-removed", ask<retire_account>(account));
    return no_content();
}

// By its first bytes: what is called a picture may be anything.
const char* type_of(std::string_view bytes) {
    using namespace std::string_view_literals;
    if (bytes.starts_with("\x89PNG\r\n\x1a\n"sv)) return "image/png";
    if (bytes.starts_with("\xff\xd8\xff"sv)) return "image/jpeg";
    if (bytes.starts_with("RIFF"sv) && bytes.size() > 12 && bytes.substr(8, 4) == "WEBP"sv) return "image/webp";
    return nullptr;
}

Reply set_qr(Call& call, Id account) {
    if (call.request.too_large) throw Error{413, "The picture is larger than " + std::to_string(body_limit / 1024) + " KiB. Save it smaller."};
    if (call.request.cut) throw bad_request("The request ended early.");
    const char* type = type_of(call.request.body);
    if (!type) throw Error{415, "The picture must be PNG, JPEG or WebP."};
    changed(call, account, "payment-account-changed", ask<set_picture>(account, Bytes{call.request.body}, type));
    return no_content();
}

Reply drop_qr(Call& call, Id account) {
    changed(call, account, "payment-account-changed", ask<drop_picture>(account));
    return no_content();
}

Reply qr(Call& call, Id account) {
    const auto row = call.db().last(ask<picture>(account))[0].maybe();
    if (!row) throw not_found("picture");
    Reply reply;
    reply.body = row->bytes(0);
    reply.content_type = row->str(1);
    return std::move(reply).with("Cache-Control", "private, max-age=3600");
}

constexpr Route routes[] = {
    get<list>("/api/payment-accounts", staff),
    get<csv>("/api/payment-accounts/csv", staff),
    post<add>("/api/payment-accounts", admin),
    patch<change>("/api/payment-accounts/{id}", admin),
    remove<retire>("/api/payment-accounts/{id}", admin),
    get<qr>("/api/payment-accounts/{id}/qr", user),
    post<set_qr>("/api/payment-accounts/{id}/qr", admin),
    remove<drop_qr>("/api/payment-accounts/{id}/qr", admin),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

// admin-settings: what an agency settles for itself, and who changed what of it. Serves /api/admin/settings.
#include <algorithm>

#include "core/app.h"
#include "core/crypto.h"
#include "core/paging.h"
#include "core/picture.h"
#include "domain/access.h"
#include "domain/account.h"
#include "domain/audit.h"
#include "domain/generation.h"
#include "domain/hosts.h"
#include "domain/list_file.h"
#include "domain/mails.h"
#include "domain/theme.h"
#include "domain/wording.h"

using namespace core;
using namespace domain;

constexpr Sql all_of_it = R"(
    select settings_facts(), s.version, s.updated_at, a.name, to_json(a.hosts), a.is_default,
           (select count(*) from payment_accounts where active), (select coalesce(sum(size), 0) from files where purged_at is null),
           case when s.ai_key is not null then json_build_object('last4', s.ai_key_last4, 'setAt', s.ai_key_set_at,
               'setBy', (select name from people(array[s.ai_key_set_by]))) end,
           s.ai_key,
           case when s.logo is not null then json_build_object('address', '/brand/logo?v=' || left(encode(sha256(s.logo), 'hex'), 16), 'type', s.logo_type,
               'width', s.logo_width, 'height', s.logo_height, 'size', length(s.logo)) end,
           host_request()
    from settings s, agency() a)";
constexpr Sql settings_now = "select settings_facts(), version from settings for update";
constexpr Sql change_sql = R"(
    update settings set name = nullif($1, ''), accent = $2, currency_display = $3, mail_from = nullif($4, ''), reply_to = nullif($5, ''),
        generations_per_day = $6::integer, files_quota_mb = $7::integer, language = $8, languages = $9::text[])";
constexpr Sql note = "select note_settings($1)";
constexpr Sql audit_sql = "select audit('settings-changed', 'settings', changes, $2::inet, $3, me()) from settings_changes where id = $1::bigint";
constexpr Sql set_logo_sql = "update settings set logo = $1, logo_type = $2, logo_width = $3, logo_height = $4";
constexpr Sql drop_logo_sql = "update settings set logo = null, logo_type = null, logo_width = null, logo_height = null";
constexpr Sql set_key_sql = "update settings set ai_key = $1, ai_key_last4 = $2, ai_key_set_at = now(), ai_key_set_by = me()";
constexpr Sql drop_key_sql = "update settings set ai_key = null, ai_key_last4 = null, ai_key_set_at = null, ai_key_set_by = null";
constexpr Sql ask_for_host_sql = "select ask_for_host($1)";
constexpr Sql withdraw_host_sql = "select withdraw_host_request()";
constexpr std::string_view changes_of = R"(
    select '', c.id, json_build_object('id', c.id, 'at', c.changed_at, 'by', (select name from people(array[c.changed_by])), 'changes', c.changes)
    from settings_changes c where $1 = '' and c.id )",
    after_newest = "< $2 order by c.id desc limit $3", after_oldest = "> $2 order by c.id limit $3";
// A row a value that changed.
constexpr Sql as_cells = R"(
    select v.field, c.id, to_char(c.changed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'), (select name from people(array[c.changed_by])), v.field, v.change ->> 'from', v.change ->> 'to'
    from settings_changes c, jsonb_each(c.changes) v (field, change)
    where c.id <= $2 and (c.id < $2 or v.field collate "C" > $1) order by c.id desc, v.field collate "C" limit $3)";

constexpr long logo_edge = 2'000;  // pixels

// Rounded down: what is shown as 4.5 is not less. Raw JSON.
std::string ratio_of(double ratio) {
    const auto hundredths = static_cast<std::int64_t>(ratio * 100);
    const std::string part = std::to_string(hundredths % 100);
    return std::to_string(hundredths / 100) + "." + (part.size() < 2 ? "0" : "") + part;
}

void write_theme(Writer& out, Colour accent) {
    const auto theme = theme_of(accent);
    out.key("theme").object().member("accent", text_of(accent)).key("shades").object();
    const bool house = accent == house_accent;
    for (const Shade& shade : theme) out.key(shade.name).object().member("light", text_of(shade.light)).member("dark", text_of(shade.dark)).end_object();
    out.end_object().member("house", house).member_raw("asText", ratio_of(contrast(white, accent))).key("readings").array();
    for (const Reading& one : readings_of(theme)) {
        out.object().member("scheme", one.dark ? "dark" : "light").member("what", one.what).member("text", text_of(one.text));
        out.member("ground", text_of(one.ground)).member_raw("ratio", ratio_of(one.ratio())).end_object();
    }
    out.end_array().end_object();
}

Reply answer(Call& call) {
    const Config& config = call.config;
    const Row row = call.db().one<all_of_it>();
    const Json facts = Json::parse(row.text(0));
    Writer out;
    out.object().member_raw("settings", row.text(0)).member("version", row.integer(1)).member("updatedAt", row.text(2)).member("shownName", row.text(3));
    out.member_raw("hosts", row.text(4)).member("anyHost", row.truth(5)).member("paymentAccounts", row.integer(6)).member("filesUsed", row.integer(7));
    out.key("aiKey").object().member("canBeKept", is_secret_key(config.secret_key)).member("installationHasOne", !config.gemini_api_key.empty());
    out.member_raw("own", row.null(8) ? "null" : row.text(8));
    out.member("readable", row.null(9) || open_sealed(config.secret_key, ai_key_context(call.tenant()), row.bytes(9)).has_value()).end_object();
    out.member_raw("logo", row.null(10) ? "null" : row.text(10));
    out.member_raw("hostRequest", row.null(11) ? "null" : row.text(11));
    out.key("installation").object().member("mailFrom", config.mail_from).member("generationsPerDay", config.generations_per_day);
    out.member("filesQuotaMb", config.files_quota_mb).end_object();
    write_theme(out, read_colour(facts["accent"].text()).value_or(house_accent));
    return ok(out.end_object().take());
}

Reply show(Call& call) { return answer(call); }

// What a colour would become, before it is saved.
Reply preview(Call& call) {
    const auto accent = read_colour(call.request.query_value("accent"));
    if (!accent) throw bad_request("accent is a colour such as #26346f.");
    Writer out;
    out.object();
    write_theme(out, *accent);
    return ok(out.end_object().take());
}

// Holds the settings for the rest of the transaction; `work` changes them, and what differs then is noted.
template <class Work>
Reply changed(Call& call, Work work) {
    const Row before = call.db().one<settings_now>();
    const std::string facts = before.str(0);
    work(Json::parse(facts), before.integer(1));
    const Row noted = call.db().one<note>(facts);
    Reply reply = answer(call);
    if (!noted.null(0)) call.db().one<audit_sql>(noted.integer(0), address_of(call.request.remote_address), call.tenant());
    call.commit();
    return reply;
}

std::optional<std::int64_t> limit_field(Form& form, const char* field, const Json& now, int installation) {
    const Json given = form.has(field) ? form.value(field) : now[field];
    if (!given || given.is(Json::Kind::null)) return std::nullopt;
    const std::int64_t number = given.integer();
    if (!given.is(Json::Kind::integer) || number < 1) form.wrong(field, "Give a whole number from 1, or nothing for what the installation allows.");
    else if (form.has(field) && number > installation) form.wrong(field, "The installation allows at most " + std::to_string(installation) + ".");
    return number;
}

struct Languages {
    std::string own, offered;  // offered: as PostgreSQL's text[]
};

Languages language_fields(Form& form, const Json& now) {
    const Json offered = form.has("languages") ? form.value("languages") : now["languages"], own = form.has("language") ? form.value("language") : now["language"];
    Languages all{std::string{own.text()}, "{"};
    bool has_own = false;
    std::vector<std::string> names;
    for (std::size_t i = 0; i < offered.size() && i <= shipped_languages.size(); ++i) {
        names.emplace_back(offered[i].text());
        if (!is_shipped(names.back()) || std::ranges::count(names, names.back()) > 1) form.wrong("languages", "There are English (en) and Filipino (fil), each once.");
        has_own = has_own || names.back() == all.own;
        all.offered += (i ? "," : "") + names.back();
    }
    all.offered += "}";
    if (names.empty()) form.wrong("languages", "Offer at least one language.");
    else if (form.right() && !has_own) form.wrong("language", "Choose one of the languages that you offer.");
    return all;
}

Reply change(Call& call) {
    const Json body = call.body();
    return changed(call, [&](const Json& now, std::int64_t version) {
        Form form{body};
        const Json seen = form.value("version");
        if (!seen.is(Json::Kind::integer)) throw unprocessable({{"version", "Send the version that you have seen."}});
        if (seen.integer() != version) throw conflict("Somebody else has changed these settings meanwhile. Load them again, and look at what is there.");
        const auto text = [&](const char* field) { return std::string{now[field].text()}; };
        std::string name = text("name"), accent = text("accent"), currency = text("currencyDisplay"), from = text("mailFrom"), reply_to = text("replyTo");
        if (form.has("name")) name = form.text("name", {0, 100}, "The name");
        if (std::ranges::any_of(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; })) form.wrong("name", "The name is one line of text.");
        if (form.has("accent")) {
            const auto colour = read_colour(trimmed(form.value("accent").text()));
            if (colour) accent = text_of(*colour);
            else form.wrong("accent", "Write the colour as # and six digits of 0-9 and a-f, for example #26346f.");
        }
        if (form.has("currencyDisplay")) currency = form.text("currencyDisplay", {1, 20}, "How amounts are written");
        if (currency != "symbol" && currency != "code") form.wrong("currencyDisplay", "Amounts are written with symbol (₱15,000) or code (PHP 15,000).");
        if (form.has("mailFrom")) from = form.email("mailFrom", false);
        if (form.has("replyTo")) reply_to = form.email("replyTo", false);
        const Languages languages = language_fields(form, now);
        const auto generations = limit_field(form, "generationsPerDay", now, call.config.generations_per_day);
        const auto quota = limit_field(form, "filesQuotaMb", now, call.config.files_quota_mb);
        form.check();
        call.db().change<change_sql>(name, accent, currency, from, reply_to, generations, quota, languages.own, languages.offered);
    });
}

const char* type_name(PictureFacts::Kind kind) {
    switch (kind) {
        case PictureFacts::Kind::png: return "image/png";
        case PictureFacts::Kind::jpeg: return "image/jpeg";
        case PictureFacts::Kind::webp: return "image/webp";
        case PictureFacts::Kind::gif: break;
    }
    return nullptr;
}

Reply set_logo(Call& call) {
    const std::string& bytes = call.request.body;
    if (call.request.too_large) throw Error{413, "The picture is larger than " + std::to_string(body_limit / 1024) + " KiB. Save it smaller."};
    if (call.request.cut) throw bad_request("The request ended early.");
    const auto facts = picture_facts(bytes);
    const char* type = facts ? type_name(facts->kind) : nullptr;
    if (!type) throw Error{415, "The logo must be a PNG, JPEG or WebP picture."};
    const std::string size = std::to_string(facts->width) + " × " + std::to_string(facts->height);
    if (facts->width > logo_edge || facts->height > logo_edge) throw Error{422, "The picture is too large (" + size + " pixels). Save it with at most 2000 pixels a side.", {{"logo", "At most 2000 pixels a side."}}};
    if (facts->width < 16 || facts->height < 16) throw Error{422, "The picture is too small (" + size + " pixels). Take one with at least 16 pixels a side.", {{"logo", "At least 16 pixels a side."}}};
    if (thumbnail_of(bytes, *facts, 64).empty()) throw Error{422, "The picture is damaged and cannot be shown. Save it anew.", {{"logo", "The picture is damaged."}}};
    const bool turned = facts->turn >= 5;
    return changed(call, [&](const Json&, std::int64_t) {
        call.db().change<set_logo_sql>(Bytes{bytes}, type, std::int64_t{turned ? facts->height : facts->width}, std::int64_t{turned ? facts->width : facts->height});
    });
}

Reply drop_logo(Call& call) {
    return changed(call, [&](const Json&, std::int64_t) { call.db().change<drop_logo_sql>(); });
}

Reply set_key(Call& call) {
    Form form{call.body()};
    const std::string key = form.text("key", {20, 200}, "The key");
    if (form.right() && !std::ranges::all_of(key, [](unsigned char c) { return c > 0x20 && c < 0x7F; })) form.wrong("key", "A key has no spaces and only plain letters, digits and signs. Copy it once more.");
    form.check();
    if (!is_secret_key(call.config.secret_key))
        throw conflict("This installation cannot keep a key of your own yet: whoever runs it has to set SECRET_KEY first, so that the key is kept encrypted.");
    return changed(call, [&](const Json&, std::int64_t) {
        call.db().change<set_key_sql>(Bytes{seal(call.config.secret_key, ai_key_context(call.tenant()), key)}, key.substr(key.size() - 4));
    });
}

Reply drop_key(Call& call) {
    return changed(call, [&](const Json&, std::int64_t) { call.db().change<drop_key_sql>(); });
}

Reply host_noted(Call& call, const char* action, const std::string& host) {
    Reply reply = answer(call);
    call.db().run(audit(call, action, "agency", Writer{}.object().member("host", host).end_object().take()));
    call.commit();
    return reply;
}

// The owner of the installation confirms or declines it (platform.cpp): the certificate is theirs to have made.
Reply ask_for_host(Call& call) {
    Form form{call.body()};
    const auto host = host_of(form, "host", form.value("host"));
    form.check();
    if (call.db().run(misnamed(array_of_hosts({*host}))).size() > 0) form.wrong("host", misnamed_words(*host));
    else if (*host == host_in(call.config.base_url)) form.wrong("host", "This is the address of the installation itself. Name a domain of your own.");
    form.check();
    const Row refused = call.db().one<ask_for_host_sql>(*host);
    if (!refused.null(0)) form.wrong("host", refused.text(0) == "own" ? "This is an address of yours already." : "Another agency here has this domain or asks for it.");
    form.check();
    tell_of_host_request(call, *host);
    return host_noted(call, "host-asked-for", *host);
}

Reply withdraw_host(Call& call) {
    const Row gone = call.db().one<withdraw_host_sql>();
    if (gone.null(0)) throw Error{404, "No request for a domain is waiting. Load the page again."};
    return host_noted(call, "host-request-withdrawn", gone.str(0));
}

Reply changes(Call& call) {
    constexpr By orders[] = {newest, oldest};
    const Page page = read_page(call.request, orders, 25), more = page.plus_one();
    Writer out;
    write_page(out.object(), "changes", page, page_rows(call, page, page.by == 0 ? ask<Joined<changes_of, after_newest>::sql>(more.key, more.id, more.limit)
                                                                                : ask<Joined<changes_of, after_oldest>::sql>(more.key, more.id, more.limit)));
    return ok(out.end_object().take());
}

Reply changes_csv(Call& call) {
    constexpr By by_value[] = {{"newest", By::Key::text, "", highest_id}};
    const Page page = read_page(call.request, by_value, 25);
    note_at_once(call, "exported", "changes of the settings");
    return list_file(call, "settings-changes.csv",
                     {{"When (UTC)"}, {"Who"}, {"What", Cell::field}, {"From", Cell::value}, {"To", Cell::value}},
                     page, [](const Page& now) { return ask<as_cells>(now.key, now.id, now.limit); });
}

constexpr Route routes[] = {
    get<show>("/api/admin/settings", admin),
    patch<change>("/api/admin/settings", admin),
    get<preview>("/api/admin/settings/theme", admin),
    get<changes>("/api/admin/settings/changes", admin),
    get<changes_csv>("/api/admin/settings/changes/csv", admin),
    post<set_logo>("/api/admin/settings/logo", admin),
    remove<drop_logo>("/api/admin/settings/logo", admin),
    post<ask_for_host>("/api/admin/settings/host", admin),
    remove<withdraw_host>("/api/admin/settings/host", admin),
    post<set_key>("/api/admin/settings/ai-key", admin),
    remove<drop_key>("/api/admin/settings/ai-key", admin),
};

int main(int argc, char** argv) { return serve(routes, argc, argv); }

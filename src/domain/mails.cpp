// Mails are rows of public.outbox; the worker sends them. Links live in public.email_tokens as SHA-256.
#include "domain/mails.h"

#include "core/crypto.h"

namespace domain {
namespace {

using core::ask;
using core::Bytes;
using core::Sql;

// The address that links begin with: the host that is asked for where it is the tenant's own, else the installation's for the
// tenant of any host, else the tenant's first.
constexpr Sql agency_sql = R"(
    select a.name, a.accent, coalesce(a.sender, ''), coalesce(a.mail_from, ''), coalesce(a.reply_to, ''),
           case when $2::text = any(a.hosts) then $2 when a.is_default or a.hosts = '{}' then '' else a.hosts[1] end, w.language, w.currency_display = 'code'
    from agency($1) a, wording($1, nullif($3, '')) w)";
// A link asked for once more carries the draft of the one before.
constexpr Sql insert_link = R"(
    insert into email_tokens (user_id, tenant_id, purpose, token_hash, expires_at, lead_token)
    select u.id, t.id, $3, $4, now() + $5::integer * interval '1 hour', coalesce($6, (
        select e.lead_token from email_tokens e
        where e.user_id = u.id and e.purpose = $3 and e.tenant_id = t.id order by e.id desc limit 1))
    from users u join tenants t on t.schema_name = $2 where lower(u.email) = lower($1) and u.disabled_at is null)";
constexpr Sql drop_older_links = R"(
    delete from email_tokens where user_id = (select id from users where lower(email) = lower($1)) and purpose = $2
       and token_hash <> $3 and (purpose = 'reset' or expires_at < now()))";
constexpr Sql insert_mail = R"(
    with mail as (
        insert into outbox (tenant, to_addr, subject, body_text, body_html, message_id, from_name, from_addr, reply_to)
        select $2, email, $3, $4, $5, $6, nullif($7, ''), nullif($8, ''), nullif($9, '')
        from users where lower(email) = lower($1) and disabled_at is null returning id)
    select pg_notify('jobs', '') from mail)";
constexpr Sql mail_to_address = R"(
    with mail as (
        insert into outbox (tenant, to_addr, subject, body_text, body_html, message_id, from_name, from_addr, reply_to)
        values ($2, $1, $3, $4, $5, $6, nullif($7, ''), nullif($8, ''), nullif($9, '')) returning id)
    select pg_notify('jobs', '') from mail)";
constexpr Sql tenants_mail = "select post_letter($1, $2, $3, $4, $5, nullif($6, ''), nullif($7, ''), nullif($8, ''), null)";
constexpr Sql account_to_greet = "select email, name from users where id = $1 and disabled_at is null";
// Notices wait for a verified address (notices.h).
constexpr Sql wake_notices = R"(
    with woken as (
        update jobs set run_after = now() where tenant = $2 and kind = 'notice' and state = 'queued' and payload->>'user' = $1
           and last_error = 'the address is not verified yet' returning id)
    select pg_notify('jobs', '') from woken limit 1)";

Letter link_letter(const Brand& brand, std::string subject, const std::string& why, std::string_view button, std::string_view link,
                   std::string_view otherwise) {
    LetterWriter letter{brand, std::move(subject), why};
    letter.paragraph(brand.say("Hello,")).paragraph(why).button(button, link).copy_of(link);
    return letter.end(otherwise);
}

struct Kind {
    const char* purpose;
    const char* page;
    int hours;
    Letter (*write)(const Brand& brand, std::string_view link);
};
constexpr Kind verify_kind{"verify", "/verify", 24, verification_letter};
constexpr Kind reset_kind{"reset", "/reset", 1, reset_letter};

}  // namespace

Letter verification_letter(const Brand& brand, std::string_view link) {
    return link_letter(brand, brand.say("Confirm your e-mail address for {1}", {brand.name}),
                       brand.say("This address was given for an account at {1}. Please open this link to confirm that it is yours. The link works once, within 24 hours.", {one_line(brand.name)}),
                       brand.say("Confirm my e-mail address"), link, brand.say("If it was not you, you can ignore this mail."));
}

Letter reset_letter(const Brand& brand, std::string_view link) {
    return link_letter(brand, brand.say("Choose a new password for {1}", {brand.name}),
                       brand.say("Somebody asked for a new password for your account at {1}. If it was you, open this link and choose one. The link works once, within one hour.", {one_line(brand.name)}),
                       brand.say("Choose a new password"), link, brand.say("If it was not you, you can ignore this mail: your password stays as it is."));
}

Letter welcome_letter(const Brand& brand, std::string_view name) {
    LetterWriter letter{brand, brand.say("Welcome to {1}", {brand.name}), brand.say("Your address is confirmed. This is where you find your projects.")};
    letter.paragraph(brand.say("Hello {1},", {one_line(name, 100)}))
        .paragraph(brand.say("Your e-mail address is confirmed, and your account at {1} is ready.", {one_line(brand.name)}))
        .paragraph(brand.say("On your dashboard you find your projects with their plans, what is done and what comes next, and what we need from you."))
        .button(brand.say("Open my dashboard"), brand.site + "/dashboard");
    return letter.end(brand.say("You get this mail once, because you made an account with this address."), brand.site + "/account#notifications");
}

Letter factor_reset_letter(const Brand& brand) {
    const std::string what = brand.say("The agency has taken the second factor off your account at {1}, and signed you out everywhere.", {one_line(brand.name)});
    LetterWriter letter{brand, brand.say("Your second factor was removed"), what};
    letter.paragraph(brand.say("Hello,")).paragraph(what)
        .paragraph(brand.say("Until you set up another one, your password alone signs you in. Please do it at once, on your account page."))
        .button(brand.say("Set up a second factor"), brand.site + "/account#second-factor");
    return letter.end(brand.say("If you did not ask for this, tell the agency's owner today and choose a new password."));
}

Letter owner_letter(const Brand& brand, std::string_view token) {
    const std::string name = one_line(brand.name, 100), what = brand.say("A site for {1} was made, and you are its owner.", {name});
    LetterWriter letter{brand, brand.say("Your site for {1} is ready", {name}), what};
    letter.paragraph(brand.say("Hello,")).paragraph(what);
    if (token.empty()) {
        letter.paragraph(brand.say("Sign in with the account that you have.")).button(brand.say("Sign in"), brand.site + "/login").copy_of(brand.site + "/login");
    } else {
        const std::string link = brand.site + "/reset?token=" + std::string{token};
        letter.paragraph(brand.say("Choose your password here; the link works once, within seven days.")).button(brand.say("Choose my password"), link).copy_of(link)
            .paragraph(brand.say("Afterwards you sign in at {1}. If the link is too old, ask for a new one there.", {brand.site + "/login"}));
    }
    return letter.end(brand.say("You get this mail because the owner of this installation made a site for you."));
}

core::Query agency_query(std::string_view tenant, std::string_view host, std::string_view reader) { return ask<agency_sql>(tenant, host, reader); }

Agency read_agency(const core::Row& row, std::string_view base_url) {
    return {{one_line(row.text(0), 100), row.str(1), site_address(base_url, row.text(5)), row.str(6), row.truth(7)}, one_line(row.text(2), 100), row.str(3), row.str(4)};
}

std::string site_address(std::string_view base_url, std::string_view own_host) {
    const auto scheme = base_url.find("://");
    if (own_host.empty() || scheme == base_url.npos) return std::string{base_url};
    const auto begin = scheme + 3;
    const auto end = begin + host_in(base_url).size();
    return std::string{base_url.substr(0, begin)}.append(own_host).append(base_url.substr(end));
}

std::string host_in(std::string_view url) {
    const auto scheme = url.find("://");
    const auto begin = scheme == url.npos ? 0 : scheme + 3;
    const bool bracketed = begin < url.size() && url[begin] == '[';  // IPv6
    const auto end = bracketed ? url.find(']', begin) + 1 : url.find_first_of(":/", begin);
    return std::string{url.substr(begin, end == url.npos ? end : end - begin)};
}

namespace {

core::Query mail_to(const core::Call& call, const std::string& tenant, const std::string& email, const Agency& agency, const Letter& words) {
    return ask<insert_mail>(email, tenant, words.subject, words.text, words.html, core::random_token() + "@" + host_in(call.config.base_url),
                            agency.sender, agency.mail_from, agency.reply_to);
}

}  // namespace

void post_link(core::Call& call, Link link, const std::string& email, const std::optional<std::string>& lead_token) {
    const Kind& kind = link == Link::verify ? verify_kind : reset_kind;
    const Agency agency = read_agency(call.db().run(agency_query(call.tenant(), call.request.host, email)).one(), call.config.base_url);
    const std::string token = core::random_token(), hash = core::sha256(token);
    const Letter words = kind.write(agency.brand, agency.brand.site + kind.page + "?token=" + token);
    call.db().all(ask<insert_link>(email, call.tenant(), kind.purpose, Bytes{hash}, kind.hours, lead_token),
                  ask<drop_older_links>(email, kind.purpose, Bytes{hash}), mail_to(call, call.tenant(), email, agency, words));
}

void post_to(core::Call& call, const std::string& email, const Agency& agency, const Letter& words, const std::optional<std::string>& tenant) {
    const std::string id = core::random_token() + "@" + host_in(call.config.base_url);
    call.db().run(call.route.platform_
                      ? ask<mail_to_address>(email, tenant.value_or(call.tenant()), words.subject, words.text, words.html, id, agency.sender, agency.mail_from, agency.reply_to)
                      : ask<tenants_mail>(email, words.subject, words.text, words.html, id, agency.sender, agency.mail_from, agency.reply_to));
}

void post_welcome(core::Call& call, const std::string& user_id) {
    const auto [account, row] = call.db().all(ask<account_to_greet>(user_id), agency_query(call.tenant(), call.request.host, user_id));
    const auto person = account.maybe();
    if (!person) return;
    const Agency agency = read_agency(row.one(), call.config.base_url);
    call.db().all(mail_to(call, call.tenant(), person->str(0), agency, welcome_letter(agency.brand, person->text(1))),
                  ask<wake_notices>(user_id, call.tenant()));
}

}  // namespace domain

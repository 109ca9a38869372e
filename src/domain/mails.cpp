// Mails are rows of public.outbox; the worker sends them. Links live in public.email_tokens as SHA-256.
#include "domain/mails.h"

#include "core/crypto.h"

namespace domain {
namespace {

using core::ask;
using core::Bytes;
using core::Sql;

constexpr Sql agency_here = "select name, $2 = any(hosts) from tenants where schema_name = $1";
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
        insert into outbox (tenant, to_addr, subject, body_text, body_html, message_id)
        select $2, email, $3, $4, $5, $6 from users where lower(email) = lower($1) and disabled_at is null returning id)
    select pg_notify('jobs', '') from mail)";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '&') out += "&amp;";
        else if (c == '<') out += "&lt;";
        else if (c == '>') out += "&gt;";
        else if (c == '"') out += "&quot;";
        else out += c;
    }
    return out;
}

// A subject is one line.
std::string one_line(std::string_view text) {
    std::string line{text};
    for (char& c : line)
        if ((c >= 0 && c < 0x20) || c == 0x7F) c = ' ';
    return line;
}

// The same words as text and as HTML without images or styles from elsewhere. In the text the link stands on a line of its own.
Letter letter(std::string subject, std::string_view agency, const std::string& why, std::string_view button,
              std::string_view link, const std::string& otherwise) {
    Letter made;
    made.subject = one_line(subject);
    made.text = "Hello,\n\n" + why + "\n\n" + std::string{link} + "\n\n" + otherwise + "\n\n" + one_line(agency) + "\n";
    const std::string address = escaped(link);
    made.html =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" + escaped(made.subject) + "</title></head>\n"
        "<body style=\"font:16px/1.5 system-ui,sans-serif;color:#1c1b29;max-width:34em;margin:0 auto;padding:24px\">\n"
        "<p>Hello,</p>\n<p>" + escaped(why) + "</p>\n"
        "<p><a href=\"" + address + "\" style=\"display:inline-block;background:#4a3fc2;color:#ffffff;padding:10px 18px;"
        "border-radius:8px;text-decoration:none\">" + escaped(button) + "</a></p>\n"
        "<p>Or copy this address into your browser:<br>" + address + "</p>\n"
        "<p>" + escaped(otherwise) + "</p>\n<p>" + escaped(agency) + "</p>\n</body></html>\n";
    return made;
}

struct Kind {
    const char* purpose;
    const char* page;
    int hours;
    Letter (*write)(std::string_view agency, std::string_view link);
};
constexpr Kind verify_kind{"verify", "/verify", 24, verification_letter};
constexpr Kind reset_kind{"reset", "/reset", 1, reset_letter};

}  // namespace

Letter verification_letter(std::string_view agency, std::string_view link) {
    const std::string name{agency};
    return letter("Confirm your e-mail address for " + name, agency,
                  "This address was given for an account at " + name +
                      ". Please open this link to confirm that it is yours. The link works once, within 24 hours.",
                  "Confirm my e-mail address", link, "If it was not you, you can ignore this mail.");
}

Letter reset_letter(std::string_view agency, std::string_view link) {
    const std::string name{agency};
    return letter("Choose a new password for " + name, agency,
                  "Somebody asked for a new password for your account at " + name +
                      ". If it was you, open this link and choose one. The link works once, within one hour.",
                  "Choose a new password", link,
                  "If it was not you, you can ignore this mail: your password stays as it is.");
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

void post_link(core::Call& call, Link link, const std::string& email, const std::optional<std::string>& lead_token) {
    const Kind& kind = link == Link::verify ? verify_kind : reset_kind;
    const std::string& host = call.request.host;
    const core::Row agency = call.db().one<agency_here>(call.tenant(), host);
    const std::string token = core::random_token(), hash = core::sha256(token);
    const std::string site = site_address(call.config.base_url, agency.truth(1) ? host : "");
    const Letter words = kind.write(agency.text(0), site + kind.page + "?token=" + token);
    call.db().all(ask<insert_link>(email, call.tenant(), kind.purpose, Bytes{hash}, kind.hours, lead_token),
                  ask<drop_older_links>(email, kind.purpose, Bytes{hash}),
                  ask<insert_mail>(email, call.tenant(), words.subject, words.text, words.html,
                                   core::random_token() + "@" + host_in(call.config.base_url)));
}

}  // namespace domain

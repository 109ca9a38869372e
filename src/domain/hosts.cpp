// What one may type as a host is less than DNS allows: what is left needs no quoting in an array.
#include "domain/hosts.h"

#include <algorithm>

#include "domain/mails.h"
#include "domain/wording.h"

namespace domain {
namespace {

using core::ask;
using core::Sql;

constexpr Sql misnamed_sql = "select h from unnest($1::text[]) h where not is_host_name(h) limit 1";
constexpr Sql tell_owners = "select tell_of_host_request($1::jsonb)";

}  // namespace

std::optional<std::string> host_of(core::Form& form, std::string_view field, const core::Json& typed) {
    std::string host = core::trimmed(typed.text());
    std::ranges::transform(host, host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (typed.is(core::Json::Kind::string) && !host.empty() && host.size() <= 253 && host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-[]:") == host.npos) return host;
    form.wrong(field, "A host is a name such as agency.example: letters, digits, dots and hyphens, without https:// and without a path.");
    return std::nullopt;
}

core::Query misnamed(const std::string& hosts) { return ask<misnamed_sql>(hosts); }

std::string misnamed_words(const std::string& host) { return host + " is no host name: it is like agency.example, without a port."; }

std::string array_of_hosts(const std::vector<std::string>& hosts) {
    std::string array = "{";
    for (const std::string& host : hosts) array.append(array.size() > 1 ? "," : "").append("\"").append(host).append("\"");
    return array + "}";
}

Letter host_asked_letter(const Brand& brand, std::string_view agency, std::string_view host) {
    const std::string what = brand.say("{1} asks for the domain {2}.", {one_line(agency, 100), host});
    LetterWriter letter{brand, brand.say("{1} asks for the domain {2}", {one_line(agency, 100), host}), what};
    letter.paragraph(brand.say("Hello,")).paragraph(what)
        .paragraph(brand.say("Look whether its DNS record leads to this server and have the certificate made; then confirm it, or decline it with a reason."))
        .button(brand.say("Look at the request"), brand.site + "/platform?status=asking");
    return letter.end(brand.say("You get this mail because you own this installation."));
}

Letter host_given_letter(const Brand& brand, std::string_view host, std::string_view site) {
    const std::string what = brand.say("The owner of this installation has confirmed the domain {1}: it leads to your agency now.", {host});
    LetterWriter letter{brand, brand.say("{1} is yours now", {host}), what};
    letter.paragraph(brand.say("Hello,")).paragraph(what).paragraph(brand.say("The address that you had goes on working."))
        .button(brand.say("Open {1}", {host}), site);
    return letter.end(brand.say("You get this mail because you asked for this domain."));
}

Letter host_declined_letter(const Brand& brand, std::string_view host, std::string_view reason) {
    const std::string what = brand.say("The owner of this installation has declined the domain {1}.", {host});
    LetterWriter letter{brand, brand.say("The domain {1} was declined", {host}), what};
    letter.paragraph(brand.say("Hello,")).paragraph(what).quote(brand.say("The reason"), reason)
        .button(brand.say("Open the settings"), brand.site + "/admin/settings#host-title");
    return letter.end(brand.say("You get this mail because you asked for this domain."));
}

void tell_of_host_request(core::Call& call, const std::string& host) {
    const Agency agency = read_agency(call.db().run(agency_query(call.tenant(), call.request.host)).one(), call.config.base_url);
    Brand brand = agency.brand;
    brand.site = call.config.base_url;  // the owner may have no account at the agency's own
    core::Writer letters;
    letters.object();
    for (const auto language : shipped_languages) {
        brand.language = language;
        const Letter letter = host_asked_letter(brand, agency.brand.name, host);
        letters.key(language).object().member("subject", letter.subject).member("text", letter.text).member("html", letter.html).end_object();
    }
    call.db().one<tell_owners>(letters.end_object().take());
}

}  // namespace domain

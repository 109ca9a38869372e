// Mails about an account: their words, the links in them, and posting them.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "core/route.h"
#include "domain/letter.h"

namespace domain {

// An agency as a sender. Empty: the name and the address are MAIL_FROM's, and answers go to it.
struct Agency {
    Brand brand;
    std::string sender, mail_from, reply_to;
};
// For the login role or the tenant's own. `host`: the visitor's, or that of BASE_URL.
// `reader`: who is written to, by account or address; the mail is in their language. Nobody: in the agency's.
core::Query agency_query(std::string_view tenant, std::string_view host, std::string_view reader = {});
Agency read_agency(const core::Row& row, std::string_view base_url);

// They greet nobody by name: a stranger may sign up with any address, and must not choose words that we mail to it.
Letter verification_letter(const Brand& brand, std::string_view link);
Letter reset_letter(const Brand& brand, std::string_view link);
Letter welcome_letter(const Brand& brand, std::string_view name);
Letter factor_reset_letter(const Brand& brand);
// To the owner of an agency that was just made: with a token for a password, or, empty, to sign in with the account they have.
Letter owner_letter(const Brand& brand, std::string_view token);

// BASE_URL, with the visitor's host where that host is one of the tenant's own. Nothing else of a request gets into a link:
// a made-up Host must not lead to a stranger's site.
std::string site_address(std::string_view base_url, std::string_view own_host);
std::string host_in(std::string_view url);  // without the port

enum class Link { verify, reset };

// Mails a new link to the account of this address, where there is one; does the same work where there is none. The link to
// choose a new password replaces earlier ones. A verification carries the visitor's draft to wherever the link is opened.
void post_link(core::Call& call, Link kind, const std::string& email, const std::optional<std::string>& lead_token = {});
// Mails a letter to an address, whether it has an account or none, in the login role or a tenant's. `tenant`: in the login role, of
// which agency it is; else of that at whose address the caller is.
void post_to(core::Call& call, const std::string& email, const Agency& agency, const Letter& words, const std::optional<std::string>& tenant = {});
// Greets an account whose address has just become a verified one, and lets go what waited for that.
void post_welcome(core::Call& call, const std::string& user_id);

}  // namespace domain

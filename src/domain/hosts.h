// Hosts: the names by which an agency is found; how one is written, and the mails about one that it asks for.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/form.h"
#include "core/route.h"
#include "domain/letter.h"

namespace domain {

// A host that somebody typed, in small letters. What could be in none is said of `field`; the rest PostgreSQL says (misnamed).
std::optional<std::string> host_of(core::Form& form, std::string_view field, const core::Json& typed);
// Of an array, as PostgreSQL writes one, the first that is no host name; and the words for it.
core::Query misnamed(const std::string& hosts);
std::string misnamed_words(const std::string& host);
std::string array_of_hosts(const std::vector<std::string>& hosts);

// To the owner of the installation, that an agency asks for a host.
Letter host_asked_letter(const Brand& brand, std::string_view agency, std::string_view host);
// To who asked: it is theirs (`site`: where it leads now), or why not.
Letter host_given_letter(const Brand& brand, std::string_view host, std::string_view site);
Letter host_declined_letter(const Brand& brand, std::string_view host, std::string_view reason);

// Mails the owners of the installation, each in their language, what the agency asked for in this transaction.
void tell_of_host_request(core::Call& call, const std::string& host);

}  // namespace domain

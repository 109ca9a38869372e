// Searching: what the words of a search are looked for in. Written as the index has it (sql/migrations/20261124140000_lists.sql),
// so that statements find it: `project_words @@ search_for($n)`.
#pragma once
#include <string_view>

namespace domain {

// Of projects p and leads l.
inline constexpr std::string_view project_words = "search_words(p.name || ' ' || p.client_name || ' ' || p.client_email || ' ' || p.service)";
inline constexpr std::string_view lead_words =
    "search_words(coalesce(l.name, '') || ' ' || coalesce(l.email, '') || ' ' || coalesce(l.phone, '') || ' ' || coalesce(l.description, ''))";

}  // namespace domain

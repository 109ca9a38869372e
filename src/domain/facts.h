// Facts: what is kept of an event as JSON, in words. Any thread may call it.
#pragma once
#include <string>
#include <string_view>

#include "core/json.h"

namespace domain {

// The value of a field: codes by their words, yes and no, lists with commas. What nobody has a word for stays as it is.
std::string fact_in(std::string_view language, std::string_view field, const core::Json& value);
// "Status: pending → completed", a line for each member; what is empty is left out.
std::string facts_in(std::string_view language, const core::Json& facts);

}  // namespace domain

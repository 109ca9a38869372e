// File names: what is kept of the name that a client gives, and how a download says it. Plain functions; any thread.
#pragma once
#include <string>
#include <string_view>

namespace domain {

// At most this many bytes of UTF-8, the extension among them.
inline constexpr std::size_t file_name_limit = 200;

// The last part of a path, well formed, without controls, white space or dots at its ends, or characters that file systems
// refuse; "file" where nothing is left. Whatever comes in, what comes out may stand in a header and in a folder.
std::string file_name(std::string_view given);

// The value of Content-Disposition (RFC 6266): the name in ASCII, and as UTF-8 (RFC 8187) where that says more.
std::string content_disposition(std::string_view name, bool in_page);

}  // namespace domain

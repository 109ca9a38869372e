// Content type: what kind of file some bytes are, by their content (libmagic). Any thread may use it.
#pragma once
#include <string>

namespace core {

// The media type, such as "image/png"; "application/octet-stream" where the content tells nothing, "application/x-empty" where
// there is none. Throws Error 500 where libmagic cannot work. Reads from the file's beginning and moves its offset.
std::string content_type_of(int file);

}  // namespace core

// CGI: a Request out of the variables and the body that RFC 3875 defines, and the head of a Reply to it.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "core/http.h"

namespace core {

// variables: NAME=value each, a null pointer at the end: an environment, or what FastCGI calls parameters.
// Reads no more of the body than CONTENT_LENGTH announces; one over the limit is read and thrown away. Where `streams` says
// so of the head, nothing is read: the request's `stream` does that, for as long as `read` may be called.
Request read_request(const char* const* variables, const ReadBody& read, const std::function<bool(const Request&)>& streams = {});

// Status, Content-Type, the headers, Content-Length (where it is known) and the empty line.
// Throws Error 500 on a header that would end its line early.
std::string head_of(const Reply& reply);
// What follows the head where the reply has no file: nothing to HEAD, 204 and 304.
std::string_view body_of(const Reply& reply, Method method);
// Reads the reply's file piece by piece; false when it ends early or `write` (bytes → taken?) refuses.
bool send_file(const FilePart& part, const std::function<bool(std::string_view)>& write);
// Makes and writes what follows the body; false when it cannot be made to its end (the log has why) or `write` refuses.
bool send_more(const MoreText& more, const std::function<bool(std::string_view)>& write);

}  // namespace core

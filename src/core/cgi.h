// CGI: a Request out of the variables and the body that RFC 3875 defines, and the head of a Reply to it.
#pragma once
#include <functional>
#include <string>
#include <string_view>

#include "core/http.h"

namespace core {

// Gives up to that many bytes of the body, 0 at its end.
using ReadBody = std::function<std::size_t(char* to, std::size_t size)>;

// variables: NAME=value each, a null pointer at the end: an environment, or what FastCGI calls parameters.
// Reads no more of the body than CONTENT_LENGTH announces; one over the limit is read and thrown away.
Request read_request(const char* const* variables, const ReadBody& read);

// Status, Content-Type, the headers, Content-Length and the empty line.
// Throws Error 500 on a header that would end its line early.
std::string head_of(const Reply& reply);
// What follows the head: nothing to HEAD, 204 and 304.
std::string_view body_of(const Reply& reply, Method method);

}  // namespace core

// Error: whatever ends a request. Thrown anywhere below a handler, caught once, in dispatch().
#pragma once
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <string>

namespace core {

// Field name as the client sent it → what is wrong with it and what to do.
using Fields = std::map<std::string, std::string>;

// A status of 4xx carries a text for the client; one of 5xx keeps its text for the log.
class Error : public std::exception {
public:
    Error(int status, std::string detail, Fields fields = {});

    const char* what() const noexcept override { return detail.c_str(); }

    int status;
    std::string detail;
    Fields fields;
    std::optional<std::chrono::seconds> retry_after;
};

// Factories named after the answer that they make.
Error bad_request(std::string detail, Fields fields = {});   // 400
Error unauthorized(std::string detail = "Sign in first.");   // 401
Error forbidden(std::string detail);                         // 403
Error not_found(std::string what);                           // 404 "There is no such <what>."
Error conflict(std::string detail, Fields fields = {});      // 409
Error unprocessable(Fields fields);                          // 422
Error too_many(std::string detail, std::chrono::seconds retry_after);        // 429
Error failed(std::string detail);                            // 500
Error unavailable(std::string detail, std::chrono::seconds retry_after = std::chrono::seconds{2});  // 503

// The standard phrase of a status ("Not Found"); RFC 9110.
const char* phrase(int status);

}  // namespace core

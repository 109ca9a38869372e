// Error and its factories.
#include "core/error.h"

#include <utility>

namespace core {

Error::Error(int status_, std::string detail_, Fields fields_)
    : status{status_}, detail{std::move(detail_)}, fields{std::move(fields_)} {}

Error bad_request(std::string detail, Fields fields) { return {400, std::move(detail), std::move(fields)}; }
Error unauthorized(std::string detail) { return {401, std::move(detail)}; }
Error forbidden(std::string detail) { return {403, std::move(detail)}; }
Error not_found(std::string what) { return {404, "There is no such " + what + "."}; }
Error conflict(std::string detail, Fields fields) { return {409, std::move(detail), std::move(fields)}; }
Error failed(std::string detail) { return {500, std::move(detail)}; }

Error unprocessable(Fields fields) {
    const bool one = fields.size() == 1;
    return {422, one ? fields.begin()->second : "Some answers need another look.", std::move(fields)};
}

Error too_many(std::string detail, std::chrono::seconds retry_after) {
    Error error{429, std::move(detail)};
    error.retry_after = retry_after;
    return error;
}

Error unavailable(std::string detail, std::chrono::seconds retry_after) {
    Error error{503, std::move(detail)};
    error.retry_after = retry_after;
    return error;
}

const char* phrase(int status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 411: return "Length Required";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 416: return "Range Not Satisfiable";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 500: return "Internal Server Error";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 504: return "Gateway Timeout";
        case 507: return "Insufficient Storage";
        default: return status < 400 ? "OK" : "Error";
    }
}

}  // namespace core

// Multipart: one file out of a multipart/form-data body (RFC 7578) as it streams by, without keeping it in memory.
#pragma once
#include <string>
#include <string_view>

#include "core/http.h"

namespace core {

// The boundary that a Content-Type announces; empty where it is no multipart/form-data or announces none that may be.
std::string form_boundary(std::string_view content_type);

// Reads up to the first part that is a file. One thread at a time; `read` must outlive it.
class FormFile {
public:
    FormFile(std::string boundary, ReadBody read);
    // Goes to the file. False: the form has none. Throws Error 400 on what is no such form, or has more than 64 KiB before it.
    bool find();
    const std::string& name() const { return name_; }  // as the client sent it: any bytes
    // The file's bytes; 0 at its end. Throws Error 400 where the body ends before the file does.
    std::size_t read(char* to, std::size_t size);

private:
    bool fill();  // false: the body has ended
    std::string::size_type delimiter(bool& whole);
    std::string delimiter_;  // CR LF -- boundary
    ReadBody read_;
    std::string held_;       // read and not given out yet
    std::string name_;
    bool over_ = false;      // the file's end was seen
};

}  // namespace core

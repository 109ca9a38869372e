// Receiving: files as requests bring them, whole or piece by piece, onto the disk; what they are named and may be is uploads.h's.
#pragma once
#include <string>
#include <string_view>

#include "core/http.h"
#include "domain/uploads.h"

namespace domain {

// What a finished file is, by its bytes: its type. Throws the Error of one that is not taken.
using Judge = std::string (*)(core::Call&, const core::File&);

FileStore file_store(core::Call& call);  // the tenant's
// A JSON body begins an upload by pieces; a form or the bare bytes are the file.
core::Reply receive(core::Call& call, Place place, Judge judge);
// How far an upload has come.
core::Reply offset_of(core::Call& call, std::string_view token);
// The bytes from Upload-Offset on. With the last of them the file is made; sent again after that, the answer is the same.
core::Reply append_piece(core::Call& call, std::string_view token, Judge judge);

}  // namespace domain

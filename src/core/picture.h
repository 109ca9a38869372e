// Picture: what a picture's first bytes say of it, and a small copy of it (libgd). Any thread may use it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace core {

struct PictureFacts {
    enum class Kind { jpeg, png, gif, webp } kind;
    long width, height;
    int turn = 1;  // Exif's orientation, 1 to 8: how a camera was held
};

// Nothing where these bytes begin none of the four kinds. Decodes nothing, so that a picture that would fill the memory is
// known before it does.
std::optional<PictureFacts> picture_facts(std::string_view bytes);

// The picture as WebP with at most this many pixels at its longer side, the right way up; empty where the decoder refuses it.
// Takes four bytes of memory a pixel of the original: look at picture_facts first.
std::string thumbnail_of(std::string_view bytes, const PictureFacts& facts, int edge);

}  // namespace core

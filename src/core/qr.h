// Qr: a text as a QR code, drawn as the path of an SVG.
#pragma once
#include <string>

namespace core {

struct QrPicture {
    int size = 0;      // of the picture's side, in modules, with the four of quiet zone that a reader needs around it
    std::string path;  // the `d` of one <path>: the dark modules
};

QrPicture qr_picture(const std::string& text);  // throws where the text is too long

}  // namespace core

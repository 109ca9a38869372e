// Qr: the only pair that names libqrencode.
#include "core/qr.h"

#include <qrencode.h>

#include <stdexcept>

#include "core/owned.h"

namespace core {

QrPicture qr_picture(const std::string& text) {
    constexpr int quiet = 4;
    const Owned<QRcode, QRcode_free> code{QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M)};
    if (!code) throw std::runtime_error("a QR code cannot be made of this text");
    QrPicture picture{code->width + 2 * quiet, {}};
    for (int y = 0; y < code->width; ++y) {
        for (int x = 0; x < code->width;) {
            int run = 0;
            while (x + run < code->width && (code->data[y * code->width + x + run] & 1)) ++run;
            if (run > 0)
                picture.path += "M" + std::to_string(x + quiet) + " " + std::to_string(y + quiet) + "h" + std::to_string(run) + "v1h-" + std::to_string(run) + "z";
            x += run > 0 ? run : 1;
        }
    }
    return picture;
}

}  // namespace core

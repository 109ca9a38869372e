// Picture: the only pair that names libgd.
#include "core/picture.h"

#include <gd.h>

#include <algorithm>

#include "core/owned.h"

namespace core {
namespace {

using Image = Owned<gdImage, gdImageDestroy>;

class Bytes {
public:
    explicit Bytes(std::string_view text, bool big = true) : text_{text}, big_{big} {}
    bool has(std::size_t at, std::size_t size) const { return at <= text_.size() && size <= text_.size() - at; }
    unsigned long byte(std::size_t at) const { return static_cast<unsigned char>(text_[at]); }
    // Of `size` bytes; 0 beyond the end.
    unsigned long number(std::size_t at, std::size_t size) const {
        unsigned long value = 0;
        if (!has(at, size)) return 0;
        for (std::size_t i = 0; i < size; ++i) value = value << 8U | byte(big_ ? at + i : at + size - 1 - i);
        return value;
    }

private:
    std::string_view text_;
    bool big_;
};

// Exif 2.3 §4.6: a TIFF header, then the entries of its first directory.
int exif_turn(std::string_view tiff) {
    const bool big = tiff.starts_with("MM");
    const Bytes bytes{tiff, big};
    const std::size_t directory = bytes.number(4, 4), entries = bytes.number(directory, 2);
    for (std::size_t i = 0; i < std::min<std::size_t>(entries, 200); ++i) {
        const std::size_t at = directory + 2 + i * 12;
        if (bytes.number(at, 2) != 0x0112) continue;
        const auto turn = static_cast<int>(bytes.number(at + 8, 2));
        return turn >= 1 && turn <= 8 ? turn : 1;
    }
    return 1;
}

std::optional<PictureFacts> jpeg_facts(std::string_view text) {
    const Bytes bytes{text};
    PictureFacts facts{PictureFacts::Kind::jpeg, 0, 0};
    for (std::size_t at = 2; bytes.has(at, 4);) {
        if (bytes.byte(at) != 0xFF) return std::nullopt;
        const auto marker = bytes.byte(at + 1);
        if (marker == 0xFF) {  // a fill byte
            ++at;
            continue;
        }
        const std::size_t size = bytes.number(at + 2, 2);
        if (size < 2) return std::nullopt;
        if (marker == 0xE1 && bytes.has(at + 4, size) && text.substr(at + 4, 6) == std::string_view{"Exif\0\0", 6}) facts.turn = exif_turn(text.substr(at + 10, size - 8));
        const bool frame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (frame) {
            facts.height = static_cast<long>(bytes.number(at + 5, 2));
            facts.width = static_cast<long>(bytes.number(at + 7, 2));
            return facts;
        }
        if (marker == 0xDA) return std::nullopt;
        at += 2 + size;
    }
    return std::nullopt;
}

std::optional<PictureFacts> webp_facts(std::string_view text) {
    const Bytes bytes{text, false};
    const auto chunk = text.substr(12, 4);
    PictureFacts facts{PictureFacts::Kind::webp, 0, 0};
    if (chunk == "VP8X") {
        facts.width = static_cast<long>(bytes.number(24, 3)) + 1;
        facts.height = static_cast<long>(bytes.number(27, 3)) + 1;
    } else if (chunk == "VP8L") {
        const auto bits = bytes.number(21, 4);
        facts.width = static_cast<long>(bits & 0x3FFFU) + 1;
        facts.height = static_cast<long>(bits >> 14U & 0x3FFFU) + 1;
    } else if (chunk == "VP8 ") {
        facts.width = static_cast<long>(bytes.number(26, 2) & 0x3FFFU);
        facts.height = static_cast<long>(bytes.number(28, 2) & 0x3FFFU);
    } else {
        return std::nullopt;
    }
    return facts;
}

Image decoded(std::string_view bytes, PictureFacts::Kind kind) {
    const int size = static_cast<int>(bytes.size());
    void* data = const_cast<char*>(bytes.data());  // libgd only reads it
    switch (kind) {
        case PictureFacts::Kind::jpeg: return Image{gdImageCreateFromJpegPtrEx(size, data, 1)};
        case PictureFacts::Kind::png: return Image{gdImageCreateFromPngPtr(size, data)};
        case PictureFacts::Kind::gif: return Image{gdImageCreateFromGifPtr(size, data)};
        case PictureFacts::Kind::webp: return Image{gdImageCreateFromWebpPtr(size, data)};
    }
    return nullptr;
}

Image turned(Image image, int turn) {
    constexpr float angles[] = {0, 0, 0, 180, 180, 270, 270, 90, 90};  // counter-clockwise, before the flip
    if (angles[turn] > 0) image.reset(gdImageRotateInterpolated(image.get(), angles[turn], 0));
    if (image && (turn == 2 || turn == 5 || turn == 7)) gdImageFlipHorizontal(image.get());
    if (image && turn == 4) gdImageFlipHorizontal(image.get());
    return image;
}

}  // namespace

std::optional<PictureFacts> picture_facts(std::string_view text) {
    if (text.starts_with("\xFF\xD8\xFF")) return jpeg_facts(text);
    std::optional<PictureFacts> facts;
    if (text.starts_with("\x89PNG\r\n\x1A\n") && text.substr(12, 4) == "IHDR")
        facts = PictureFacts{PictureFacts::Kind::png, static_cast<long>(Bytes{text}.number(16, 4)), static_cast<long>(Bytes{text}.number(20, 4))};
    else if (text.starts_with("GIF87a") || text.starts_with("GIF89a"))
        facts = PictureFacts{PictureFacts::Kind::gif, static_cast<long>(Bytes{text, false}.number(6, 2)), static_cast<long>(Bytes{text, false}.number(8, 2))};
    else if (text.starts_with("RIFF") && text.size() > 30 && text.substr(8, 4) == "WEBP") facts = webp_facts(text);
    if (facts && (facts->width < 1 || facts->height < 1)) return std::nullopt;
    return facts;
}

std::string thumbnail_of(std::string_view bytes, const PictureFacts& facts, int edge) {
    gdSetErrorMethod([](int, const char*, va_list) {});
    Image image = decoded(bytes, facts.kind);
    if (!image) return {};
    const int width = gdImageSX(image.get()), height = gdImageSY(image.get()), longer = std::max(width, height);
    if (width < 1 || height < 1) return {};
    const auto scaled = [&](int side) { return longer <= edge ? side : std::max(1, static_cast<int>(static_cast<long>(side) * edge / longer)); };
    Image small{gdImageCreateTrueColor(scaled(width), scaled(height))};
    if (!small) return {};
    gdImageAlphaBlending(small.get(), 0);
    gdImageSaveAlpha(small.get(), 1);
    gdImageCopyResampled(small.get(), image.get(), 0, 0, 0, 0, gdImageSX(small.get()), gdImageSY(small.get()), width, height);
    image.reset();
    small = turned(std::move(small), facts.turn);
    if (!small) return {};
    int size = 0;
    const Owned<void, gdFree> data{gdImageWebpPtrEx(small.get(), &size, 78)};
    return data && size > 0 ? std::string(static_cast<const char*>(data.get()), static_cast<std::size_t>(size)) : std::string{};
}

}  // namespace core

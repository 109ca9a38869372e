// Picture: sizes and orientation from the first bytes, and small copies.
#include "core/picture.h"

#include <gtest/gtest.h>

using namespace core;

namespace {

const std::string png_head = std::string{"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR\0\0\x03\x84\0\0\x02\x58\x08\x02\0\0\0", 29};
const std::string gif = std::string{"GIF89a\x01\0\x01\0\x80\0\0\xFF\xFF\xFF\0\0\0!\xF9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0;", 43};

std::string jpeg(bool big, int turn) {
    std::string tiff = big ? std::string{"MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01", 18} : std::string{"II\x2A\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18};
    tiff += big ? std::string{"\0", 1} + static_cast<char>(turn) + std::string(6, '\0') : static_cast<char>(turn) + std::string(7, '\0');
    const std::string exif = std::string{"Exif\0\0", 6} + tiff;
    return "\xFF\xD8\xFF\xE1" + std::string{'\0', static_cast<char>(exif.size() + 2)} + exif + std::string{"\xFF\xC0\0\x0B\x08\x02\x58\x03\x84\x01\x01\x11\0", 13};
}

}  // namespace

TEST(PictureFacts, SayHowLargeAPictureIs) {
    const auto png = picture_facts(png_head);
    ASSERT_TRUE(png);
    EXPECT_EQ(png->width, 900);
    EXPECT_EQ(png->height, 600);
    EXPECT_EQ(picture_facts(gif)->width, 1);
    EXPECT_FALSE(picture_facts(png_head.substr(0, 15)));
    EXPECT_FALSE(picture_facts(""));
}

TEST(PictureFacts, SayHowTheCameraWasHeld) {
    for (const bool big : {true, false})
        for (int turn = 1; turn <= 8; ++turn) {
            const auto facts = picture_facts(jpeg(big, turn));
            ASSERT_TRUE(facts);
            EXPECT_EQ(facts->turn, turn);
            EXPECT_EQ(facts->width, 900);
            EXPECT_EQ(facts->height, 600);
        }
    EXPECT_EQ(picture_facts(jpeg(true, 9))->turn, 1);
    for (std::size_t size = 0; size < jpeg(true, 6).size(); ++size) (void)picture_facts(jpeg(true, 6).substr(0, size));  // whatever is cut off, nothing is read beyond
}

TEST(Thumbnail, IsAWebpOfWhatCanBeDecoded) {
    const std::string small = thumbnail_of(gif, *picture_facts(gif), 100);
    EXPECT_EQ(small.substr(0, 4) + small.substr(8, 4), "RIFFWEBP");
    EXPECT_EQ(thumbnail_of(png_head, *picture_facts(png_head), 100), "") << "a head without a picture";
}

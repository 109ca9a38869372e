// Pdf: the only pair that names libharu.
#include "core/pdf.h"

#include <hpdf.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/owned.h"

namespace core {
namespace {

// libharu goes on after an error only to fail again: each call is looked at through the document's own error.
void noted(HPDF_STATUS, HPDF_STATUS, void*) {}

// Windows-1252 is Latin-1 in 0xA0–0xFF, and these.
char32_t decoded(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned first = byte(at++);
    const int more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    char32_t code = more == 0 ? first : first & (0x3FU >> static_cast<unsigned>(more));
    for (int i = 0; i < more && at < text.size() && (byte(at) & 0xC0U) == 0x80U; ++i) code = (code << 6U) | (byte(at++) & 0x3FU);
    return code;
}

std::string windows_1252(std::string_view utf8) {
    std::string out;
    for (std::size_t at = 0; at < utf8.size();) {
        const char32_t code = decoded(utf8, at);
        if (code == 0x20B1) out += "PHP ";
        else if (code == 0x2013 || code == 0x2014 || code == 0x2212) out += '-';
        else if (code == 0x2019 || code == 0x2018) out += '\'';
        else out += code < 0x80 || (code >= 0xA0 && code <= 0xFF) ? static_cast<char>(static_cast<unsigned char>(code)) : '?';
    }
    return out;
}

// No line ends and no control characters: they would be drawn as boxes.
std::string plain(std::string_view text) {
    std::string out{text};
    for (char& c : out)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    return out;
}

}  // namespace

struct Pdf::State {
    Owned<_HPDF_Doc_Rec, HPDF_Free> doc{HPDF_New(noted, nullptr)};
    HPDF_Page page = nullptr;
    HPDF_Font regular = nullptr, bold = nullptr;
    bool utf8 = false;

    void check(const char* what) const {
        const HPDF_STATUS status = HPDF_GetError(doc.get());
        if (status != HPDF_OK) throw failed(std::string{"libharu: "} + what + " failed with " + std::to_string(status));
    }
    HPDF_Font embedded(const std::string& file) const {
        if (access(file.c_str(), R_OK) != 0) return nullptr;
        const char* name = HPDF_LoadTTFontFromFile(doc.get(), file.c_str(), HPDF_TRUE);
        HPDF_Font font = name ? HPDF_GetFont(doc.get(), name, "UTF-8") : nullptr;
        if (!font) HPDF_ResetError(doc.get());  // a damaged file: Helvetica will do
        return font;
    }
    std::string shown(std::string_view text) const { return utf8 ? plain(text) : windows_1252(plain(text)); }
};

Pdf::Pdf(std::string_view title, const std::string& fonts) : state_{std::make_unique<State>()} {
    State& s = *state_;
    if (!s.doc) throw failed("libharu: out of memory");
    HPDF_SetCompressionMode(s.doc.get(), HPDF_COMP_ALL);
    HPDF_UseUTFEncodings(s.doc.get());
    s.regular = s.embedded(fonts + "/DejaVuSans.ttf");
    s.bold = s.regular ? s.embedded(fonts + "/DejaVuSans-Bold.ttf") : nullptr;
    s.utf8 = s.bold != nullptr;
    if (!s.utf8) {
        s.regular = HPDF_GetFont(s.doc.get(), "Helvetica", "WinAnsiEncoding");
        s.bold = HPDF_GetFont(s.doc.get(), "Helvetica-Bold", "WinAnsiEncoding");
    }
    // The title's own encoding has no room for more than Latin-1.
    HPDF_SetInfoAttr(s.doc.get(), HPDF_INFO_TITLE, windows_1252(plain(title)).c_str());
    s.check("beginning");
    page();
}

Pdf::~Pdf() = default;

void Pdf::page() {
    state_->page = HPDF_AddPage(state_->doc.get());
    HPDF_Page_SetSize(state_->page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
    HPDF_Page_SetLineWidth(state_->page, 0.6F);
    state_->check("a page");
}

void Pdf::grey(double ink) {
    HPDF_Page_SetGrayFill(state_->page, static_cast<HPDF_REAL>(ink));
    HPDF_Page_SetGrayStroke(state_->page, static_cast<HPDF_REAL>(ink));
}

void Pdf::text(double x, double y, double size, bool bold, std::string_view utf8, Align align) {
    const State& s = *state_;
    const std::string words = s.shown(utf8);
    HPDF_Page_SetFontAndSize(s.page, bold ? s.bold : s.regular, static_cast<HPDF_REAL>(size));
    const double wide = align == Align::right ? static_cast<double>(HPDF_Page_TextWidth(s.page, words.c_str())) : 0;
    HPDF_Page_BeginText(s.page);
    HPDF_Page_TextOut(s.page, static_cast<HPDF_REAL>(x - wide), static_cast<HPDF_REAL>(height - y), words.c_str());
    HPDF_Page_EndText(s.page);
    s.check("text");
}

double Pdf::paragraph(double x, double y, double size, bool bold, std::string_view utf8, double wide) {
    const State& s = *state_;
    HPDF_Page_SetFontAndSize(s.page, bold ? s.bold : s.regular, static_cast<HPDF_REAL>(size));
    const auto fits = [&](std::string_view words) { return static_cast<double>(HPDF_Page_TextWidth(s.page, s.shown(words).c_str())) <= wide; };
    std::string_view rest = utf8;
    while (!rest.empty()) {
        std::size_t end = 0, next = 0;  // of the longest line so far that ends between two words
        for (std::size_t at = 0; at < rest.size();) {
            const std::size_t space = std::min(rest.find(' ', at), rest.size());
            if (space > 0 && !fits(rest.substr(0, space))) break;
            end = space;
            next = at = std::min(space + 1, rest.size());
        }
        if (end == 0) {  // a word that is wider than the line is cut between two characters
            for (end = 1; end < rest.size(); ++end) {
                if ((static_cast<unsigned char>(rest[end]) & 0xC0U) == 0x80U) continue;
                std::size_t after = end + 1;
                while (after < rest.size() && (static_cast<unsigned char>(rest[after]) & 0xC0U) == 0x80U) ++after;
                if (!fits(rest.substr(0, after))) break;
            }
            next = end;
        }
        text(x, y, size, bold, rest.substr(0, end));
        rest.remove_prefix(next);
        y += size * 1.4;
    }
    return y;
}

void Pdf::line(double x1, double y1, double x2, double y2) {
    HPDF_Page_MoveTo(state_->page, static_cast<HPDF_REAL>(x1), static_cast<HPDF_REAL>(height - y1));
    HPDF_Page_LineTo(state_->page, static_cast<HPDF_REAL>(x2), static_cast<HPDF_REAL>(height - y2));
    HPDF_Page_Stroke(state_->page);
    state_->check("a line");
}

std::string Pdf::bytes() {
    HPDF_Doc doc = state_->doc.get();
    HPDF_SaveToStream(doc);
    state_->check("saving");
    std::string all(HPDF_GetStreamSize(doc), '\0');
    auto size = static_cast<HPDF_UINT32>(all.size());
    HPDF_ResetStream(doc);
    HPDF_ReadFromStream(doc, reinterpret_cast<HPDF_BYTE*>(all.data()), &size);
    all.resize(size);
    return all;
}

}  // namespace core

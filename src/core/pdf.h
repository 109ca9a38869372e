// Pdf: A4 pages of text and lines (libharu). An object is one thread's; distances are in points from the top left.
#pragma once
#include <memory>
#include <string>
#include <string_view>

namespace core {

class Pdf {
public:
    static constexpr double width = 595, height = 842;
    enum class Align { left, right };

    // fonts: a folder with DejaVuSans.ttf and DejaVuSans-Bold.ttf, which are put into the file as far as they are used. Without
    // them Helvetica is taken, and what Windows-1252 does not have is written as "?" (the peso's sign as "PHP ").
    // Throws Error 500 where libharu fails.
    Pdf(std::string_view title, const std::string& fonts);
    ~Pdf();
    Pdf(const Pdf&) = delete;
    Pdf& operator=(const Pdf&) = delete;

    void page();  // begins another one
    void grey(double ink);  // of what follows: 0 is black
    void text(double x, double y, double size, bool bold, std::string_view utf8, Align align = Align::left);
    // Breaks between words where the line would get wider; answers the y below the last line.
    double paragraph(double x, double y, double size, bool bold, std::string_view utf8, double wide);
    void line(double x1, double y1, double x2, double y2);
    std::string bytes();  // the whole file

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace core

// Fuzzes the Markdown renderer: whatever comes in, the HTML that comes out keeps to the allow-list and to its bounds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "domain/markdown.h"
#include "safe_html.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string html = domain::render_markdown({reinterpret_cast<const char*>(data), size});
    std::string wrong = fuzz::wrong_in_html(html, 24);
    if (wrong.empty() && html.size() > (std::size_t{4} << 20U)) wrong = "too long";
    if (!wrong.empty()) {
        std::fprintf(stderr, "%s\n", wrong.c_str());
        std::abort();
    }
    return 0;
}

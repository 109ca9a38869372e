// Documents: rendered requirements, the last few of them remembered, since a project's page asks for the same one again and again.
#pragma once
#include <list>
#include <string>
#include <string_view>
#include <utility>

namespace domain {

// One thread's. Holds at most 64 KiB of texts and their HTML, so that eight threads stay within a route program's 12 MiB.
class Documents {
public:
    // render_markdown() of the text; valid until the next call.
    const std::string& html(std::string_view markdown);

private:
    std::list<std::pair<std::string, std::string>> kept_;  // text and HTML, the last used first
    std::size_t bytes_ = 0;
};

}  // namespace domain

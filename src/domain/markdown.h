// Markdown: renders requirements as HTML in which nothing can execute; the only pair that names md4c.
#pragma once
#include <string>
#include <string_view>

namespace domain {

// GitHub's Markdown (tables, task lists, strikethrough, bare web addresses) as HTML made only of: h2–h6 (# is h2), p, br, hr, ul,
// ol, li, blockquote, pre, code, em, strong, del, a, table, thead, tbody, tr, th, td. Raw HTML is shown as text. Links go
// to http, https and mailto only and carry rel="noopener nofollow"; an image becomes a link to it. Any text is accepted:
// past 256 KiB of input, 2 MiB of output or 24 open elements the rest is left out or flattened, and the page says so.
// No state: any thread may call it. Throws nothing but std::bad_alloc.
std::string render_markdown(std::string_view markdown);

}  // namespace domain

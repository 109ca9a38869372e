// Markdown: what a requirements document may look like, and that nothing in it can execute or run away.
#include "domain/markdown.h"

#include <gtest/gtest.h>

#include <random>

#include "../../fuzz/safe_html.h"

namespace {

using domain::render_markdown;

std::string repeated(std::string_view text, std::size_t times) {
    std::string all;
    for (std::size_t i = 0; i < times; ++i) all += text;
    return all;
}

TEST(Markdown, KeepsOneHeadingLevelForThePage) {
    EXPECT_EQ(render_markdown("# One\n\n## Two\n\n###### Six"), "<h2>One</h2>\n<h3>Two</h3>\n<h6>Six</h6>\n");
}

TEST(Markdown, RendersWhatModelsWrite) {
    EXPECT_EQ(render_markdown("A **bold** and _soft_ `x < y` ~~no~~  \nnext"),
              "<p>A <strong>bold</strong> and <em>soft</em> <code>x &lt; y</code> <del>no</del><br>\nnext</p>\n");
    EXPECT_EQ(render_markdown("| a | b |\n|:-:|---|\n| 1 | 2 |"),
              "<table>\n<thead><tr><th align=\"center\">a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody><tr><td align=\"center\">1</td>\n"
              "<td>2</td>\n</tr>\n</tbody>\n</table>\n");
    EXPECT_EQ(render_markdown("- [x] done\n- [ ] open"), "<ul>\n<li class=\"task\">☑ done</li>\n<li class=\"task\">☐ open</li>\n</ul>\n");
    EXPECT_EQ(render_markdown("4. four\n5. five"), "<ol start=\"4\">\n<li>four</li>\n<li>five</li>\n</ol>\n");
    EXPECT_EQ(render_markdown("```html\n<b>&amp;\n```"), "<pre><code>&lt;b&gt;&amp;amp;\n</code></pre>\n");
    EXPECT_EQ(render_markdown("> quoted\n\n---"), "<blockquote>\n<p>quoted</p>\n</blockquote>\n<hr>\n");
    EXPECT_EQ(render_markdown("₱15,000 &ndash; Parañaque &copy; &unknown; &#128515;"), "<p>₱15,000 – Parañaque © &amp;unknown; 😃</p>\n");
}

TEST(Markdown, ShowsRawHtmlAsText) {
    EXPECT_EQ(render_markdown("<script>alert(1)</script>"), "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n");
    EXPECT_EQ(render_markdown("a <img src=x onerror=alert(1)> b"), "<p>a &lt;img src=x onerror=alert(1)&gt; b</p>\n");
    EXPECT_EQ(render_markdown("&lt;script&gt; &#60;b&#62;"), "<p>&lt;script&gt; &lt;b&gt;</p>\n");
}

TEST(Markdown, LinksGoToHttpHttpsAndMailOnly) {
    EXPECT_EQ(render_markdown("[a](https://x.ph/?a=1&b=2)"),
              "<p><a href=\"https://x.ph/?a=1&amp;b=2\" rel=\"noopener nofollow\">a</a></p>\n");
    EXPECT_EQ(render_markdown("[a](mailto:a@b.ph)"), "<p><a href=\"mailto:a@b.ph\" rel=\"noopener nofollow\">a</a></p>\n");
    EXPECT_EQ(render_markdown("[a](HTTPS://x.ph/%22\"'b)"),
              "<p><a href=\"HTTPS://x.ph/%22%22%27b\" rel=\"noopener nofollow\">a</a></p>\n");
    EXPECT_EQ(render_markdown("[](https://x.ph)"), "<p><a href=\"https://x.ph\" rel=\"noopener nofollow\">Link</a></p>\n");
    const char* refused[] = {"javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.ph",
                             "/projects/1", "#top", "&#106;avascript:alert(1)", "&#x6A;avascript&colon;alert(1)", "java&Tab;script:alert(1)",
                             "java&NewLine;script:x", "&#1;javascript:x", "http:x", "http://", "https:///x", "http://?x", "ht&#x200E;tp://x", "mailto:",
                             "http://x&#10;y", "http://x&#x202E;y"};
    for (const char* target : refused) EXPECT_EQ(render_markdown("[a](" + std::string{target} + ")"), "<p>a</p>\n") << target;
    EXPECT_EQ(render_markdown("<javascript:alert(1)>"), "<p>javascript:alert(1)</p>\n");
    EXPECT_EQ(render_markdown("[a](http://" + repeated("x", 2040) + ".ph)").find("href"), std::string::npos);
}

TEST(Markdown, BareAddressesAreLinks) {
    const auto link = [](const std::string& url, const std::string& text) { return "<a href=\"" + url + "\" rel=\"noopener nofollow\">" + text + "</a>"; };
    EXPECT_EQ(render_markdown("see https://x.ph/a_b_c?d=1&e=2, or (http://y.ph/f_(g)). www.z.ph!"),
              "<p>see " + link("https://x.ph/a_b_c?d=1&amp;e=2", "https://x.ph/a_b_c?d=1&amp;e=2") + ", or (" + link("http://y.ph/f_(g)", "http://y.ph/f_(g)") + "). " +
                  link("http://www.z.ph", "www.z.ph") + "!</p>\n");
    EXPECT_EQ(render_markdown("**https://x.ph** “https://y.ph” <https://z.ph/a_b?x=1> https://x.ph|"),
              "<p><strong>" + link("https://x.ph", "https://x.ph") + "</strong> “" + link("https://y.ph", "https://y.ph") + "” " + link("https://z.ph/a_b?x=1", "https://z.ph/a_b?x=1") +
                  " " + link("https://x.ph", "https://x.ph") + "|</p>\n");
    for (const char* text : {"`https://x.ph`", "xhttps://x.ph", "https://", "http:x", "ftp://x.ph", "javascript://x.ph/", "www.x", "www.", "a@www.x.ph", "HTTPS//x"})
        EXPECT_EQ(render_markdown(text).find("href"), std::string::npos) << text;
    EXPECT_EQ(render_markdown("[https://x.ph](https://y.ph)"), "<p>" + link("https://y.ph", "https://x.ph") + "</p>\n");
}

TEST(Markdown, AnImageIsALinkToIt) {
    EXPECT_EQ(render_markdown("![Sketch](https://x.ph/a.png \"t\")"),
              "<p><a href=\"https://x.ph/a.png\" rel=\"noopener nofollow\">Sketch</a></p>\n");
    EXPECT_EQ(render_markdown("![](https://x.ph/a.png)"), "<p><a href=\"https://x.ph/a.png\" rel=\"noopener nofollow\">Image</a></p>\n");
    EXPECT_EQ(render_markdown("[![i](https://x.ph/a.png)](https://y.ph)"),
              "<p><a href=\"https://y.ph\" rel=\"noopener nofollow\">i</a></p>\n");
    EXPECT_EQ(render_markdown("![i](data:image/svg+xml,x)"), "<p>i</p>\n");
}

TEST(Markdown, ControlAndBrokenBytesDoNotReachThePage) {
    EXPECT_EQ(render_markdown(std::string_view{"a\0b\x1B[1m\xE2\x80\xAE c\xFF", 14}), "<p>ab[1m c\xEF\xBF\xBD</p>\n");
    EXPECT_EQ(render_markdown("a&#0;&#xD800;&#1114112;&#27;&#x202e;b"), "<p>a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD  b</p>\n");
    EXPECT_EQ(render_markdown("a\r\n\r\nb\rc"), "<p>a</p>\n<p>b\nc</p>\n");
}

TEST(Markdown, TextThatIsStillBeingWrittenRenders) {
    const std::string text = "# T\n\n> **bold *both*** `code`\n\n- [x] a\n  1. b\n\n| a | b |\n|---|---|\n| [l](https://x.ph) | ñ |\n\n```c\nx\n```\n";
    for (std::size_t size = 0; size <= text.size(); ++size)
        EXPECT_EQ(fuzz::wrong_in_html(render_markdown(std::string_view{text}.substr(0, size)), 24), "") << size;
}

TEST(Markdown, AddressesThatUpsetTheParserDoNotUnbalanceThePage) {
    EXPECT_EQ(fuzz::wrong_in_html(render_markdown("ftp://.a|"), 24), "");
    EXPECT_EQ(fuzz::wrong_in_html(render_markdown("lo *l6;avat:x) [c](http://x.y/?a=2&b=](|\n|:-:|--:|\n y\n"), 24), "");
}

TEST(Markdown, NestingAndSizeAreBounded) {
    for (const auto& [text, most] : {std::pair{repeated("> ", 20000), std::size_t{200'000}}, {repeated("- a\n", 60000), 3'000'000},
                                     {repeated("*", 9000) + "a" + repeated("*", 9000), 50'000},
                                     {repeated("|x", 3000) + "\n" + repeated("|---", 3000) + "\n" + repeated("|a\n", 9000), 2'200'000},
                                     {"[a]: http://x" + repeated("y", 120'000) + "\n\n" + repeated("[a]", 40'000), 2'200'000},
                                     {repeated("[a][] ", 20'000) + "\n\n[a]: http://x" + repeated("y", 2000), 2'200'000}}) {
        const std::string html = render_markdown(text);
        EXPECT_LE(html.size(), most);
        EXPECT_EQ(fuzz::wrong_in_html(html, 24), "");
    }
    const std::string cut = render_markdown(repeated("word word word\n\n", 20000));
    EXPECT_TRUE(cut.ends_with("too long to be shown here.</em></p>\n"));
    EXPECT_FALSE(render_markdown(repeated("word word word\n\n", 10000)).ends_with("too long to be shown here.</em></p>\n"));
}

TEST(Markdown, HostileMixturesStayInTheAllowList) {
    const char* pieces[] = {"[", "](", ")", "![", "]", "<", ">", "javascript:", "http://a", "&#106;", "&quot;", "\"", "'", "\n", "\n\n", "- ", "> ", "# ", "|",
                            "---", "|---|", "```", "`", "*", "**", "~~", "\\", "www.a.b", "a@b.co", " ", "\t", "1. ", "[x] ", "<script>", "<!--", "&", "[a]: ",
                            "\xC3", "ñ", "😃", "\x01", "onload=", "    ", "=", "style"};
    std::mt19937 random{7};
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (auto n = random() % 40; n > 0; --n) text += pieces[random() % std::size(pieces)];
        ASSERT_EQ(fuzz::wrong_in_html(render_markdown(text), 24), "") << text;
    }
}

}  // namespace

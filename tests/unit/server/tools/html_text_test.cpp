#include "server/tools/html_text.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace {

using server::html_text;

TEST(HtmlText, ReadsAsLines) {
    std::vector<std::pair<std::string, std::string>> const table{
        {"", ""},
        {"plain text", "plain text"},
        {"<div>one</div><div>two</div>", "one\ntwo"},
        {"<p>one\n  two</p>\n<p>three</p>", "one two\nthree"},
        {"one<br>two<br/><br><br>three", "one\ntwo\n\nthree"},
        {"<ul><li>a</li><li><b>b</b> c</li></ul>after", "- a\n- b c\nafter"},
        {"<h2>Title</h2>text", "Title\ntext"},
        {"<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>", "a | b\n1 | 2"},
        {"<pre>  keep\n    this</pre>not", "  keep\n    this\nnot"},
        {"see <a href=\"https://x.example/?a=1&amp;b=2\">the page</a>.",
         "see the page (https://x.example/?a=1&b=2)."},
        {"<a href='https://x.example'>https://x.example</a>", "https://x.example"},
        {"<img alt=\"x\" src=\"https://x.example/a.png\">", "[image: https://x.example/a.png]"},
        {"a &lt;b&gt; &amp;amp; &#8211; &#x2013;&nbsp;c", "a <b> &amp; \xE2\x80\x93 \xE2\x80\x93 c"},
        {"<style>p{color:red}</style>x<script>alert('</p>')</script>y", "xy"},
        {"a<!-- <p>hidden</p> -->b", "ab"},
        {"<span title=\"a > b\">x</span>", "x"},
    };
    for (auto const& [html, text] : table) {
        EXPECT_EQ(html_text(html), text) << html;
    }
}

TEST(HtmlText, TakesBrokenMarkup) {
    std::vector<std::pair<std::string, std::string>> const table{
        {"a < b && c > d", "a < b && c > d"},
        {"&unknown; &; & &#xD800; &#0; &#99999999;", "&unknown; &; & &#xD800; &#0; &#99999999;"},
        {"<p>open", "open"},
        {"<a href=\"never closed", ""},
        {"text <", "text <"},
        {"<!-- open", ""},
        {"<script>open", ""},
        {"</a></li></pre>x", "x"},
        {"<img>", "[image: ]"},
    };
    for (auto const& [html, text] : table) {
        EXPECT_EQ(html_text(html), text) << html;
    }
}

TEST(HtmlText, TakesTimeInProportionToItsLength) {
    std::string html;
    for (int i = 0; i < 60'000; ++i) {
        html += "<style><a href='<&#";
    }
    EXPECT_LT(html_text(html).size(), html.size());
}

} // namespace

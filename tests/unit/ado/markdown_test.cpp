#include "ado/markdown.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace {

using ado::escape_markdown_field;

struct Row {
    std::string name;
    std::string in;
    std::string out;
};

TEST(EscapeMarkdownField, EncodesAngleBracketsOutsideCodeOnly) {
    std::vector<Row> const table = {
        {"empty", "", ""},
        {"plain text", "a <b> c", "a &lt;b&gt; c"},
        {"several lines", "a < b\nc > d\n", "a &lt; b\nc &gt; d\n"},
        {"code span", "call `f<T>()` on <T>", "call `f<T>()` on &lt;T&gt;"},
        {"double backticks", "``a ` <b>`` <c>", "``a ` <b>`` &lt;c&gt;"},
        {"unclosed backtick", "`a <b>", "`a &lt;b&gt;"},
        {"span over two lines", "`a\n<b>` <c>\n<d>", "`a\n<b>` &lt;c&gt;\n&lt;d&gt;"},
        {"span does not cross a paragraph", "`a\n\n<b>` <c>", "`a\n\n&lt;b&gt;` &lt;c&gt;"},
        {"fence", "```cpp\nvector<int> v;\n```\n<x>", "```cpp\nvector<int> v;\n```\n&lt;x&gt;"},
        {"tilde fence", "~~~\n<a>\n~~~~\n<b>", "~~~\n<a>\n~~~~\n&lt;b&gt;"},
        {"longer fence holds a shorter one", "````\n```\n<a>\n````\n<b>", "````\n```\n<a>\n````\n&lt;b&gt;"},
        {"fence never closed", "```\n<a>\n\n<b>", "```\n<a>\n\n<b>"},
        {"fence with info does not close", "```\n<a>\n```x\n<b>", "```\n<a>\n```x\n<b>"},
        {"three backticks in a line are a span", "```a<b>``` <c>", "```a<b>``` &lt;c&gt;"},
        {"fence in a list",
         "- item:\n  ```\n  <a>\n  ```\n- <b>",
         "- item:\n  ```\n  <a>\n  ```\n- &lt;b&gt;"},
        {"fence in a quotation", "> ```\n> <a>\n> ```\n> <b>", "> ```\n> <a>\n> ```\n> &lt;b&gt;"},
        {"quotation", "> said <x>\n>> twice", "> said &lt;x&gt;\n>> twice"},
        {"indented code", "text\n\n    if (a < b)\n\nend <x>", "text\n\n    if (a < b)\n\nend &lt;x&gt;"},
        {"indented text of a list item", "- a\n\n    b <c>", "- a\n\n    b &lt;c&gt;"},
        {"indented continuation of a paragraph", "a\n    <b>", "a\n    &lt;b&gt;"},
        {"entities stay", "a &lt; b &amp; c & d", "a &lt; b &amp; c & d"},
        {"escaped bracket", "a \\<b\\> \\\\<c", "a &lt;b&gt; \\\\&lt;c"},
        {"escaped backtick opens nothing", "\\`<a>`", "\\`&lt;a&gt;`"},
        {"carriage returns",
         "a <b>\r\n```\r\n<c>\r\n```\r\n<d>",
         "a &lt;b&gt;\r\n```\r\n<c>\r\n```\r\n&lt;d&gt;"},
        {"list markers", "1. <a>\n* <b>\n+ <c>", "1. &lt;a&gt;\n* &lt;b&gt;\n+ &lt;c&gt;"},
        {"headings and links", "## A <b>\n[x](https://y?a=1&b=2)", "## A &lt;b&gt;\n[x](https://y?a=1&b=2)"},
    };
    for (Row const& row : table) {
        SCOPED_TRACE(row.name);
        EXPECT_EQ(escape_markdown_field(row.in), row.out);
    }
}

TEST(EscapeMarkdownField, TakesLinearTimeOnManyBackticks) {
    std::string text;
    for (int i = 0; i < 100'000; ++i) {
        text += i % 2 == 0 ? "`a` " : "``b ";
    }
    auto const begin = std::chrono::steady_clock::now();
    EXPECT_EQ(escape_markdown_field(text), text);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2));
}

} // namespace

#include "server/knowledge/document.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using server::Document;
using server::Section;
using server::split_document;

std::vector<std::string> headings_of(Document const& document) {
    std::vector<std::string> all;
    for (Section const& section : document.sections) {
        all.push_back(section.heading);
    }
    return all;
}

TEST(Document, FifteenFormatsAreIndexed) {
    for (char const* const name : {"a.md",
                                   "a.txt",
                                   "a.rst",
                                   "a.adoc",
                                   "a.asciidoc",
                                   "a.wiki",
                                   "a.textile",
                                   "a.org",
                                   "a.htm",
                                   "a.html",
                                   "a.json",
                                   "a.yaml",
                                   "a.yml",
                                   "a.xml",
                                   "/docs/a.CSV"}) {
        EXPECT_TRUE(server::is_indexed_format(name)) << name;
    }
    for (char const* const name : {"a.cpp", "a.png", "md", "/docs.md/file", "a.markdown"}) {
        EXPECT_FALSE(server::is_indexed_format(name)) << name;
    }
}

TEST(Document, MarkdownIsSplitAtItsHeadings) {
    Document const document = split_document("/a.md",
                                             "intro\n"
                                             "# Rollback\n"
                                             "text\n"
                                             "## Steps: one & two\n"
                                             "1. stop\n"
                                             "## Later\n"
                                             "done\n"
                                             "# Other\n"
                                             "end\n");
    EXPECT_EQ(headings_of(document),
              (std::vector<std::string>{
                  "", "Rollback", "Rollback > Steps: one & two", "Rollback > Later", "Other"}));
    EXPECT_EQ(document.title, "Rollback");
    Section const& steps = document.sections.at(2);
    EXPECT_EQ(steps.first_line, 4U);
    EXPECT_EQ(steps.last_line, 5U);
    EXPECT_EQ(steps.anchor, "steps-one--two");
    EXPECT_EQ(steps.text, "## Steps: one & two\n1. stop\n");
}

TEST(Document, UnderlinedHeadingsTakeTheLineAbove) {
    Document const markdown = split_document("a.md", "before\n\nTitle\n=====\nbody\n");
    ASSERT_EQ(markdown.sections.size(), 2U);
    EXPECT_EQ(markdown.sections[1].heading, "Title");
    EXPECT_EQ(markdown.sections[1].first_line, 3U);
    EXPECT_EQ(markdown.sections[0].last_line, 2U);
    EXPECT_EQ(markdown.sections[0].text, "before\n\n");
    Document const rst = split_document("a.rst", "Title\n=====\n\nPart\n----\nbody\n");
    EXPECT_EQ(headings_of(rst), (std::vector<std::string>{"Title", "Title > Part"}));
}

TEST(Document, WhatOnlyLooksLikeAHeadingIsText) {
    Document const document = split_document("a.md",
                                             "---\n"
                                             "title: x\n"
                                             "---\n"
                                             "# Real\n"
                                             "```\n"
                                             "# a comment\n"
                                             "```\n"
                                             "| a |\n"
                                             "---\n"
                                             "#no blank\n");
    EXPECT_EQ(headings_of(document), (std::vector<std::string>{"", "Real"}));
}

TEST(Document, OtherFormatsHaveTheirOwnHeadings) {
    struct Row {
        char const* path;
        char const* text;
        std::vector<std::string> headings;
    };
    std::vector<Row> const table{
        {"a.adoc", "= Top\nx\n== Sub\ny\n", {"Top", "Top > Sub"}},
        {"a.wiki", "= Top =\nx\n", {"Top"}},
        {"a.org", "* Top\n** Sub\nx\n", {"Top", "Top > Sub"}},
        {"a.textile", "h1. Top\nx\nh2. Sub\ny\n", {"Top", "Top > Sub"}},
        {"a.html", "<h1 class='x'>Top <b>one</b></h1>\n<p>text</p>\n", {"Top  one"}},
        {"a.txt", "# no heading here\n", {""}},
        {"a.yaml", "# a comment\nkey: 1\n", {""}},
    };
    for (Row const& row : table) {
        SCOPED_TRACE(row.path);
        EXPECT_EQ(headings_of(split_document(row.path, row.text)), row.headings);
    }
}

TEST(Document, LongSectionsComeInPartsThatKeepTheirHeadingAndEveryLine) {
    std::string text = "# Long\n";
    for (int i = 0; i < 300; ++i) {
        text += "line " + std::to_string(i) + " of a long section\n";
    }
    Document const document = split_document("a.md", text);
    EXPECT_GT(document.sections.size(), 3U);
    std::string joined;
    std::size_t next = 1;
    for (Section const& section : document.sections) {
        EXPECT_EQ(section.heading, "Long");
        EXPECT_EQ(section.first_line, next);
        EXPECT_LE(section.text.size(), 1900U);
        next = section.last_line + 1;
        joined += section.text;
    }
    EXPECT_EQ(joined, text);
    EXPECT_EQ(next, 302U);
}

TEST(Document, TextIsDecodedByItsByteOrderMark) {
    EXPECT_EQ(server::decode_document("\xEF\xBB\xBFtext"), "text");
    EXPECT_EQ(server::decode_document(std::string("\xFF\xFEt\0e\0", 6)), "te");
    EXPECT_EQ(server::decode_document(std::string("\x7F\x45LF\0\1", 6)), "") << "no text";
    EXPECT_EQ(server::decode_document("plain"), "plain");
}

} // namespace

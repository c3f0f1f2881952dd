#include "server/tools/cursor.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace {

using server::cursor_subject;
using server::CursorPosition;
using server::read_cursor;
using server::write_cursor;

TEST(Cursor, ComesBackAsItWasWritten) {
    CursorPosition position;
    position.item = 30;
    position.part = 4;
    auto const read = read_cursor(write_cursor(position, "subject"), "subject");
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, position);
}

TEST(Cursor, BelongsToItsCall) {
    core::Json const args{{"query", "x"}, {"cursor", "old"}, {"max_bytes", 1}, {"top", 3}};
    core::Json const next{{"query", "x"}, {"cursor", "new"}};
    EXPECT_EQ(cursor_subject("search_code", "contoso", args), cursor_subject("search_code", "contoso", next));
    EXPECT_NE(cursor_subject("search_code", "contoso", args), cursor_subject("read_file", "contoso", args));
    EXPECT_NE(cursor_subject("search_code", "contoso", args),
              cursor_subject("search_code", "fabrikam", args));
    EXPECT_FALSE(read_cursor(write_cursor(CursorPosition(), "one"), "two"));
}

TEST(Cursor, IsRefusedWithAnyByteChanged) {
    std::string const cursor = write_cursor(CursorPosition(), "subject");
    for (std::size_t i = 0; i < cursor.size(); ++i) {
        std::string changed = cursor;
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        EXPECT_FALSE(read_cursor(changed, "subject")) << i;
        EXPECT_FALSE(read_cursor(cursor.substr(0, i), "subject")) << i;
    }
}

} // namespace

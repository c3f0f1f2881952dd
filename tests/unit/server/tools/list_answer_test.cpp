#include "fixture.hpp"

#include "server/tools/date_argument.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/name_hints.hpp"

#include <algorithm>

namespace {

using namespace tools_test;
using server::CursorPosition;
using server::index_after;
using server::ListPage;
using server::make_list_answer;
using server::position_after;

std::string line_of(Json const& entry) {
    return std::string(server::member_text(entry, "name")) + "\n";
}

ListPage page_of(std::vector<std::string> const& keys, CursorPosition const& position, std::size_t budget) {
    ListPage page("things", "thing", "things", &line_of);
    page.subject = "subject";
    page.max_bytes = budget;
    page.total = keys.size();
    for (std::size_t i = index_after(keys, position); i < keys.size(); ++i) {
        page.entries.emplace_back(Json{{"name", keys[i]}, {"id", i}}, position_after(keys, i));
    }
    return page;
}

TEST(ListAnswer, WalkingItYieldsEveryEntryOnceWithinTheBudget) {
    std::vector<std::string> keys;
    for (int i = 0; i < 200; ++i) {
        std::string const filling(static_cast<std::size_t>(i * 37 % 90), i % 3 == 0 ? '"' : 'x');
        keys.push_back("key" + std::to_string(1000 + i) + filling + "\xC3\xBC");
    }
    // Keys that differ only far behind: a cursor does not hold them whole.
    for (int i = 0; i < 20; ++i) {
        keys.push_back("long" + std::string(300, 'y') + std::to_string(100 + i));
    }
    std::sort(keys.begin(), keys.end());
    for (std::size_t const budget : {1024U, 1500U, 4000U, 100'000U}) {
        SCOPED_TRACE(budget);
        std::vector<std::string> walked;
        CursorPosition position;
        for (int round = 0; round < 300; ++round) {
            auto const answer = make_list_answer(page_of(keys, position, budget));
            EXPECT_LE(answer.text.size(), budget);
            EXPECT_LE(core::dump_json(answer.structured).size(), budget);
            for (Json const& thing : answer.structured["things"]) {
                walked.push_back(thing["name"]);
                EXPECT_NE(answer.text.find(walked.back()), std::string::npos);
            }
            if (!answer.structured.contains("cursor")) {
                break;
            }
            std::string const cursor = answer.structured["cursor"];
            EXPECT_NE(answer.text.find("cursor: " + cursor + "\n"), std::string::npos);
            position = *server::read_cursor(cursor, "subject");
        }
        EXPECT_EQ(walked, keys);
    }
}

TEST(ListAnswer, FillsItsBudgetToTheLastByteThatHelps) {
    std::vector<std::string> const keys{"a" + std::string(50, 'x'), "b" + std::string(50, 'x')};
    auto const whole = make_list_answer(page_of(keys, CursorPosition(), 100'000));
    std::size_t const needed = std::max(whole.text.size(), core::dump_json(whole.structured).size());
    EXPECT_EQ(make_list_answer(page_of(keys, CursorPosition(), needed)).structured["things"].size(), 2U);
    auto const less = make_list_answer(page_of(keys, CursorPosition(), needed - 1));
    EXPECT_LT(less.structured["things"].size(), 2U);
}

TEST(ListAnswer, GoesOnBehindAKeyWhateverCameOrWentBefore) {
    std::vector<std::string> const keys{"b", "d", "f"};
    CursorPosition const position = position_after(keys, 1);
    EXPECT_EQ(index_after({"a", "b", "c", "d", "e", "f"}, position), 4U);
    EXPECT_EQ(index_after({"f"}, position), 0U);
    EXPECT_EQ(index_after({"a"}, position), 1U);
    EXPECT_EQ(index_after(keys, CursorPosition()), 0U);
}

TEST(ListAnswer, ShortensAnEntryThatIsTooLargeAlone) {
    ListPage page = page_of({std::string(5000, 'n')}, CursorPosition(), 1024);
    auto const answer = make_list_answer(std::move(page));
    ASSERT_EQ(answer.structured["things"].size(), 1U);
    EXPECT_LE(core::dump_json(answer.structured).size(), 1024U);
    EXPECT_LE(answer.text.size(), 1024U);
    EXPECT_TRUE(mentions(notes_of(answer.structured), "shortened"));
}

TEST(ListAnswer, GoesPastAnEntryThatCannotBeShown) {
    ListPage page = page_of({"a", "b"}, CursorPosition(), 1024);
    page.entries.front().json["url"] = std::string(3000, 'u');
    auto const answer = make_list_answer(std::move(page));
    EXPECT_EQ(answer.structured["things"].size(), 0U);
    auto const position = server::read_cursor(answer.structured["cursor"].get<std::string>(), "subject");
    ASSERT_TRUE(position);
    EXPECT_EQ(position->after, "a");
    EXPECT_TRUE(mentions(notes_of(answer.structured), "larger than max_bytes"));
}

TEST(ListAnswer, NotesNeverCrowdTheEntriesOut) {
    ListPage page = page_of({"a"}, CursorPosition(), 1024);
    for (int i = 0; i < 30; ++i) {
        page.notes.push_back(std::string(100, 'n'));
    }
    auto const answer = make_list_answer(std::move(page));
    EXPECT_EQ(answer.structured["things"].size(), 1U);
    EXPECT_LE(answer.text.size(), 1024U);
}

TEST(Dates, AreTakenAsPeopleWriteThem) {
    struct Row {
        std::string text, begin, end;
    };
    for (Row const& row :
         {Row{"", "", ""},
          Row{"2026-03-31", "2026-03-31T00:00:00Z", "2026-03-31T23:59:59Z"},
          Row{"2024-02-29", "2024-02-29T00:00:00Z", "2024-02-29T23:59:59Z"},
          Row{"2026-03-31T18:36", "2026-03-31T18:36:00Z", "2026-03-31T18:36:00Z"},
          Row{"2026-03-31 18:36:26.23Z", "2026-03-31T18:36:26.23Z", "2026-03-31T18:36:26.23Z"},
          Row{"2026-03-31T18:36+02:00", "2026-03-31T18:36:00+02:00", "2026-03-31T18:36:00+02:00"}}) {
        SCOPED_TRACE(row.text);
        EXPECT_EQ(server::read_date("since", row.text, false).value_or("?"), row.begin);
        EXPECT_EQ(server::read_date("since", row.text, true).value_or("?"), row.end);
    }
    for (std::string const text : {"yesterday",
                                   "2026-13-01",
                                   "2026-02-29",
                                   "2026-00-10",
                                   "31.03.2026",
                                   "2026-03-31T",
                                   "2026-03-31T24:00",
                                   "2026-03-31T18:36:26.",
                                   "2026-03-31T18:36:26Zx",
                                   "2026-03-31T18:36+2:00"}) {
        SCOPED_TRACE(text);
        auto const read = server::read_date("since", text, false);
        ASSERT_FALSE(read);
        EXPECT_EQ(read.error().kind(), core::ErrorKind::invalid_argument);
        EXPECT_NE(read.error().message().find("`since`"), std::string::npos);
    }
}

TEST(NameHints, NameTheNearestAndWhatThereIs) {
    EXPECT_EQ(server::describe_names("engin", {"samples", "engine"}, "Repositories there"),
              "Did you mean 'engine'? Repositories there: engine, samples.");
    EXPECT_EQ(server::describe_names("zzz", {"a"}, "Types"), "Types: a.");
    EXPECT_EQ(server::describe_names("x", {}, "Types"), "");
    std::vector<std::string> many;
    for (int i = 0; i < 30; ++i) {
        many.push_back("name" + std::to_string(i));
    }
    std::string const text = server::describe_names("name17", many, "Names");
    EXPECT_NE(text.find("and 22 more"), std::string::npos) << text;
    EXPECT_NE(text.find(": name17"), std::string::npos) << "what is meant comes first";
}

} // namespace

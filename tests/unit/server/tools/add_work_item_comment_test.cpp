#include "fixture.hpp"

#include "server/tools/write_effects.hpp"

namespace {

using namespace tools_test;

class CommentTest : public ToolTest {
public:
    CommentTest() : ToolTest(server::make_add_work_item_comment_tool()) {}
};

Json item() {
    return Json{
        {"id", 12},
        {"rev", 3},
        {"fields",
         {{"System.TeamProject", "Web Shop"}, {"System.WorkItemType", "Bug"}, {"System.Title", "Crash"}}}};
}

Json comment(int id, std::string const& text, std::string const& author, std::string const& created) {
    return Json{{"id", id},
                {"text", text},
                {"format", "markdown"},
                {"createdDate", created},
                {"createdBy", {{"id", author}, {"displayName", author}}}};
}

Json who(std::string const& id) {
    return Json{{"authenticatedUser",
                 {{"id", id},
                  {"subjectDescriptor", "aad.x"},
                  {"providerDisplayName", "Agent"},
                  {"properties", {{"Account", {{"$value", "agent@contoso.example"}}}}}}}};
}

std::string const kNow = "2026-11-23T00:00:01.5Z";

TEST(AddWorkItemComment, WritesMarkdownInTheItemsProject) {
    CommentTest test;
    test.respond(item());
    test.respond(comment(5001, "x", "me", kNow));
    Json const answer =
        test.structured({{"id", 12}, {"text", "see <b> and `<c>`"}, {"idempotency_key", "k"}});
    EXPECT_EQ(answer["id"], 5001);
    EXPECT_EQ(answer["work_item_id"], 12);
    EXPECT_EQ(answer["created"], true);
    EXPECT_EQ(answer["url"], "https://dev.azure.com/contoso/Web%20Shop/_workitems/edit/12#5001");
    EXPECT_EQ(test.request_body(1)["text"], "see &lt;b&gt; and `<c>`");
    EXPECT_NE(test.http.requests()[1].url.find("/Web%20Shop/_apis/wit/workItems/12/comments?format=markdown"),
              std::string::npos);
    ASSERT_EQ(test.passing.writes.size(), 1U);
    EXPECT_EQ(test.passing.writes[0].tool, "add_work_item_comment");
    EXPECT_EQ(test.passing.writes[0].idempotency_key, "k");
    EXPECT_EQ(test.passing.writes[0].probe["item"], 12);
}

TEST(AddWorkItemComment, KeepsToTheAllowList) {
    CommentTest test;
    test.policy.projects = {"Other"};
    test.respond(item());
    EXPECT_EQ(test.error({{"id", 12}, {"text", "x"}}).code(), "project_not_allowed");
    EXPECT_EQ(test.http.requests().size(), 1U);
    EXPECT_TRUE(test.passing.writes.empty());
}

TEST(AddWorkItemComment, RefusesEmptyText) {
    CommentTest test;
    EXPECT_EQ(test.error({{"id", 12}, {"text", " \n"}}).kind(), core::ErrorKind::invalid_argument);
    EXPECT_TRUE(test.http.requests().empty());
}

TEST(AddWorkItemComment, FindsItsOwnCommentAfterALostAnswer) {
    CommentTest test;
    test.passing.lose_answer = true;
    test.passing.known = {"12/5003"};
    test.respond(item());
    test.respond({{"totalCount", 6},
                  {"comments",
                   {comment(5006, "hello", "me", kNow),
                    comment(5005, "hello", "somebody else", kNow),
                    comment(5004, "<div>hello</div>", "me", kNow),
                    comment(5003, "hello", "me", kNow),
                    comment(5002, "hello", "me", "2026-11-22T10:00:00Z"),
                    comment(5001, "other", "me", kNow)}}});
    test.respond(who("me"));
    Json const answer = test.structured({{"id", 12}, {"text", "hello"}});
    EXPECT_EQ(answer["id"], 5004) << "the oldest of ours nobody accounts for";
    EXPECT_TRUE(mentions(notes_of(answer), "lost"));
}

TEST(WriteEffects, AreFoundByWhatTheJournalKeeps) {
    CommentTest test;
    test.respond(item());
    test.respond(comment(5001, "x", "me", kNow));
    test.structured({{"id", 12}, {"text", "hello"}});
    Json const probe = Json::parse(test.passing.writes.at(0).probe.dump());
    test.respond({{"comments", {comment(5004, "hello", "me", kNow)}}});
    test.respond(who("me"));
    std::string const tool = "add_work_item_comment";
    std::vector<std::string> const known;
    auto const found =
        test.loop.run(server::find_effect(tool, probe, test.client, test.passing.since, known, test.ctx));
    ASSERT_TRUE(found) << core::describe(found.error());
    ASSERT_TRUE(*found);
    EXPECT_EQ((*found)->resource_id, "12/5004");
    EXPECT_EQ((*found)->result["id"], 5004);
    std::string const create = "create_work_item";
    EXPECT_FALSE(
        test.loop.run(server::find_effect(create, probe, test.client, test.passing.since, known, test.ctx)))
        << "a probe of another version says nothing";
}

} // namespace

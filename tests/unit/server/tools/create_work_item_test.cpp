#include "fixture.hpp"

#include "server/router/journal_guard.hpp"
#include "server/tools/work_item_request.hpp"

namespace {

using namespace tools_test;

class CreateTest : public ToolTest {
public:
    CreateTest() : ToolTest(server::make_create_work_item_tool()) { policy.default_project = "Web Shop"; }
};

Json item(int id, std::string const& type, std::string const& title, Json const& more = Json::object()) {
    Json fields{{"System.TeamProject", "Web Shop"},
                {"System.WorkItemType", type},
                {"System.Title", title},
                {"System.State", "To Do"}};
    fields.update(more);
    return Json{{"id", id},
                {"rev", 1},
                {"fields", fields},
                {"_links", {{"html", {{"href", "https://dev.azure.com/contoso/guid/_workitems/edit/1"}}}}}};
}

Json operation(std::string const& path, Json const& value) {
    return Json{{"op", "add"}, {"path", path}, {"value", value}};
}

TEST(CreateWorkItem, SendsOneRequestAndAnswersWithThePage) {
    CreateTest test;
    test.respond(item(973, "Task", "Fix the parser"));
    Json const answer = test.structured({{"title", "Fix the parser"}});
    Json const expected{{"id", 973},
                        {"url", "https://dev.azure.com/contoso/Web%20Shop/_workitems/edit/973"},
                        {"organization", "contoso"},
                        {"project", "Web Shop"},
                        {"type", "Task"},
                        {"title", "Fix the parser"},
                        {"state", "To Do"},
                        {"rev", 1},
                        {"created", true},
                        {"notes", Json::array()}};
    EXPECT_EQ(answer, expected);
    EXPECT_EQ(test.text,
              "Created Task 973 \"Fix the parser\" in project Web Shop, state To Do: "
              "https://dev.azure.com/contoso/Web%20Shop/_workitems/edit/973\n");
    ASSERT_EQ(test.http.requests().size(), 1U);
    auto const& request = test.http.requests()[0];
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url,
              "https://dev.azure.com/contoso/Web%20Shop/_apis/wit/workitems/$Task?api-version=7.1");
    EXPECT_EQ(request.headers.get("Content-Type").value_or(""), "application/json-patch+json");
    EXPECT_EQ(test.request_body(0), Json::array({operation("/fields/System.Title", "Fix the parser")}));
}

TEST(CreateWorkItem, TurnsEveryArgumentIntoAnOperation) {
    CreateTest test;
    test.respond(item(1, "Bug", "t"));
    test.structured(Json::parse(R"({
        "project": "Web Shop", "type": "Bug", "title": " t ", "description": "a <b>\n`<c>`",
        "area_path": "/Web Shop/Api", "iteration_path": "Web Shop\\Sprint 1", "priority": 2, "severity": "high",
        "assigned_to": "ann@contoso.com", "tags": ["net", " regression ", ""], "parent_id": 41,
        "links": [{"url": "https://example.com/x?y=1#z", "comment": "seen here"}],
        "fields": {"Custom.Team": "Blue", "Microsoft.VSTS.Scheduling.StoryPoints": 3}})"));
    Json const expected =
        Json::array({operation("/fields/System.Title", "t"),
                     operation("/fields/Microsoft.VSTS.TCM.ReproSteps", "a &lt;b&gt;\n`<c>`"),
                     operation("/multilineFieldsFormat/Microsoft.VSTS.TCM.ReproSteps", "Markdown"),
                     operation("/fields/System.AreaPath", "Web Shop\\Api"),
                     operation("/fields/System.IterationPath", "Web Shop\\Sprint 1"),
                     operation("/fields/Microsoft.VSTS.Common.Priority", 2),
                     operation("/fields/Microsoft.VSTS.Common.Severity", "2 - High"),
                     operation("/fields/System.AssignedTo", "ann@contoso.com"),
                     operation("/fields/System.Tags", "net; regression"),
                     operation("/relations/-",
                               {{"rel", "System.LinkTypes.Hierarchy-Reverse"},
                                {"url", "https://dev.azure.com/contoso/_apis/wit/workItems/41"}}),
                     operation("/relations/-",
                               {{"rel", "Hyperlink"},
                                {"url", "https://example.com/x?y=1#z"},
                                {"attributes", {{"comment", "seen here"}}}}),
                     operation("/fields/Custom.Team", "Blue"),
                     operation("/fields/Microsoft.VSTS.Scheduling.StoryPoints", 3)});
    EXPECT_EQ(test.request_body(0), expected);
}

TEST(CreateWorkItem, PutsTheDescriptionWhereTheTypeShowsIt) {
    for (auto const& [type, field] : std::vector<std::pair<std::string, std::string>>{
             {"User Story", "System.Description"}, {"bug", "Microsoft.VSTS.TCM.ReproSteps"}}) {
        CreateTest test;
        test.respond(item(1, type, "t"));
        test.structured({{"title", "t"}, {"type", type}, {"description", "d"}});
        EXPECT_EQ(test.request_body(0)[1], operation("/fields/" + field, "d"));
    }
}

TEST(CreateWorkItem, RefusesWhatAzureDevOpsCannotTake) {
    CreateTest test;
    std::string long_title;
    for (int i = 0; i < 128; ++i) {
        long_title += "\xF0\x9F\x98\x80"; // two UTF-16 units each
    }
    for (Json const& args :
         {Json{{"title", "  "}},
          Json{{"title", long_title}},
          Json{{"title", "a\nb"}},
          Json{{"title", "t"}, {"tags", {"a;b"}}},
          Json{{"title", "t"}, {"project", ".."}},
          Json{{"title", "t"}, {"type", ".."}},
          Json{{"title", "t"}, {"links", {{{"url", "javascript:alert(1)"}}}}},
          Json{{"title", "t"}, {"links", {{{"url", "vstfs:///x"}}}}},
          Json{{"title", "t"}, {"fields", {{"Priority", 1}}}},
          Json{{"title", "t"}, {"fields", {{"a/b.c", 1}}}},
          Json{{"title", "t"}, {"fields", {{"System.Title", "u"}}}},
          Json{{"title", "t"}, {"description", "d"}, {"fields", {{"system.description", "u"}}}},
          Json{{"title", "t"}, {"fields", {{"Custom.X", Json::array()}}}}}) {
        SCOPED_TRACE(args.dump());
        core::Error const error = test.error(args);
        EXPECT_EQ(error.kind(), core::ErrorKind::invalid_argument);
        EXPECT_TRUE(error.not_sent());
    }
    test.policy.default_project.clear();
    EXPECT_EQ(test.error({{"title", "t"}}).kind(), core::ErrorKind::invalid_argument);
    EXPECT_TRUE(test.http.requests().empty());
    EXPECT_TRUE(test.passing.writes.empty()) << "nothing is journalled for a call that is wrong";
}

TEST(CreateWorkItem, KeepsTheUpstreamsWords) {
    CreateTest test;
    test.http.respond(
        400,
        R"({"$id":"1","customProperties":{"RuleValidationErrors":[{"fieldReferenceName":"System.AreaPath"}]},)"
        R"("message":"TF401347: Invalid tree name given for work item -1, field 'System.AreaPath'.",)"
        R"("typeKey":"RuleValidationException"})",
        {{"Content-Type", "application/json"}});
    core::Error const error = test.error({{"title", "t"}, {"area_path", "Nowhere"}});
    EXPECT_NE(error.message().find("System.AreaPath"), std::string::npos) << error.message();
    EXPECT_EQ(error.code(), "TF401347");
}

TEST(CreateWorkItem, ValidatesWithoutWriting) {
    CreateTest test;
    Json answer_body = item(0, "Task", "t");
    answer_body.erase("id");
    test.respond(answer_body);
    Json const answer = test.structured({{"title", "t"}, {"validate_only", true}});
    EXPECT_FALSE(answer.contains("id"));
    EXPECT_FALSE(answer.contains("url"));
    EXPECT_EQ(answer["created"], false);
    EXPECT_TRUE(mentions(notes_of(answer), "Validated only"));
    EXPECT_NE(test.http.requests()[0].url.find("validateOnly=true"), std::string::npos);
    EXPECT_TRUE(test.passing.writes.empty());
}

TEST(CreateWorkItem, TellsTheGuardWhatTheSameKeyMustRepeat) {
    CreateTest test;
    test.respond(item(1, "Task", "t"));
    test.respond(item(2, "Task", "t"));
    test.structured({{"title", "t"}, {"organization", "contoso"}, {"idempotency_key", "k1"}});
    test.structured({{"title", "t"}, {"type", "Task"}, {"project", "Web Shop"}});
    ASSERT_EQ(test.passing.writes.size(), 2U);
    auto const& keyed = test.passing.writes[0];
    EXPECT_EQ(keyed.idempotency_key, "k1");
    EXPECT_EQ(keyed.tool, "create_work_item");
    EXPECT_EQ(keyed.organization, "contoso");
    EXPECT_EQ(keyed.arguments, test.passing.writes[1].arguments)
        << "defaults written out or not are the same";
    EXPECT_EQ(keyed.probe["project"], "Web Shop");
    EXPECT_EQ(keyed.probe["title"], "t");
    EXPECT_FALSE(test.passing.writes[1].idempotency_key);
}

TEST(CreateWorkItem, SaysThatAKeyHadBeenUsed) {
    CreateTest test;
    test.passing.created = false;
    test.respond(item(5, "Task", "t"));
    Json const answer = test.structured({{"title", "t"}, {"idempotency_key", "k"}});
    EXPECT_EQ(answer["created"], false);
    EXPECT_EQ(test.text.find("Already there: Task 5"), 0U);
    EXPECT_TRUE(mentions(notes_of(answer), "idempotency_key"));
}

TEST(CreateWorkItem, FindsItsItemAfterALostAnswer) {
    CreateTest test;
    test.passing.lose_answer = true;
    test.passing.known = {"12"};
    test.respond({{"workItems", {{{"id", 14}}, {{"id", 13}}, {{"id", 12}}, {{"id", 11}}}}});
    test.respond({{"value",
                   {item(11, "Task", "It's broken", {{"System.Description", "see &lt;b&gt;"}}),
                    nullptr,
                    item(13, "Task", "It's broken", {{"System.Description", "see  &lt;b&gt;\n"}}),
                    item(14, "Task", "It's broken", {{"System.Description", "another text"}})}}});
    Json const answer = test.structured({{"title", "It's broken"}, {"description", "see <b>"}});
    EXPECT_EQ(answer["id"], 13) << "the newest with our text";
    EXPECT_EQ(answer["created"], true);
    EXPECT_TRUE(mentions(notes_of(answer), "lost"));
    std::string const query = test.request_body(0)["query"];
    EXPECT_EQ(query,
              "SELECT [System.Id] FROM WorkItems WHERE [System.TeamProject] = 'Web Shop' AND "
              "[System.WorkItemType] = 'Task' "
              "AND [System.Title] = 'It''s broken' AND [System.CreatedBy] = @Me AND [System.CreatedDate] >= "
              "'2026-11-22T23:58:00Z' ORDER BY [System.Id] DESC");
    EXPECT_NE(test.http.requests()[0].url.find("timePrecision=true"), std::string::npos);
    EXPECT_EQ(test.request_body(1)["ids"], Json({14, 13, 11}));
}

TEST(CreateWorkItem, DoesNotTakeAnothersItemForItsOwn) {
    CreateTest test;
    test.passing.lose_answer = true;
    test.respond({{"workItems", {{{"id", 14}}}}});
    test.respond({{"value", {item(14, "Task", "t", {{"System.Description", "different"}})}}});
    EXPECT_EQ(test.error({{"title", "t"}, {"description", "mine"}}).kind(), core::ErrorKind::timeout);
    test.respond({{"workItems", Json::array()}});
    EXPECT_EQ(test.error({{"title", "t"}}).kind(), core::ErrorKind::timeout);
    EXPECT_EQ(test.http.requests().size(), 3U) << "no ids, no second question";
}

TEST(TextEssence, IgnoresHowATextWasStored) {
    EXPECT_EQ(server::text_essence("a <b>\n`x`"), server::text_essence("<div>a </div><p>`x`</p>"));
    EXPECT_EQ(server::text_essence("a &lt;b&gt; &amp; c"), "abc");
    EXPECT_EQ(server::text_essence("1 < 2"), "12");
    EXPECT_NE(server::text_essence("one"), server::text_essence("two"));
}

/// A journal in memory.
class MemoryJournal final : public server::Journal {
public:
    core::Task<core::Result<Begun>> begin(server::JournalEntry entry, std::chrono::hours) override {
        Begun begun;
        for (server::JournalEntry const& known : entries) {
            if (entry.idempotency_key && known.idempotency_key == entry.idempotency_key &&
                known.state != server::JournalEntry::State::abandoned) {
                begun.fresh = false;
                begun.entry = known;
                co_return begun;
            }
        }
        entry.id = static_cast<std::int64_t>(entries.size()) + 1;
        entries.push_back(entry);
        begun.entry = entry;
        co_return begun;
    }
    core::Task<core::Result<void>>
    complete(std::int64_t id, std::string resource_id, std::string result) override {
        server::JournalEntry& entry = entries.at(static_cast<std::size_t>(id - 1));
        entry.state = server::JournalEntry::State::done;
        entry.resource_id = std::move(resource_id);
        entry.result = std::move(result);
        co_return core::Result<void>();
    }
    core::Task<core::Result<void>> set_state(std::int64_t id, server::JournalEntry::State state) override {
        entries.at(static_cast<std::size_t>(id - 1)).state = state;
        co_return core::Result<void>();
    }
    core::Task<core::Result<std::vector<server::JournalEntry>>> list_open() override { co_return entries; }
    core::Task<core::Result<std::vector<std::string>>>
    known_resources(std::string, std::string, core::SystemTime) override {
        std::vector<std::string> known;
        for (server::JournalEntry const& entry : entries) {
            if (!entry.resource_id.empty()) {
                known.push_back(entry.resource_id);
            }
        }
        co_return known;
    }
    core::Task<core::Result<std::size_t>> forget_before(core::SystemTime) override {
        co_return std::size_t{0};
    }

    std::vector<server::JournalEntry> entries;
};

TEST(CreateWorkItem, IsNotDoubledByALostAnswerOrARepeatedKey) {
    CreateTest test;
    MemoryJournal journal;
    auto const guard = server::make_journal_guard(journal, test.clock, std::chrono::hours(24));
    test.other_guard = guard.get();
    Json const args{{"title", "t"}, {"idempotency_key", "k"}};
    test.http.fail(core::Error(core::ErrorKind::network, "connection reset"));
    test.respond({{"workItems", {{{"id", 7}}}}});
    test.respond({{"value", {item(7, "Task", "t")}}});
    auto call = test.loop.spawn(test.start(args));
    for (int i = 0; i < 20 && !call.done(); ++i) {
        test.loop.poll();
        test.clock.advance(std::chrono::milliseconds(500));
    }
    test.loop.wait(call);
    auto const first = call.take();
    ASSERT_TRUE(first) << core::describe(first.error());
    EXPECT_EQ(first->structured["id"], 7);
    EXPECT_EQ(first->structured["created"], true);
    std::size_t const sent = test.http.requests().size();
    Json const again = test.structured(args);
    EXPECT_EQ(again["id"], 7);
    EXPECT_EQ(again["created"], false);
    EXPECT_EQ(test.http.requests().size(), sent) << "answered from the journal";
    core::Error const other = test.error({{"title", "u"}, {"idempotency_key", "k"}});
    EXPECT_EQ(other.kind(), core::ErrorKind::invalid_argument);
}

} // namespace

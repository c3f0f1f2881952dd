#include "fixture.hpp"

#include "core/text/utf8.hpp"

#include <algorithm>
#include <functional>
#include <map>

// Whatever the budget and the text: neither the text nor its structured twin is larger than max_bytes, and
// following the cursor shows what a call without a budget shows, each thing once.

namespace {

using namespace tools_test;

std::vector<std::string> const& awkward_texts() {
    static std::vector<std::string> const texts = [] {
        std::string emoji;
        std::string quotes;
        for (int i = 0; i < 90; ++i) {
            emoji += "\xF0\x9F\x9A\x80";
            quotes += "\"\\";
        }
        return std::vector<std::string>{"plain",
                                        emoji,
                                        quotes,
                                        "tab\tand\ttab",
                                        "\xC3\xBC\xC3\xB6\xC3\xA4 \xE2\x82\xAC",
                                        "e\xCC\x81 combining",
                                        "control \x01\x02\x1B[31m and \xE2\x80\xAE override",
                                        std::string(3000, 'w'),
                                        ""};
    }();
    return texts;
}

std::string awkward(int i) {
    return awkward_texts()[static_cast<std::size_t>(i) % awkward_texts().size()];
}

/// No longer than the names that people give: with its link the smallest answer holds one.
std::string name(int i) {
    return std::string(core::utf8_prefix(awkward(i), 36));
}

Json list_of(Json values) {
    Json list = Json::object();
    list["count"] = values.size();
    list["value"] = std::move(values);
    return list;
}

/// The number behind `name=` in a URL.
std::size_t number_in(std::string const& url, std::string const& name, std::size_t usual) {
    std::size_t const at = url.find(name + "=");
    return at == std::string::npos ? usual : std::stoul(url.substr(at + name.size() + 1));
}

bool has(std::string const& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

/// Lines of every kind of line end, one of them far longer than the smallest budget.
std::string const& awkward_file() {
    static std::string const file = [] {
        std::string text;
        for (int i = 0; i < 60; ++i) {
            text += "line " + std::to_string(i) + " " + (i % 9 == 7 && i != 16 ? "x" : awkward(i)) +
                    (i % 3 == 0 ? "\r\n" : "\n");
        }
        return text + "last, without an end \xF0\x9F\x9A\x80";
    }();
    return file;
}

/// A tool, its call and the service it talks to.
struct Case {
    char const* name;
    std::unique_ptr<server::OrganizationTool> (*make)();
    Json args;
    Json (*serve)(test::RecordedRequest const&);
    char const* member; ///< the list that the cursor goes through; null = there is no cursor
};

Json serve_projects(test::RecordedRequest const&) {
    Json list = Json::array();
    for (int i = 0; i < 24; ++i) {
        list.push_back({{"id", "id-" + std::to_string(i)},
                        {"name", "Project " + std::to_string(i) + " " + name(i)},
                        {"description", awkward(i)},
                        {"state", "wellFormed"},
                        {"visibility", "private"}});
    }
    return list_of(std::move(list));
}

Json serve_repositories(test::RecordedRequest const&) {
    Json list = Json::array();
    for (int i = 0; i < 24; ++i) {
        list.push_back({{"id", "id-" + std::to_string(i)},
                        {"name", std::to_string(i) + " " + name(i)},
                        {"project", {{"id", "p"}, {"name", "Web " + name(i % 5)}}},
                        {"defaultBranch", "refs/heads/" + awkward(i % 6)},
                        {"size", 4096 * i},
                        {"isDisabled", i % 4 == 0}});
    }
    return list_of(std::move(list));
}

Json serve_items(test::RecordedRequest const&) {
    Json list = Json::array();
    list.push_back({{"path", "/"}, {"isFolder", true}, {"gitObjectType", "tree"}, {"commitId", kCommit}});
    for (int i = 0; i < 24; ++i) {
        list.push_back({{"path", "/" + std::to_string(i) + " " + name(i)},
                        {"gitObjectType", "blob"},
                        {"commitId", kCommit}});
    }
    return list_of(std::move(list));
}

Json serve_commits(test::RecordedRequest const& request) {
    std::size_t const skip = number_in(request.url, "$skip", 0);
    std::size_t const top = number_in(request.url, "$top", 20);
    Json list = Json::array();
    for (std::size_t i = skip; i < std::min<std::size_t>(skip + top, 45); ++i) {
        int const n = static_cast<int>(i);
        list.push_back(
            {{"commitId", std::string(36, 'a') + std::to_string(1000 + n)},
             {"author",
              {{"name", name(n + 1)}, {"email", "a@contoso.example"}, {"date", "2026-03-31T18:36:26Z"}}},
             {"comment", awkward(n)},
             {"changeCounts", {{"Add", n}, {"Edit", 0}, {"Delete", 1}}}});
    }
    return list_of(std::move(list));
}

Json item_json(int id) {
    return Json{{"id", id},
                {"rev", 7},
                {"fields",
                 {{"System.TeamProject", "Web"},
                  {"System.WorkItemType", "Bug"},
                  {"System.Title", name(id) + " " + std::to_string(id)},
                  {"System.State", "Active"},
                  {"System.AreaPath", "Web\\" + awkward(id + 1)},
                  {"System.IterationPath", "Web"},
                  {"System.Tags", "net; " + awkward(id + 2)},
                  {"System.Description", "<div>" + awkward(id + 3) + "</div>"},
                  {"System.ChangedDate", "2026-03-31T18:36:26.23Z"}}}};
}

Json serve_search(test::RecordedRequest const& request) {
    if (has(request.url, "/wiql")) {
        std::string const query = Json::parse(request.body).at("query").get<std::string>();
        std::size_t const top = number_in(request.url, "$top", 20);
        // The tool goes on with `[System.Id] < n`.
        std::size_t const bound = query.find("[System.Id] < ");
        int const below = bound == std::string::npos ? 41 : std::stoi(query.substr(bound + 14));
        Json ids = Json::array();
        for (int id = below - 1; id > 0 && ids.size() < top; --id) {
            ids.push_back({{"id", id}, {"url", "x"}});
        }
        return {{"queryType", "flat"}, {"workItems", ids}};
    }
    Json items = Json::array();
    Json const body = Json::parse(request.body);
    for (Json const& id : body.at("ids")) {
        items.push_back(item_json(id));
    }
    return list_of(std::move(items));
}

Json serve_item(test::RecordedRequest const& request) {
    if (has(request.url, "/comments")) {
        Json comments = Json::array();
        for (int i = 0; i < 30; ++i) {
            comments.push_back({{"id", i + 1},
                                {"text", awkward(i)},
                                {"format", "markdown"},
                                {"createdBy", {{"displayName", "Ada"}}},
                                {"createdDate", "2026-03-31T18:36:26.23Z"}});
        }
        return {{"totalCount", 300}, {"count", 30}, {"comments", comments}};
    }
    Json item = item_json(6);
    item["fields"]["Custom.Notes"] = awkward_file();
    item["relations"] = Json::array();
    for (int i = 0; i < 30; ++i) {
        item["relations"].push_back({{"rel", "Hyperlink"},
                                     {"url", "https://contoso.example/" + std::to_string(i)},
                                     {"attributes", {{"comment", awkward(i)}}}});
    }
    return item;
}

Json serve_type(test::RecordedRequest const& request) {
    if (has(request.url, "classificationnodes")) {
        Json children = Json::array();
        for (int i = 0; i < 60; ++i) {
            children.push_back({{"name", std::to_string(i) + awkward(i)}});
        }
        return list_of(
            Json::array({{{"name", "Web"}, {"structureType", "area"}, {"children", children}},
                         {{"name", "Web"}, {"structureType", "iteration"}, {"children", children}}}));
    }
    Json fields = Json::array();
    for (int i = 0; i < 24; ++i) {
        fields.push_back(
            {{"referenceName", "Custom.F" + std::to_string(i)},
             {"name", awkward(i)},
             {"alwaysRequired", i % 5 == 0},
             {"allowedValues", i % 2 == 0 ? Json::array({awkward(i + 1), "b"}) : Json::array()}});
    }
    return list_of(std::move(fields));
}

Json serve_file(test::RecordedRequest const& request) {
    return file_answer(has(request.url, "second") ? "/second" : "/first",
                       has(request.url, "second") ? "\xEF\xBB\xBFone\r\ntwo" : awkward_file());
}

Json serve_code(test::RecordedRequest const& request) {
    if (request.method != "POST") {
        return file_answer("/f", awkward_file());
    }
    Json const body = Json::parse(request.body);
    Json results = Json::array();
    std::string const& file = awkward_file();
    for (int i = body.at("$skip").get<int>();
         i < std::min(body.at("$skip").get<int>() + body.at("$top").get<int>(), 12);
         ++i) {
        Json hits = Json::array();
        for (char const* const line : {"line 2 ", "line 21 ", "line 40 "}) {
            hits.push_back({{"charOffset", file.find(line)}, {"length", 4}, {"type", "content"}});
        }
        results.push_back({{"fileName", "f"},
                           {"path", "/" + std::to_string(i) + "/" + name(i)},
                           {"matches", {{"content", hits}}},
                           {"project", {{"name", "Web"}, {"id", "p"}}},
                           {"repository", {{"name", "engine"}, {"id", "r"}, {"type", "git"}}},
                           {"versions", Json::array({{{"branchName", "main"}, {"changeId", kCommit}}})},
                           {"contentId", "blob"}});
    }
    return {{"count", 12}, {"results", results}, {"infoCode", 0}};
}

std::vector<Case> cases() {
    return {{"list_projects", &server::make_list_projects_tool, Json::object(), &serve_projects, "projects"},
            {"list_repositories",
             &server::make_list_repositories_tool,
             Json::object(),
             &serve_repositories,
             "repositories"},
            {"list_files",
             &server::make_list_files_tool,
             {{"project", "Web"}, {"repository", "engine"}},
             &serve_items,
             "entries"},
            {"list_commits",
             &server::make_list_commits_tool,
             {{"project", "Web"}, {"repository", "engine"}, {"top", 100}},
             &serve_commits,
             "commits"},
            {"search_work_items",
             &server::make_search_work_items_tool,
             {{"project", "Web"}, {"type", "Bug"}, {"top", 100}},
             &serve_search,
             "work_items"},
            {"search_code",
             &server::make_search_code_tool,
             {{"query", "line"}, {"top", 50}},
             &serve_code,
             "results"},
            {"read_file",
             &server::make_read_file_tool,
             {{"project", "Web"},
              {"repository", "engine"},
              {"files", Json::array({{{"path", "/first"}}, {{"path", "/second"}}})}},
             &serve_file,
             "files"},
            {"get_work_item",
             &server::make_get_work_item_tool,
             {{"id", 6}, {"include", {"comments", "relations"}}},
             &serve_item,
             nullptr},
            {"describe_work_item_type",
             &server::make_describe_work_item_type_tool,
             {{"project", "Web"}, {"type", "Bug"}},
             &serve_type,
             nullptr}};
}

class Budget : public testing::TestWithParam<std::size_t> {};

/// One entry as a list without a budget shows it; parts of a file put together.
class Seen {
public:
    void add(Case const& one, Json const& answer) {
        bool const shortened = mentions(notes_of(answer), "shortened");
        for (Json const& entry : answer.at(one.member)) {
            if (std::string(one.member) == "files") {
                texts[entry.at("path")] += entry.at("text").get<std::string>();
            } else {
                entries.push_back(entry);
                was_shortened.push_back(shortened);
            }
        }
    }

    std::vector<Json> entries;
    std::vector<bool> was_shortened;
    std::map<std::string, std::string> texts;
};

/// What tells an entry from the others, whatever was cut from it.
std::string identity_of(Json const& entry) {
    for (char const* const key : {"id", "path", "commit"}) {
        if (entry.contains(key)) {
            return core::dump_json(entry.at(key));
        }
    }
    return {};
}

Seen walk(Case const& one, std::size_t budget) {
    ToolTest test(one.make());
    test.limits.answer_bytes = 1024 * 1024;
    test.http.handle([&one](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        return test::make_response(
            200, core::dump_json(one.serve(request)), {{"Content-Type", "application/json; charset=utf-8"}});
    });
    Json args = one.args;
    args["max_bytes"] = budget;
    Seen seen;
    std::size_t rounds = 0;
    for (; rounds < 2000; ++rounds) {
        Json const answer = test.structured(args);
        EXPECT_LE(test.text.size(), budget);
        EXPECT_LE(core::dump_json(answer).size(), budget);
        EXPECT_EQ(core::to_valid_utf8(test.text), test.text);
        if (one.member == nullptr) {
            return seen;
        }
        if (!answer.contains(one.member)) {
            break;
        }
        seen.add(one, answer);
        if (!answer.contains("cursor") || testing::Test::HasFailure()) {
            break;
        }
        EXPECT_TRUE(has(test.text, "cursor: " + answer.at("cursor").get<std::string>() + "\n"));
        args["cursor"] = answer.at("cursor");
    }
    EXPECT_LT(rounds, 2000U) << "the cursor leads nowhere";
    return seen;
}

TEST_P(Budget, HoldsToTheByteAndItsCursorResumesWithoutLossOrRepetition) {
    Case const one = std::move(cases().at(GetParam()));
    SCOPED_TRACE(one.name);
    constexpr std::size_t kAll = 1024 * 1024;
    Seen const whole = walk(one, kAll);
    // Closer together where more is cut.
    for (std::size_t budget = 1024; budget < 60'000 && !HasFailure(); budget += 1 + budget / 5) {
        SCOPED_TRACE("max_bytes " + std::to_string(budget));
        Seen const seen = walk(one, budget);
        EXPECT_EQ(seen.texts, whole.texts);
        ASSERT_EQ(seen.entries.size(), whole.entries.size());
        for (std::size_t i = 0; i < whole.entries.size(); ++i) {
            ASSERT_EQ(identity_of(seen.entries[i]), identity_of(whole.entries[i]));
            if (!seen.was_shortened[i]) {
                ASSERT_EQ(seen.entries[i], whole.entries[i]);
            }
        }
    }
}

std::string name_of(testing::TestParamInfo<std::size_t> const& about) {
    return cases().at(about.param).name;
}

INSTANTIATE_TEST_SUITE_P(Of, Budget, testing::Range<std::size_t>(0, cases().size()), name_of);

} // namespace

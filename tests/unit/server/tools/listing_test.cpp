#include "fixture.hpp"

#include <map>

namespace {

using namespace tools_test;

Json project_json(std::string const& name, std::string const& id) {
    return Json{{"id", id}, {"name", name}, {"state", "wellFormed"}, {"visibility", "private"}};
}

Json list_of(Json values) {
    Json list = Json::object();
    list["count"] = values.size();
    list["value"] = std::move(values);
    return list;
}

Json repository_json(std::string const& project, std::string const& name, bool disabled = false) {
    return Json{{"id", "id-" + name},
                {"name", name},
                {"project", {{"id", "id-" + project}, {"name", project}}},
                {"defaultBranch", "refs/heads/main"},
                {"size", 4096},
                {"isDisabled", disabled}};
}

void respond_error(ToolTest& test, int status, std::string const& message) {
    test.http.respond(status,
                      Json{{"$id", "1"}, {"message", message}, {"typeKey", "SomeException"}}.dump(),
                      {{"Content-Type", "application/json; charset=utf-8"}});
}

std::vector<std::string> names_in(Json const& list, char const* key) {
    std::vector<std::string> names;
    for (Json const& entry : list) {
        names.push_back(entry.at(key));
    }
    return names;
}

TEST(ListProjects, ListsByNameInOneRequest) {
    ToolTest test(server::make_list_projects_tool());
    Json web = project_json("web", "2");
    web["description"] = "The\nshop\xE2\x80\x8B";
    test.respond(list_of(Json::array({web, project_json("Api", "1")})));
    Json const answer = test.structured(Json::object());
    EXPECT_EQ(names_in(answer["projects"], "name"), (std::vector<std::string>{"Api", "web"}));
    EXPECT_EQ(answer["total"], 2);
    EXPECT_EQ(answer["projects"][1]["description"], "The shop");
    EXPECT_EQ(answer["projects"][1]["url"], "https://dev.azure.com/contoso/web");
    EXPECT_FALSE(answer.contains("cursor"));
    EXPECT_EQ(test.http.requests().size(), 1U);
    EXPECT_NE(test.text.find("2 projects.\n[begin "), std::string::npos) << test.text;
    EXPECT_NE(test.text.find("web, private (id 2) https://dev.azure.com/contoso/web - The shop\n[end "),
              std::string::npos)
        << test.text;
}

TEST(ListProjects, KeepsToTheAllowListAndNamesWhatIsMissing) {
    ToolTest test(server::make_list_projects_tool());
    test.policy.projects = {"api", "Gone"};
    test.respond(list_of(Json::array({project_json("Web", "2"), project_json("Api", "1")})));
    Json const answer = test.structured(Json::object());
    EXPECT_EQ(names_in(answer["projects"], "name"), (std::vector<std::string>{"Api"}));
    EXPECT_TRUE(mentions(notes_of(answer), "'Gone'"));
    EXPECT_EQ(test.text.find("Web"), std::string::npos);
}

TEST(ListProjects, FiltersByPartOfTheNameAndSaysWhenNothingIsLeft) {
    ToolTest test(server::make_list_projects_tool());
    Json const projects = list_of(Json::array({project_json("Größe", "2"), project_json("Api", "1")}));
    test.respond(projects);
    EXPECT_EQ(test.structured({{"name_contains", "GRÖSS"}})["total"], 0);
    test.respond(projects);
    EXPECT_EQ(names_in(test.structured({{"name_contains", "GRÖ"}})["projects"], "name"),
              (std::vector<std::string>{"Größe"}));
    test.respond(list_of(Json::array()));
    Json const none = test.structured(Json::object());
    EXPECT_TRUE(mentions(notes_of(none), "sees no project"));
    EXPECT_EQ(test.text.find("No projects.\n"), 0U) << test.text;
}

TEST(ListProjects, GoesOnWithItsCursorWhileProjectsComeAndGo) {
    ToolTest test(server::make_list_projects_tool());
    std::vector<std::string> names;
    for (int i = 100; i < 160; ++i) {
        names.push_back("Project " + std::to_string(i));
    }
    auto const respond = [&test](std::vector<std::string> const& all) {
        Json list = Json::array();
        for (std::string const& name : all) {
            list.push_back(project_json(name, "id"));
        }
        test.respond(list_of(std::move(list)));
    };
    std::vector<std::string> walked;
    Json args{{"max_bytes", 1500}};
    for (int round = 0; round < 40; ++round) {
        std::vector<std::string> now = names;
        if (round % 2 == 1) {
            now.insert(now.begin(), "A new one");
        }
        respond(now);
        Json const answer = test.structured(args);
        EXPECT_LE(test.text.size(), 1500U);
        EXPECT_LE(answer.dump().size(), 1500U);
        std::vector<std::string> const page = names_in(answer["projects"], "name");
        walked.insert(walked.end(), page.begin(), page.end());
        if (!answer.contains("cursor")) {
            break;
        }
        args["cursor"] = answer["cursor"];
    }
    EXPECT_EQ(walked, names);
    args["name_contains"] = "x";
    EXPECT_EQ(test.error(args).code(), "bad_cursor");
}

TEST(ListRepositories, ListsAllProjectsInOneRequestAndMarksDisabledOnes) {
    ToolTest test(server::make_list_repositories_tool());
    test.policy.default_project = "Web";
    Json empty = repository_json("Api", "empty");
    empty.erase("defaultBranch");
    test.respond(
        list_of(Json::array({repository_json("Web", "site"), repository_json("Api", "old", true), empty})));
    Json const answer = test.structured(Json::object());
    ASSERT_EQ(names_in(answer["repositories"], "name"), (std::vector<std::string>{"empty", "old", "site"}));
    EXPECT_TRUE(answer["repositories"][1]["disabled"].get<bool>());
    EXPECT_FALSE(answer["repositories"][0].contains("default_branch"));
    EXPECT_EQ(answer["repositories"][2]["default_branch"], "main");
    EXPECT_EQ(answer["repositories"][2]["size"], 4096);
    EXPECT_EQ(answer["repositories"][2]["url"], "https://dev.azure.com/contoso/Web/_git/site");
    EXPECT_NE(test.text.find("Api/old, disabled, default branch main, 4096 bytes"), std::string::npos)
        << test.text;
    ASSERT_EQ(test.http.requests().size(), 1U);
    EXPECT_EQ(test.http.requests()[0].url, "https://dev.azure.com/contoso/_apis/git/repositories");
}

TEST(ListRepositories, KeepsToTheAllowList) {
    ToolTest test(server::make_list_repositories_tool());
    test.policy.projects = {"web", "ops"};
    test.respond(list_of(Json::array({repository_json("Web", "site"), repository_json("Api", "secret")})));
    Json const answer = test.structured(Json::object());
    EXPECT_EQ(names_in(answer["repositories"], "name"), (std::vector<std::string>{"site"}));
    EXPECT_EQ(answer["total"], 1);
    EXPECT_EQ(test.text.find("secret"), std::string::npos);
    test.policy.projects = {"Web"};
    test.respond(list_of(Json::array({repository_json("Web", "site")})));
    test.structured(Json::object());
    EXPECT_EQ(test.http.requests()[1].url, "https://dev.azure.com/contoso/Web/_apis/git/repositories")
        << "a single allowed project is asked alone";
}

TEST(ListRepositories, NamesTheNearestProjectWhenItsDoesNotExist) {
    ToolTest test(server::make_list_repositories_tool());
    test.policy.projects = {"Web Shop", "Wob"};
    respond_error(test, 404, "TF200016: The following project does not exist: Web Shp.");
    test.respond(list_of(Json::array({project_json("Web Shop", "1"), project_json("Web Shpx", "2")})));
    core::Error const error = test.error({{"project", "Web Shp"}});
    EXPECT_EQ(error.kind(), core::ErrorKind::not_found);
    EXPECT_NE(error.fix().find("Did you mean 'Web Shop'?"), std::string::npos) << error.fix();
    EXPECT_EQ(error.fix().find("Shpx"), std::string::npos) << "it is off limits";
    respond_error(test, 404, "TF200016: The following project does not exist: x.");
    respond_error(test, 403, "no");
    EXPECT_EQ(test.error({{"project", "x"}}).code(), "TF200016") << "the hint may fail, the error stays";
    EXPECT_EQ(test.error({{"project", ".."}}).kind(), core::ErrorKind::invalid_argument);
}

TEST(ListRepositories, SaysHowManyThereAreWhenNoNameMatches) {
    ToolTest test(server::make_list_repositories_tool());
    test.respond(list_of(Json::array({repository_json("Web", "site")})));
    EXPECT_TRUE(mentions(notes_of(test.structured({{"name_contains", "zzz"}})), "1 repository"));
    test.respond(list_of(Json::array()));
    EXPECT_TRUE(mentions(notes_of(test.structured(Json::object())), "no repository here"));
}

// list_files

class FilesTest : public ToolTest {
public:
    FilesTest() : ToolTest(server::make_list_files_tool()) { policy.default_project = "Web"; }
};

Json item(std::string const& path, std::string const& type = "blob") {
    Json json{{"objectId", "0b1ec7"}, {"gitObjectType", type}, {"commitId", kCommit}, {"path", path}};
    if (type == "tree") {
        json["isFolder"] = true;
    }
    return json;
}

TEST(ListFiles, ListsAFolderInOneRequest) {
    FilesTest test;
    test.respond(list_of(Json::array({item("/src", "tree"),
                                      item("/src/sub", "tree"),
                                      item("/src/b.cpp"),
                                      item("/src/a.cpp"),
                                      item("/src/lib", "commit")})));
    Json const answer = test.structured({{"repository", "engine"}, {"path", "src/"}, {"ref", "main"}});
    EXPECT_EQ(names_in(answer["entries"], "path"),
              (std::vector<std::string>{"/src/a.cpp", "/src/b.cpp", "/src/lib", "/src/sub"}));
    EXPECT_EQ(names_in(answer["entries"], "type"),
              (std::vector<std::string>{"file", "file", "submodule", "folder"}));
    EXPECT_EQ(answer["commit"], kCommit);
    EXPECT_EQ(answer["ref"], "main");
    EXPECT_EQ(answer["path"], "/src");
    EXPECT_EQ(answer["total"], 4);
    EXPECT_NE(answer["url"].get<std::string>().find("/Web/_git/engine?path=/src&version=GC" + kCommit),
              std::string::npos);
    EXPECT_FALSE(answer["entries"][0].contains("size"));
    EXPECT_EQ(test.http.requests().size(), 1U);
    EXPECT_NE(test.text.find("engine/src (main @ 0123456) https://"), std::string::npos) << test.text;
    EXPECT_NE(test.text.find("/src/lib (submodule)\n/src/sub/\n[end "), std::string::npos) << test.text;
}

TEST(ListFiles, GoesAsDeepAsItIsAsked) {
    Json const items = list_of(Json::array({item("/", "tree"),
                                            item("/a", "tree"),
                                            item("/a/b", "tree"),
                                            item("/a/b/c.txt"),
                                            item("/a/d.txt"),
                                            item("/e.txt")}));
    FilesTest test;
    test.respond(items);
    EXPECT_EQ(names_in(test.structured({{"repository", "r"}, {"depth", 2}})["entries"], "path"),
              (std::vector<std::string>{"/a", "/a/b", "/a/d.txt", "/e.txt"}));
    EXPECT_NE(test.http.requests()[0].url.find("scopePath=%2F&recursionLevel=full"), std::string::npos);
    test.respond(items);
    EXPECT_EQ(test.structured({{"repository", "r"}, {"depth", 9}})["total"], 5);
}

TEST(ListFiles, AddsSizesFromTheTreeWhenAsked) {
    FilesTest test;
    Json const items =
        list_of(Json::array({item("/src", "tree"), item("/src/a.cpp"), item("/src/sub", "tree")}));
    test.respond(items);
    test.respond(Json{{"objectId", "0b1ec7"},
                      {"treeEntries",
                       {{{"relativePath", "a.cpp"}, {"gitObjectType", "blob"}, {"size", 12}},
                        {{"relativePath", "sub"}, {"gitObjectType", "tree"}, {"size", 0}}}}});
    Json const answer = test.structured({{"repository", "r"}, {"path", "/src"}, {"sizes", true}});
    EXPECT_EQ(answer["entries"][0]["size"], 12);
    EXPECT_FALSE(answer["entries"][1].contains("size"));
    EXPECT_NE(test.text.find("/src/a.cpp 12 bytes\n"), std::string::npos);
    EXPECT_NE(test.http.requests()[1].url.find("/trees/0b1ec7"), std::string::npos);
    test.respond(items);
    respond_error(test, 500, "TF400898: An Internal Error Occurred.");
    Json const without = test.structured({{"repository", "r"}, {"path", "/src"}, {"sizes", true}});
    EXPECT_EQ(without["total"], 2);
    EXPECT_TRUE(mentions(notes_of(without), "sizes could not be read"));
}

TEST(ListFiles, SaysWhatIsWrongAndWhatThereIs) {
    FilesTest test;
    test.respond(list_of(Json::array({item("/a.txt")})));
    EXPECT_EQ(test.error({{"repository", "r"}, {"path", "/a.txt"}}).code(), "is_file");

    respond_error(test, 404, "TF401019: The Git repository with name or identifier engin does not exist");
    test.respond(
        list_of(Json::array({repository_json("Web", "engine"), repository_json("Web", "old", true)})));
    core::Error const repository = test.error({{"repository", "engin"}});
    EXPECT_NE(repository.fix().find("Did you mean 'engine'? Repositories there: engine."), std::string::npos)
        << repository.fix();

    respond_error(test, 404, "TF401019: The Git repository with name or identifier old does not exist");
    test.respond(list_of(Json::array({repository_json("Web", "old", true)})));
    EXPECT_NE(test.error({{"repository", "old"}}).fix().find("old is disabled"), std::string::npos);

    respond_error(test, 404, "TF401175: The version descriptor <Branch: mian> could not be resolved");
    test.respond(list_of(Json::array({Json{{"name", "refs/heads/main"}}, Json{{"name", "refs/heads/dev"}}})));
    EXPECT_NE(test.error({{"repository", "r"}, {"ref", "mian"}}).fix().find("Did you mean 'main'?"),
              std::string::npos);

    respond_error(test, 404, "TF401175: The version descriptor <Branch: > could not be resolved");
    test.respond(list_of(Json::array()));
    EXPECT_NE(test.error({{"repository", "r"}}).fix().find("repository is empty"), std::string::npos);

    test.http.fail(core::Error(core::ErrorKind::protocol, "the answer is larger than 8388608 bytes"));
    EXPECT_NE(test.error({{"repository", "r"}, {"depth", 9}}).fix().find("depth 1"), std::string::npos);

    std::size_t const requests = test.http.requests().size();
    EXPECT_EQ(test.error({{"repository", ".."}}).kind(), core::ErrorKind::invalid_argument);
    EXPECT_EQ(test.error({{"repository", "r"}, {"path", std::string(5000, 'x')}}).kind(),
              core::ErrorKind::invalid_argument);
    test.policy.default_project.clear();
    EXPECT_NE(test.error({{"repository", "r"}}).fix().find("list_repositories"), std::string::npos);
    test.policy.projects = {"Web", "Api"};
    EXPECT_EQ(test.error({{"repository", "77aa77aa-1111-2222-3333-444455556666"}}).kind(),
              core::ErrorKind::invalid_argument)
        << "an id reaches into any project";
    EXPECT_EQ(test.http.requests().size(), requests);
}

TEST(ListFiles, GoesOnWithItsCursorUntilEverythingWasListed) {
    Json items = Json::array({item("/", "tree")});
    std::vector<std::string> paths;
    for (int i = 100; i < 250; ++i) {
        std::string const path = "/dir \"" + std::to_string(i) + "\"/\xC3\xBC.txt";
        items.push_back(item(path));
        paths.push_back(path);
    }
    for (int const budget : {1024, 2500, 9000}) {
        SCOPED_TRACE(budget);
        FilesTest test;
        Json args{{"repository", "engine"}, {"depth", 2}, {"max_bytes", budget}};
        std::vector<std::string> walked;
        for (int round = 0; round < 200; ++round) {
            test.respond(list_of(items));
            Json const answer = test.structured(args);
            EXPECT_LE(test.text.size(), static_cast<std::size_t>(budget));
            EXPECT_LE(answer.dump().size(), static_cast<std::size_t>(budget));
            std::vector<std::string> const page = names_in(answer["entries"], "path");
            walked.insert(walked.end(), page.begin(), page.end());
            if (!answer.contains("cursor")) {
                break;
            }
            args["cursor"] = answer["cursor"];
        }
        EXPECT_EQ(walked, paths);
    }
}

// list_commits

class CommitsTest : public ToolTest {
public:
    CommitsTest() : ToolTest(server::make_list_commits_tool()) {
        policy.default_project = "Web";
        http.handle([this](test::RecordedRequest const& request) { return answer(request.url); });
    }

    static std::string id_of(int number) {
        std::string const digits = std::to_string(number);
        return std::string(40 - digits.size(), '0') + digits;
    }

    int newest = 57; ///< the history: this number down to 1

private:
    static std::size_t number_in(std::string const& url, std::string const& name) {
        std::size_t const at = url.find(name);
        return at == std::string::npos ? 0 : std::stoul(url.substr(at + name.size()));
    }
    core::Result<core::HttpResponse> answer(std::string const& url) const {
        std::size_t const skip = number_in(url, "$skip=");
        std::size_t const top = number_in(url, "$top=");
        Json list = Json::array();
        for (int number = newest - static_cast<int>(skip); number > 0 && list.size() < top; --number) {
            list.push_back(
                {{"commitId", id_of(number)},
                 {"author",
                  {{"name", "Ada"}, {"email", "ada@contoso.example"}, {"date", "2026-03-31T18:36:26Z"}}},
                 {"comment", "Change " + std::to_string(number) + "\n\nBody"},
                 {"changeCounts", {{"Add", 1}, {"Edit", 0}, {"Delete", 2}}}});
        }
        return test::make_response(
            200, list_of(std::move(list)).dump(), {{"Content-Type", "application/json"}});
    }
};

TEST(ListCommits, ListsTheNewestWithTheirLinks) {
    CommitsTest test;
    Json const answer = test.structured({{"repository", "engine"},
                                         {"path", "src"},
                                         {"author", "Ada"},
                                         {"since", "2026-03-01"},
                                         {"until", "2026-03-31"},
                                         {"ref", "tag:v1"},
                                         {"top", 2}});
    ASSERT_EQ(answer["commits"].size(), 2U);
    Json const& first = answer["commits"][0];
    EXPECT_EQ(first["commit"], CommitsTest::id_of(57));
    EXPECT_EQ(first["author"], "Ada");
    EXPECT_EQ(first["email"], "ada@contoso.example");
    EXPECT_EQ(first["date"], "2026-03-31T18:36:26Z");
    EXPECT_EQ(first["comment"], "Change 57  Body");
    EXPECT_EQ(first["added"], 1);
    EXPECT_FALSE(first.contains("edited"));
    EXPECT_EQ(first["url"], "https://dev.azure.com/contoso/Web/_git/engine/commit/" + CommitsTest::id_of(57));
    EXPECT_TRUE(answer.contains("cursor"));
    ASSERT_EQ(test.http.requests().size(), 1U);
    std::string const& url = test.http.requests()[0].url;
    for (std::string const part : {"searchCriteria.$top=3",
                                   "searchCriteria.itemPath=%2Fsrc",
                                   "searchCriteria.author=Ada",
                                   "searchCriteria.fromDate=2026-03-01T00%3A00%3A00Z",
                                   "searchCriteria.toDate=2026-03-31T23%3A59%3A59Z",
                                   "searchCriteria.itemVersion.version=v1",
                                   "searchCriteria.itemVersion.versionType=tag"}) {
        EXPECT_NE(url.find(part), std::string::npos) << part;
    }
    EXPECT_NE(
        test.text.find("2026-03-31T18:36:26Z Ada <ada@contoso.example>: Change 57  Body (files: 1 added, 2 "
                       "deleted) https://"),
        std::string::npos)
        << test.text;
}

TEST(ListCommits, GoesOnBehindTheLastOneEvenWhenNewOnesArePushed) {
    for (int const pushed : {0, 1, 7, 300}) {
        SCOPED_TRACE(pushed);
        CommitsTest test;
        Json args{{"repository", "engine"}, {"top", 10}, {"max_bytes", 3000}};
        std::vector<std::string> walked;
        for (int round = 0; round < 100; ++round) {
            Json const answer = test.structured(args);
            EXPECT_LE(test.text.size(), 3000U);
            EXPECT_LE(answer.dump().size(), 3000U);
            std::vector<std::string> const page = names_in(answer["commits"], "commit");
            walked.insert(walked.end(), page.begin(), page.end());
            if (!answer.contains("cursor")) {
                break;
            }
            args["cursor"] = answer["cursor"];
            test.newest += round < 2 ? pushed : 0;
        }
        std::vector<std::string> expected;
        for (int number = 57; number > 0; --number) {
            expected.push_back(CommitsTest::id_of(number));
        }
        EXPECT_EQ(walked, expected);
    }
}

TEST(ListCommits, SaysWhenTheHistoryWasRewritten) {
    CommitsTest test;
    Json const answer = test.structured({{"repository", "engine"}, {"top", 5}});
    test.newest = 20;
    core::Error const error =
        test.error({{"repository", "engine"}, {"top", 5}, {"cursor", answer["cursor"]}});
    EXPECT_EQ(error.code(), "history_changed");
}

TEST(ListCommits, ExplainsAnEmptyListAndRefusesWhatIsNoDate) {
    CommitsTest test;
    test.newest = 0;
    EXPECT_TRUE(mentions(notes_of(test.structured({{"repository", "engine"}})), "no commit there yet"));
    EXPECT_TRUE(mentions(notes_of(test.structured({{"repository", "engine"}, {"author", "Bo"}})),
                         "No commit matches"));
    EXPECT_EQ(test.error({{"repository", "engine"}, {"since", "last week"}}).kind(),
              core::ErrorKind::invalid_argument);
}

} // namespace

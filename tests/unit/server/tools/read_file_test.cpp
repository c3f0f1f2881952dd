#include "fixture.hpp"

#include "server/tools/blob_cache.hpp"
#include "server/tools/file_window.hpp"
#include "server/tools/read_arguments.hpp"

#include "core/text/utf8.hpp"

namespace {

using namespace tools_test;
using server::choose_window;
using server::FileWindow;
using server::WindowRequest;

class ReadTest : public ToolTest {
public:
    ReadTest() : ToolTest(server::make_read_file_tool()) { policy.default_project = "Web Shop"; }
};

WindowRequest window_request(std::size_t start, std::size_t end, std::size_t bytes = 100'000) {
    WindowRequest request;
    request.start_line = start;
    request.end_line = end;
    request.text_bytes = bytes;
    request.json_bytes = bytes;
    return request;
}

TEST(FileWindow, CountsAndCutsLines) {
    struct Row {
        std::string text;
        std::size_t start, end;
        std::string out;
        std::size_t first, last, total;
    };
    std::vector<Row> const table{
        {"a\nb\nc\n", 1, 0, "a\nb\nc\n", 1, 3, 3},
        {"a\nb\nc", 1, 0, "a\nb\nc", 1, 3, 3},
        {"a\nb\nc", 2, 2, "b\n", 2, 2, 3},
        {"a\nb\nc", 3, 9, "c", 3, 3, 3},
        {"a\nb\nc", 4, 0, "", 0, 0, 3},
        {"", 1, 0, "", 0, 0, 0},
        {"\n", 1, 0, "\n", 1, 1, 1},
        {"\n\n", 2, 2, "\n", 2, 2, 2},
    };
    for (Row const& row : table) {
        SCOPED_TRACE(row.text + "|" + std::to_string(row.start));
        FileWindow const window = choose_window(row.text, window_request(row.start, row.end));
        EXPECT_EQ(row.text.substr(window.begin, window.end - window.begin), row.out);
        EXPECT_EQ(window.start_line, row.first);
        EXPECT_EQ(window.end_line, row.last);
        EXPECT_EQ(window.total_lines, row.total);
        EXPECT_FALSE(window.budget_reached);
    }
}

TEST(FileWindow, StopsAtWholeLinesWhenTheBudgetEnds) {
    FileWindow const window = choose_window("aaaa\nbbbb\ncccc\n", window_request(1, 0, 12));
    EXPECT_EQ(window.end, 10U);
    EXPECT_EQ(window.end_line, 2U);
    EXPECT_TRUE(window.budget_reached);
    EXPECT_EQ(window.next_byte, 0U);
    FileWindow const escaped = choose_window("\"\"\"\"\nbbbb\n", window_request(1, 0, 11));
    EXPECT_EQ(escaped.end_line, 1U) << "quotes take two bytes in JSON";
}

TEST(FileWindow, CutsALineThatIsTooLongAlone) {
    std::string text;
    for (int i = 0; i < 100; ++i) {
        text += "\xC3\xBC";
    }
    FileWindow const window = choose_window(text + "\nnext\n", window_request(1, 0, 51));
    EXPECT_EQ(window.end, 50U);
    EXPECT_EQ(window.next_byte, 50U);
    EXPECT_TRUE(window.budget_reached);
    EXPECT_EQ(window.end_line, 1U);
    EXPECT_TRUE(choose_window(text, window_request(1, 0, 51)).budget_reached) << "the line goes on";
    server::WindowRequest rest = window_request(1, 0, 500);
    rest.start_byte = 151; // in the middle of a character, as when the file has changed
    FileWindow const end = choose_window(text, rest);
    EXPECT_EQ(end.begin, 150U);
    EXPECT_EQ(end.end, text.size());
    EXPECT_FALSE(end.budget_reached);
}

TEST(FileWindow, CutsNothingThatBelongsTogether) {
    std::string const rocket = "\xF0\x9F\x9A\x80";
    std::string const family = rocket + "\xE2\x80\x8D" + rocket + "\xEF\xB8\x8F";
    std::string const text = "ab" + family + "cd\r\n";
    for (std::size_t budget = 4; budget < text.size(); ++budget) {
        FileWindow const window = choose_window(text, window_request(1, 0, budget));
        std::string const part = text.substr(0, window.end);
        EXPECT_TRUE(part == "ab" || part == "ab" + family || part == "ab" + family + "c" ||
                    part == "ab" + family + "cd")
            << part;
    }
}

TEST(FileWindow, WalkingByWindowsYieldsTheWholeText) {
    std::string text;
    for (int i = 0; i < 40; ++i) {
        text += std::string(static_cast<std::size_t>(i * 7 % 23), i % 2 == 0 ? '"' : 'x') + "\n";
    }
    for (std::size_t const budget : {10U, 17U, 50U, 64U, 100U, 333U}) {
        std::string joined;
        server::WindowRequest request = window_request(1, 0, budget);
        for (int round = 0; round < 100; ++round) {
            FileWindow const window = choose_window(text, request);
            std::string const part = text.substr(window.begin, window.end - window.begin);
            EXPECT_LE(part.size(), budget);
            EXPECT_LE(Json(part).dump().size() - 2, budget);
            joined += part;
            if (!window.budget_reached) {
                break;
            }
            request.start_line = window.end_line + (window.next_byte > 0 ? 0 : 1);
            request.start_byte = window.next_byte;
        }
        EXPECT_EQ(joined, text);
    }
}

TEST(ReadFile, AnswersWithTextLinesAndLink) {
    ReadTest test;
    test.respond(file_answer("/src/a.cpp", "one\r\ntwo\r\nthree\r\n"));
    Json const answer =
        test.structured({{"repository", "engine"}, {"path", "src/a.cpp"}, {"ref", "refs/heads/main"}});
    ASSERT_EQ(answer["files"].size(), 1U);
    Json const& file = answer["files"][0];
    EXPECT_EQ(file["organization"], "contoso");
    EXPECT_EQ(file["project"], "Web Shop");
    EXPECT_EQ(file["repository"], "engine");
    EXPECT_EQ(file["path"], "/src/a.cpp");
    EXPECT_EQ(file["ref"], "main");
    EXPECT_EQ(file["commit"], kCommit);
    EXPECT_EQ(file["start_line"], 1);
    EXPECT_EQ(file["end_line"], 3);
    EXPECT_EQ(file["total_lines"], 3);
    EXPECT_EQ(file["text"], "one\ntwo\nthree\n");
    EXPECT_NE(file["url"].get<std::string>().find("GC" + kCommit), std::string::npos);
    EXPECT_FALSE(answer.contains("cursor"));
    ASSERT_EQ(test.http.requests().size(), 1U) << "one upstream request";
    std::string const& url = test.http.requests()[0].url;
    EXPECT_NE(url.find("path=%2Fsrc%2Fa.cpp"), std::string::npos);
    EXPECT_NE(url.find("versionDescriptor.version=main&versionDescriptor.versionType=branch"),
              std::string::npos);
    EXPECT_NE(test.text.find("engine/src/a.cpp (main @ 0123456) lines 1-3 of 3 https://"), std::string::npos);
    EXPECT_NE(test.text.find("\none\ntwo\nthree\n[end "), std::string::npos);
}

TEST(ReadFile, UnderstandsRefs) {
    std::vector<std::pair<std::string, ado::VersionDescriptor>> const table{
        {"", {}},
        {"main", {ado::VersionType::branch, "main"}},
        {"refs/heads/release/1", {ado::VersionType::branch, "release/1"}},
        {"tag:v1", {ado::VersionType::tag, "v1"}},
        {"refs/tags/v1", {ado::VersionType::tag, "v1"}},
        {kCommit, {ado::VersionType::commit, kCommit}},
        {"0123456", {ado::VersionType::branch, "0123456"}},
    };
    for (auto const& [text, version] : table) {
        EXPECT_EQ(server::parse_ref(text), version) << text;
    }
}

TEST(ReadFile, ReadsALineRange) {
    ReadTest test;
    test.respond(file_answer("/a", "1\n2\n3\n4\n5\n"));
    Json const answer =
        test.structured({{"repository", "r"}, {"path", "/a"}, {"start_line", 2}, {"end_line", 3}});
    EXPECT_EQ(answer["files"][0]["text"], "2\n3\n");
    EXPECT_EQ(answer["files"][0]["start_line"], 2);
    EXPECT_EQ(answer["files"][0]["end_line"], 3);
    EXPECT_EQ(answer["files"][0]["total_lines"], 5);
    EXPECT_FALSE(answer["files"][0].contains("ref"));
    test.respond(file_answer("/a", "1\n2\n"));
    Json const past = test.structured({{"repository", "r"}, {"path", "/a"}, {"start_line", 9}});
    EXPECT_EQ(past["files"][0]["text"], "");
    EXPECT_TRUE(mentions(notes_of(past), "has only 2 lines"));
}

TEST(ReadFile, ReadsSeveralFilesSideBySide) {
    ReadTest test;
    test.http.handle([](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        bool const second = request.url.find("other") != std::string::npos;
        return test::make_response(200,
                                   file_answer("/f", second ? "second\n" : "first\nline\n").dump(),
                                   {{"Content-Type", "application/json"}});
    });
    test.http.hold();
    Json const args = Json::parse(
        R"({"repository":"engine","ref":"dev","files":[{"path":"/a","start_line":2},{"path":"/b","repository":"other","ref":"tag:v1"}]})");
    auto call = test.loop.spawn(test.start(args));
    test.loop.poll();
    EXPECT_EQ(test.http.held(), 2U);
    test.http.release();
    test.loop.wait(call);
    auto const result = call.take();
    ASSERT_TRUE(result);
    Json const& files = result->structured["files"];
    ASSERT_EQ(files.size(), 2U);
    EXPECT_EQ(files[0]["text"], "line\n");
    EXPECT_EQ(files[0]["ref"], "dev");
    EXPECT_EQ(files[1]["text"], "second\n");
    EXPECT_EQ(files[1]["repository"], "other");
    EXPECT_EQ(files[1]["ref"], "v1");
    EXPECT_NE(test.http.requests()[1].url.find("versionType=tag"), std::string::npos);
}

TEST(ReadFile, NotesTheFilesItCouldNotReadAmongOthers) {
    ReadTest test;
    test.http.handle([](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        if (request.url.find("gone") != std::string::npos) {
            return test::make_response(
                404, R"({"message":"TF401174: not found"})", {{"Content-Type", "application/json"}});
        }
        return test::make_response(
            200, file_answer("/f", "x\n").dump(), {{"Content-Type", "application/json"}});
    });
    Json const answer =
        test.structured(Json::parse(R"({"repository":"r","files":[{"path":"/gone"},{"path":"/f"}]})"));
    EXPECT_EQ(answer["files"].size(), 1U);
    EXPECT_TRUE(mentions(notes_of(answer), "/gone"));
    core::Error const all =
        test.error(Json::parse(R"({"repository":"r","files":[{"path":"/gone"},{"path":"/gone2"}]})"));
    EXPECT_EQ(all.kind(), core::ErrorKind::not_found);
}

TEST(ReadFile, SaysWhatAFolderOrBinaryIs) {
    struct Row {
        Json item;
        std::string code;
    };
    Json binary = file_answer("/a.png", "");
    binary["contentMetadata"]["isBinary"] = true;
    Json folder{{"objectId", "1"}, {"gitObjectType", "tree"}, {"path", "/src"}, {"isFolder", true}};
    Json zero = file_answer("/a", std::string("a\0b", 3));
    for (Row const& row : {Row{binary, "is_binary"}, Row{folder, "is_folder"}, Row{zero, "is_binary"}}) {
        ReadTest test;
        test.respond(row.item);
        core::Error const error = test.error({{"repository", "r"}, {"path", "/a"}});
        EXPECT_EQ(error.kind(), core::ErrorKind::invalid_argument);
        EXPECT_EQ(error.code(), row.code);
    }
}

TEST(ReadFile, RefusesWhatItCannotAsk) {
    ReadTest test;
    for (std::string const args : {R"({"repository":"r"})",
                                   R"({"path":"/a"})",
                                   R"({"repository":"..","path":"/a"})",
                                   R"({"repository":"r","path":"/"})",
                                   R"({"repository":"r","path":"/a","files":[{"path":"/b"}]})",
                                   R"({"repository":"r","path":"/a","start_line":5,"end_line":4})",
                                   R"({"repository":"r","path":"/a","project":".."})"}) {
        SCOPED_TRACE(args);
        EXPECT_EQ(test.error(Json::parse(args)).kind(), core::ErrorKind::invalid_argument);
    }
    test.policy.default_project.clear();
    EXPECT_EQ(test.error({{"repository", "r"}, {"path", "/a"}}).kind(), core::ErrorKind::invalid_argument);
    EXPECT_TRUE(test.http.requests().empty());
}

TEST(ReadFile, TakesARepositoryIdOnlyWhereNoProjectIsOffLimits) {
    std::string const id = "77aa77aa-1111-2222-3333-444455556666";
    ReadTest test;
    test.policy.default_project.clear();
    test.respond(file_answer("/a", "x\n"));
    Json const answer = test.structured({{"repository", id}, {"path", "/a"}});
    EXPECT_FALSE(answer["files"][0].contains("project"));
    test.policy.projects = {"Web Shop"};
    EXPECT_EQ(test.error({{"repository", id}, {"path", "/a"}}).kind(), core::ErrorKind::invalid_argument);
}

TEST(ReadFile, GoesOnWithTheCursorUntilEverythingWasRead) {
    std::string first;
    for (int i = 0; i < 120; ++i) {
        first += "line \"" + std::to_string(i) + "\" \xC3\xBC\t{}\r\n";
    }
    std::string const second = "short\n";
    for (int const budget : {1024, 1400, 3000}) {
        SCOPED_TRACE(budget);
        ReadTest test;
        test.http.handle([&](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
            bool const is_second = request.url.find("second") != std::string::npos;
            return test::make_response(200,
                                       file_answer("/f", is_second ? second : first).dump(),
                                       {{"Content-Type", "application/json"}});
        });
        Json args =
            Json::parse(R"({"repository":"engine","files":[{"path":"/first.txt"},{"path":"/second.txt"}]})");
        args["max_bytes"] = budget;
        std::map<std::string, std::string> joined;
        for (int round = 0; round < 60; ++round) {
            Json const answer = test.structured(args);
            EXPECT_LE(test.text.size(), static_cast<std::size_t>(budget));
            EXPECT_LE(answer.dump().size(), static_cast<std::size_t>(budget));
            for (Json const& file : answer["files"]) {
                joined[file["path"]] += file["text"].get<std::string>();
            }
            if (!answer.contains("cursor")) {
                break;
            }
            EXPECT_FALSE(notes_of(answer).empty());
            args["cursor"] = answer["cursor"];
        }
        std::string unix_lines = first;
        std::erase(unix_lines, '\r');
        EXPECT_EQ(joined["/first.txt"], unix_lines);
        EXPECT_EQ(joined["/second.txt"], second);
    }
}

TEST(ReadFile, KeepsToItsBudgetWhateverTheTextIs) {
    std::vector<std::string> const texts{std::string(5000, '"'),
                                         std::string(5000, '\x01'),
                                         std::string(5000, '\n'),
                                         std::string(5000, '\r'),
                                         "\xEF\xBB\xBF" + std::string(3000, 'x') + "\n\n" +
                                             std::string(3000, '\t')};
    for (std::string const& text : texts) {
        for (int const budget : {1024, 1100, 2000, 5000}) {
            SCOPED_TRACE(text.substr(0, 5) + std::to_string(budget));
            ReadTest test;
            test.respond(file_answer("/a", text));
            Json const answer =
                test.structured({{"repository", "engine"}, {"path", "/a"}, {"max_bytes", budget}});
            EXPECT_LE(test.text.size(), static_cast<std::size_t>(budget));
            EXPECT_LE(answer.dump().size(), static_cast<std::size_t>(budget));
            EXPECT_EQ(answer["files"].size(), 1U);
        }
    }
}

TEST(ReadFile, MasksSecretsAlsoWhereAWindowBeginsInsideAKey) {
    std::string key;
    for (int i = 0; i < 6; ++i) {
        key += std::string("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cK") +
               std::to_string(i) + "\n";
    }
    std::string const file =
        std::string("a\n-----BEGIN ") + "PRIVATE KEY-----\n" + key + "-----END " + "PRIVATE KEY-----\nz\n";
    ReadTest test;
    test.respond(file_answer("/k", file));
    Json const window =
        test.structured({{"repository", "r"}, {"path", "/k"}, {"start_line", 4}, {"end_line", 9}});
    std::string const shown = window.at("files").at(0).at("text").get<std::string>();
    EXPECT_EQ(shown.find("MIIE"), std::string::npos) << shown;
    EXPECT_EQ(test.text.find("MIIE"), std::string::npos) << test.text;
    EXPECT_TRUE(shown.starts_with("[masked private-key]***")) << shown;
    EXPECT_EQ(window.at("files").at(0).at("end_line"), 9);
    EXPECT_TRUE(mentions(notes_of(window), "1 secret is masked in r/k (private-key in line 4): never write"))
        << window.at("notes").dump();

    test.respond(file_answer("/k", file));
    Json const after = test.structured({{"repository", "r"}, {"path", "/k"}, {"start_line", 9}});
    EXPECT_EQ(after.at("files").at(0).at("text"), std::string("-----END ") + "PRIVATE KEY-----\nz\n");
    EXPECT_TRUE(notes_of(after).empty());
}

TEST(ReadFile, CleansTheTextAndSaysSo) {
    ReadTest test;
    test.respond(file_answer("/a",
                             "\xEF\xBB\xBF"
                             "a\xE2\x80\x8B"
                             "b\x1B\n"));
    Json const answer = test.structured({{"repository", "r"}, {"path", "/a"}});
    EXPECT_EQ(answer["files"][0]["text"], "ab\n");
    EXPECT_TRUE(mentions(notes_of(answer), "2 invisible or control characters"));
}

TEST(ReadFile, ACommitsFileIsKeptAndReadAgainByItsObjectIdAlone) {
    ReadTest test;
    server::BlobCache blobs(1024 * 1024, 512 * 1024);
    test.blobs = &blobs;
    std::string identity = "22157d54-1821-6536-a446-928b06348385:ada@contoso.example";
    std::size_t contents = 0;
    test.http.handle([&](test::RecordedRequest const& request) -> core::Result<core::HttpResponse> {
        Json item = file_answer("/a.c", "one\ntwo\n");
        if (request.url.find("includeContent=true") == std::string::npos) {
            item.erase("content");
        } else {
            ++contents;
        }
        return test::make_response(
            200, item.dump(), {{"Content-Type", "application/json"}, {"X-VSS-UserData", identity}});
    });
    Json const args = {{"repository", "engine"}, {"path", "/a.c"}, {"ref", kCommit}};
    Json const first = test.structured(args);
    EXPECT_EQ(first["files"][0]["text"], "one\ntwo\n");
    EXPECT_EQ(test.structured(args), first);
    EXPECT_EQ(test.http.requests().size(), 2U) << "one request a call";
    EXPECT_EQ(contents, 1U);

    identity = "11157d54-1821-6536-a446-928b06348385:bo@contoso.example";
    EXPECT_EQ(test.structured(args), first);
    EXPECT_EQ(contents, 2U) << "another identity reads for itself";

    Json const branch = {{"repository", "engine"}, {"path", "/a.c"}, {"ref", "main"}};
    test.structured(branch);
    EXPECT_EQ(contents, 3U) << "what a branch holds must be asked";
}

TEST(ReadFile, NamesWhatStandsForAnotherFile) {
    {
        ReadTest test;
        test.respond(file_answer(
            "/big.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"));
        Json const answer = test.structured({{"repository", "engine"}, {"path", "/big.bin"}});
        EXPECT_TRUE(mentions(notes_of(answer), "is a Git LFS pointer"));
        EXPECT_TRUE(mentions(notes_of(answer), "12345 bytes, sha256:4d7a"));
    }
    {
        ReadTest test;
        Json link = file_answer("/link", "../src/a.c");
        link["isSymLink"] = true;
        test.respond(link);
        Json const answer = test.structured({{"repository", "engine"}, {"path", "/link"}});
        EXPECT_EQ(answer["files"][0]["text"], "../src/a.c");
        EXPECT_TRUE(mentions(notes_of(answer), "is a symbolic link"));
    }
    {
        ReadTest test;
        test.respond(Json{{"objectId", kCommit}, {"gitObjectType", "commit"}, {"path", "/lib"}});
        core::Error const error = test.error({{"repository", "engine"}, {"path", "/lib"}});
        EXPECT_EQ(error.code(), "is_submodule");
        EXPECT_NE(error.message().find(kCommit), std::string::npos);
        EXPECT_NE(error.fix().find(".gitmodules"), std::string::npos);
    }
}

} // namespace

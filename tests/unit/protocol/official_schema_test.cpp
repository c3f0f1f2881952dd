#include "official_schema/official_schema.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

// The test-only checker has to be right before its silence means anything.
namespace {

using protocol::Revision;
using test::Json;
using test::OfficialSchema;

TEST(OfficialSchema, AcceptsThePublishedExamples) {
    OfficialSchema const* schema = OfficialSchema::of(Revision::v2026_07_28);
    if (schema == nullptr) {
        return; // OfficialSchema::of said so
    }
    int checked = 0;
    std::filesystem::path const examples = test::official_folder(Revision::v2026_07_28) + "/examples";
    for (auto const& entry : std::filesystem::recursive_directory_iterator(examples)) {
        if (entry.path().extension() != ".json") {
            continue;
        }
        std::ifstream file(entry.path());
        Json const example = Json::parse(std::string(std::istreambuf_iterator<char>(file), {}));
        std::string const definition = entry.path().parent_path().filename().string();
        for (auto const& violation : schema->violations(definition, example)) {
            ADD_FAILURE() << entry.path().filename() << ": " << violation;
        }
        ++checked;
    }
    EXPECT_GT(checked, 100);
}

TEST(OfficialSchema, FindsWhatIsWrong) {
    auto const count = [](Revision revision, char const* definition, char const* value) {
        OfficialSchema const* schema = OfficialSchema::of(revision);
        return schema == nullptr
                   ? -1
                   : static_cast<int>(schema->violations(definition, Json::parse(value)).size());
    };
    struct Row {
        Revision revision;
        char const* definition;
        char const* value;
        int violations;
    };
    for (Row const& row : {
             Row{Revision::v2026_07_28, "CallToolResult", R"({"content":[],"resultType":"complete"})", 0},
             Row{Revision::v2026_07_28, "CallToolResult", R"({"content":[]})", 1},
             Row{Revision::v2026_07_28,
                 "CallToolResult",
                 R"({"content":[{"type":"text"}],"resultType":"x"})",
                 1},
             Row{Revision::v2026_07_28,
                 "ListToolsResult",
                 R"({"tools":[],"resultType":"complete","ttlMs":-1,"cacheScope":"shared"})",
                 2},
             Row{Revision::v2025_11_25, "CallToolResult", R"({"content":[],"structuredContent":[1]})", 1},
             Row{Revision::v2025_06_18, "ListToolsResult", R"({"tools":[{"name":"a","inputSchema":{}}]})", 1},
             Row{Revision::v2025_03_26,
                 "InitializeResult",
                 R"({"protocolVersion":"x","capabilities":{}})",
                 1},
             Row{Revision::v2024_11_05, "JSONRPCError", R"({"jsonrpc":"2.0","error":{"code":1.5}})", 3},
         }) {
        int const found = count(row.revision, row.definition, row.value);
        if (found >= 0) {
            EXPECT_EQ(found, row.violations) << row.definition << " " << row.value;
        }
    }
}

} // namespace

#include "protocol/schema.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

// The public test suite for JSON Schema (package json-schema-test-suite), and what it lacks in Debian's
// version.
namespace {

using protocol::Json;

class Skip {
public:
    std::string_view file;
    std::string_view group; ///< empty = the whole file
    std::string_view why;
};

std::vector<Skip> const& skipped() {
    static std::vector<Skip> const list{
        {"refRemote.json",
         "",
         "remote references are never fetched; SchemaReferences tests say how that looks"},
        {"definitions.json",
         "",
         "its schema is a reference to the meta-schema, which would have to be fetched"},
        {"defs.json", "", "as definitions.json"},
        {"vocabulary.json", "", "meta-schemas of one's own are unsupported dialects"},
        {"ref.json", "remote ref, containing refs itself", "a reference to the meta-schema"},
    };
    return list;
}

bool is_skipped(std::string const& file, Json const& group) {
    return std::any_of(skipped().begin(), skipped().end(), [&](Skip const& skip) {
        return file == skip.file && (skip.group.empty() || group["description"] == skip.group);
    });
}

class Tally {
public:
    int files = 0;
    int cases = 0;
};

void run_file(std::filesystem::path const& path, std::string const& dialect, Tally& tally) {
    std::ifstream stream(path);
    ASSERT_TRUE(stream) << path;
    ++tally.files;
    for (Json& group : Json::parse(std::string(std::istreambuf_iterator<char>(stream), {}))) {
        if (is_skipped(path.filename().string(), group)) {
            continue;
        }
        Json schema = group["schema"];
        if (schema.is_object() && !schema.contains("$schema") && !dialect.empty()) {
            schema["$schema"] = dialect; // the suite keeps its drafts apart by folders
        }
        auto const compiled = protocol::CompiledSchema::compile(std::move(schema));
        for (Json const& test : group["tests"]) {
            ++tally.cases;
            auto const problems = compiled.validate(test["data"]);
            EXPECT_EQ(problems.empty(), test["valid"].get<bool>())
                << path.filename() << ": " << group["description"] << ": " << test["description"]
                << (problems.empty() ? "" : "\n" + to_string(problems.front()));
        }
    }
}

/// The folder of one draft, or an empty path, said on stdout.
std::filesystem::path suite_folder(char const* draft) {
    char const* elsewhere = std::getenv("JSON_SCHEMA_TEST_SUITE");
    std::filesystem::path folder(elsewhere != nullptr ? elsewhere : JSON_SCHEMA_SUITE_DIR);
    folder /= draft;
    if (!std::filesystem::exists(folder)) {
        std::cout << "skipped: the JSON Schema test suite has no " << folder.string() << "\n";
        return {};
    }
    return folder;
}

Tally run_draft(char const* draft, std::string const& dialect) {
    Tally tally;
    std::filesystem::path const folder = suite_folder(draft);
    if (folder.empty()) {
        return tally;
    }
    for (auto const& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() == ".json") {
            run_file(entry.path(), dialect, tally);
        }
    }
    // Of the optional ones, those that this validator claims nevertheless.
    for (char const* file : {"bignum.json", "ecmascript-regex.json", "zeroTerminatedFloats.json"}) {
        std::filesystem::path const path = folder / "optional" / file;
        // Its only group asks for `format`, which is an annotation here.
        bool const needs_format =
            std::string_view(file) == "ecmascript-regex.json" && std::string_view(draft) == "draft7";
        if (std::filesystem::exists(path) && !needs_format) {
            run_file(path, dialect, tally);
        }
    }
    return tally;
}

TEST(SchemaSuite, AgreesWithThePublicSuiteOnDraft07) {
    Tally const tally = run_draft("draft7", "http://json-schema.org/draft-07/schema#");
    if (!suite_folder("draft7").empty()) {
        EXPECT_GE(tally.files, 34);
        EXPECT_GT(tally.cases, 400);
    }
}

TEST(SchemaSuite, AgreesWithThePublicSuiteOn2020_12WhereItIsThere) {
    Tally const tally = run_draft("draft2020-12", "https://json-schema.org/draft/2020-12/schema");
    if (!suite_folder("draft2020-12").empty()) {
        EXPECT_GT(tally.cases, 900);
    }
}

/// Debian's package ends with draft-07, so what came later has vectors of its own, in the suite's form.
TEST(SchemaSuite, AgreesWithItsOwnVectorsOn2020_12) {
    Tally tally;
    run_file(std::filesystem::path(SCHEMA_VECTORS_DIR) / "draft2020-12.json", "", tally);
    EXPECT_GT(tally.cases, 170);
}

} // namespace

#include "protocol/schema.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace {

using protocol::Json;

/// The public test suite for JSON Schema (package json-schema-test-suite), for every keyword that is claimed
/// here.
TEST(SchemaSuite, AgreesWithThePublicTestSuiteOnEveryClaimedKeyword) {
    char const* elsewhere = std::getenv("JSON_SCHEMA_TEST_SUITE");
    std::filesystem::path const folder = elsewhere != nullptr ? elsewhere : JSON_SCHEMA_SUITE_DIR;
    if (!std::filesystem::exists(folder)) {
        std::cout << "skipped: the JSON Schema test suite is not installed at " << folder.string() << "\n";
        return;
    }
    int cases = 0;
    for (char const* keyword : {"type",
                                "properties",
                                "required",
                                "enum",
                                "const",
                                "items",
                                "minimum",
                                "maximum",
                                "minLength",
                                "maxLength",
                                "minItems",
                                "maxItems",
                                "additionalProperties",
                                "default"}) {
        std::ifstream file(folder / (std::string(keyword) + ".json"));
        ASSERT_TRUE(file) << keyword;
        for (Json const& group : Json::parse(std::string(std::istreambuf_iterator<char>(file), {}))) {
            // Groups that also use a keyword outside of the subset say nothing about it.
            if (!protocol::check_schema_supported(group["schema"]).empty()) {
                continue;
            }
            for (Json const& test : group["tests"]) {
                ++cases;
                EXPECT_EQ(protocol::validate(group["schema"], test["data"]).empty(),
                          test["valid"].get<bool>())
                    << keyword << ": " << group["description"] << ": " << test["description"];
            }
        }
    }
    EXPECT_GT(cases, 120);
}

} // namespace

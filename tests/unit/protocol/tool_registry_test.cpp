#include "protocol/tool_registry.hpp"

#include "support/fake_tool.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

using core::Json;
using protocol::ToolDescriptor;
using test::FakeTool;

ToolDescriptor descriptor(std::string name, char const* schema = R"({"type":"object"})") {
    return ToolDescriptor(std::move(name), "", "d", Json::parse(schema), Json(), protocol::ToolHints());
}

protocol::ToolResult nothing(protocol::ToolCall const&) {
    return protocol::ToolResult("", Json());
}

TEST(ToolRegistry, FindsByExactName) {
    FakeTool a(descriptor("search_code"), nothing);
    FakeTool b(descriptor("read_file"), nothing);
    protocol::ToolRegistry const registry({&a, &b});
    ASSERT_NE(registry.find("read_file"), nullptr);
    EXPECT_EQ(registry.find("read_file")->handler, &b);
    EXPECT_EQ(registry.find("Read_File"), nullptr);
    EXPECT_EQ(registry.find(""), nullptr);
}

TEST(ToolRegistry, SaysWhichToolWasProbablyMeant) {
    FakeTool a(descriptor("search_code"), nothing);
    protocol::ToolRegistry const registry({&a});
    EXPECT_EQ(registry.unknown_tool_message("searchCode"),
              "Unknown tool: \"searchCode\"; did you mean \"search_code\"?");
    EXPECT_EQ(registry.unknown_tool_message("delete_all"), "Unknown tool: \"delete_all\"");
}

TEST(ToolRegistry, RefusesDefinitionsThatClientsDrop) {
    FakeTool good(descriptor("a"), nothing);
    FakeTool twin(descriptor("a"), nothing);
    FakeTool spaced(descriptor("a b"), nothing);
    FakeTool empty(descriptor(""), nothing);
    FakeTool longest(descriptor(std::string(65, 'a')), nothing);
    FakeTool rootless(descriptor("b", R"({"properties":{}})"), nothing);
    FakeTool header(
        descriptor("c", R"({"type":"object","properties":{"n":{"type":"number","x-mcp-header":"N"}}})"),
        nothing);
    EXPECT_THROW(protocol::ToolRegistry({&good, &twin}), std::logic_error);
    for (FakeTool* const bad : {&spaced, &empty, &longest, &rootless, &header}) {
        EXPECT_THROW(protocol::ToolRegistry({bad}), std::logic_error) << bad->descriptor().name;
    }
}

TEST(ToolDescriptorCheck, FindsWhatHostsAndTheValidatorDoNotUnderstand) {
    EXPECT_TRUE(protocol::check_descriptor(descriptor("a")).empty());
    EXPECT_TRUE(protocol::check_descriptor(descriptor(std::string(40, 'a'))).empty());
    EXPECT_EQ(protocol::check_descriptor(descriptor(std::string(41, 'a'))).size(), 1U);
    for (char const* schema :
         {R"({"type":"object","properties":{"a":{"type":"string","pattern":"x{2000}"}}})",
          R"({"type":"object","properties":{"a":{"type":"array"}}})",
          R"({"type":"object","properties":{"a":{"type":"array","items":{"type":"array"}}}})",
          R"({"type":"object","properties":{"$top":{"type":"integer"}}})",
          R"({"type":"object","$defs":{"d":{"type":"array"}},"properties":{"a":{"$ref":"#/$defs/d"}}})",
          R"({"type":"object","properties":{"a":{"anyOf":[{"type":"array"},{"type":"string"}]}}})",
          R"({"type":"object","additionalProperties":{"properties":{"$x":{"type":"string"}}}})",
          R"({"type":"object","anyOf":[]})"}) {
        EXPECT_EQ(protocol::check_descriptor(descriptor("a", schema)).size(), 1U) << schema;
    }
    ToolDescriptor output = descriptor("a");
    output.output_schema = Json::parse(R"({"type":"object","unheard_of":"x"})");
    EXPECT_EQ(protocol::check_descriptor(output).size(), 1U);
}

} // namespace

#include "server/router/tool_alias.hpp"

#include "core/clock.hpp"
#include "support/run_coro.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

namespace {

using core::Json;

/// Answers with the arguments it got.
class EchoTool final : public protocol::ToolHandler {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }
    core::Task<protocol::ToolResult> call(protocol::ToolCall const& call) override {
        co_return protocol::ToolResult(call.arguments.dump(), Json());
    }

private:
    protocol::ToolDescriptor descriptor_{
        "search_work_items",
        "Search work items",
        "Finds.",
        Json::parse(R"({"type":"object","properties":{"text":{"type":"string"},"project":{"type":"string"},
            "top":{"type":"integer"}},"additionalProperties":false})"),
        Json(),
        protocol::ToolHints()};
};

class ToolAliasTest : public testing::Test {
protected:
    protocol::ToolResult call(Json args) {
        alias_->normalize(args);
        core::Principal const caller("agent", "agent", core::Role::reader);
        protocol::ToolCall const asked(args, caller, ctx_, client_);
        return loop_.run(alias_->call(asked));
    }

    test::Loop loop_;
    core::CallContext ctx_{"request", core::Deadline::never()};
    protocol::SilentClient client_{protocol::ClientFeatures()};
    EchoTool tool_;
    std::unique_ptr<protocol::ToolHandler> alias_ =
        server::make_aliased_tool(server::tool_aliases().front(), tool_);
};

TEST_F(ToolAliasTest, CallsTheToolWithItsOwnArgumentNames) {
    EXPECT_EQ(alias_->descriptor().name, "search_workitem");
    EXPECT_FALSE(alias_->descriptor().listed);
    EXPECT_EQ(call({{"searchText", "crash"}, {"project", "Web"}}).text,
              R"({"project":"Web","text":"crash"})");
    EXPECT_EQ(call({{"text", "crash"}}).text, R"({"text":"crash"})");
    EXPECT_EQ(call({{"searchText", {"crash"}}}).text, R"({"text":"crash"})") << "a list of one is that one";
}

TEST_F(ToolAliasTest, HoldsArgumentsAgainstTheToolsSchema) {
    auto const refused = call({{"searchText", "crash"}, {"top", "many"}});
    EXPECT_TRUE(refused.is_error);
    EXPECT_NE(refused.text.find("top"), std::string::npos) << refused.text;
    EXPECT_NE(refused.text.find("search_work_items"), std::string::npos);
}

TEST(ToolAliases, AreDistinctAndNameTools) {
    std::set<std::string_view> names;
    for (server::ToolAlias const& alias : server::tool_aliases()) {
        EXPECT_TRUE(names.insert(alias.other).second) << alias.other;
        EXPECT_EQ(server::aliased_tool(alias.other), alias.name);
        EXPECT_EQ(server::aliased_tool(alias.name), alias.name) << "an alias of an alias";
    }
    EXPECT_EQ(server::aliased_tool("anything_else"), "anything_else");
}

} // namespace

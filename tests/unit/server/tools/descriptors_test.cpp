#include "fixture.hpp"

#include "server/tools/knowledge_base.hpp"

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

namespace {

using core::Json;

/// Descriptors do not ask it.
class NoBase final : public server::KnowledgeBase {
public:
    std::vector<server::WikiSource> sources(std::string const&) const override { return {}; }
    core::Result<ado::SourceUrl> parse_url(std::string_view) const override {
        return core::fail(core::ErrorKind::internal, "not asked");
    }
    void learn_root(std::string const&, std::string) override {}
    core::Task<core::Result<server::KnowledgeAnswer>> search(server::IndexQuery,
                                                             core::CallContext const&) override {
        co_return server::KnowledgeAnswer();
    }
};

std::vector<std::unique_ptr<server::OrganizationTool>> all_tools() {
    static NoBase base;
    std::vector<std::unique_ptr<server::OrganizationTool>> tools;
    tools.push_back(server::make_search_wiki_tool(base));
    tools.push_back(server::make_read_wiki_page_tool(base));
    tools.push_back(server::make_search_code_tool());
    tools.push_back(server::make_read_file_tool());
    tools.push_back(server::make_create_work_item_tool());
    tools.push_back(server::make_update_work_item_tool());
    tools.push_back(server::make_add_work_item_comment_tool());
    tools.push_back(server::make_list_projects_tool());
    tools.push_back(server::make_list_repositories_tool());
    tools.push_back(server::make_list_files_tool());
    tools.push_back(server::make_list_commits_tool());
    tools.push_back(server::make_search_work_items_tool());
    tools.push_back(server::make_get_work_item_tool());
    tools.push_back(server::make_describe_work_item_type_tool());
    return tools;
}

Json as_json(protocol::ToolDescriptor const& descriptor) {
    return Json{{"name", descriptor.name},
                {"title", descriptor.title},
                {"description", descriptor.description},
                {"inputSchema", descriptor.input_schema},
                {"outputSchema", descriptor.output_schema},
                {"annotations",
                 {{"readOnlyHint", descriptor.hints.read_only},
                  {"destructiveHint", descriptor.hints.destructive},
                  {"idempotentHint", descriptor.hints.idempotent},
                  {"openWorldHint", descriptor.hints.open_world}}}};
}

TEST(ToolDescriptors, AreAsInTheirSnapshots) {
    for (auto const& tool : all_tools()) {
        protocol::ToolDescriptor const& descriptor = tool->descriptor();
        SCOPED_TRACE(descriptor.name);
        std::string const path = std::string(ADOMCPD_SNAPSHOTS) + "/" + descriptor.name + ".json";
        std::string const current = as_json(descriptor).dump(2) + "\n";
        if (std::getenv("UPDATE_SNAPSHOTS") != nullptr) {
            std::ofstream(path) << current;
            continue;
        }
        std::ifstream file(path);
        std::stringstream stored;
        stored << file.rdbuf();
        EXPECT_EQ(stored.str(), current) << "run with UPDATE_SNAPSHOTS=1 if this change is meant";
    }
}

void collect(Json const& schema, std::set<std::string>& keywords, std::set<std::string>& names) {
    for (auto const& [keyword, value] : schema.items()) {
        keywords.insert(keyword);
        if (keyword == "properties") {
            for (auto const& [name, property] : value.items()) {
                names.insert(name);
                collect(property, keywords, names);
            }
        } else if (keyword == "items") {
            collect(value, keywords, names);
        }
    }
    if (schema.value("type", "") == "array") {
        EXPECT_TRUE(schema.contains("items"));
    }
}

TEST(ToolDescriptors, UseOnlyWhatEveryClientTakes) {
    std::set<std::string> const allowed{"type",
                                        "properties",
                                        "required",
                                        "items",
                                        "enum",
                                        "minimum",
                                        "maximum",
                                        "minLength",
                                        "maxLength",
                                        "minItems",
                                        "maxItems",
                                        "additionalProperties",
                                        "description",
                                        "default"};
    for (auto const& tool : all_tools()) {
        protocol::ToolDescriptor const& descriptor = tool->descriptor();
        SCOPED_TRACE(descriptor.name);
        std::set<std::string> keywords;
        std::set<std::string> names;
        for (Json const* const schema : {&descriptor.input_schema, &descriptor.output_schema}) {
            EXPECT_EQ(protocol::check_schema_supported(*schema), std::vector<std::string>());
            collect(*schema, keywords, names);
        }
        for (std::string const& keyword : keywords) {
            EXPECT_EQ(allowed.count(keyword), 1U) << keyword;
        }
        for (std::string const& name : names) {
            EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
        }
        EXPECT_FALSE(descriptor.input_schema.at("additionalProperties").get<bool>());
        EXPECT_TRUE(names.count("organization") == 1);
    }
}

TEST(ToolDescriptors, WikiToolsCostLittle) {
    std::size_t bytes = 0;
    for (auto const& tool : all_tools()) {
        bool const of_wiki = tool->descriptor().name.find("wiki") != std::string::npos;
        bytes += of_wiki ? as_json(tool->descriptor()).dump().size() + 1 : 0;
    }
    EXPECT_LE(bytes, 3100U);
}

/// What a model pays for before it has called anything. `list_organizations` belongs to the router; its size
/// is counted as it was measured, rounded up.
TEST(ToolDescriptors, CostFewBytes) {
    constexpr std::size_t kListOrganizations = 1300;
    std::set<std::string> const first{"search_code", "read_file", "create_work_item"};
    std::size_t all = kListOrganizations;
    std::size_t of_first = kListOrganizations;
    for (auto const& tool : all_tools()) {
        std::size_t const bytes = as_json(tool->descriptor()).dump().size() + 1; // and the comma
        all += bytes;
        of_first += first.contains(tool->descriptor().name) ? bytes : 0;
        RecordProperty(tool->descriptor().name, static_cast<int>(bytes));
    }
    EXPECT_LE(of_first, 9U * 1024);
    EXPECT_LE(all, 24U * 1024);
}

TEST(ToolDescriptors, HintWhichToolsWrite) {
    std::set<std::string> const writing{"create_work_item", "update_work_item", "add_work_item_comment"};
    for (auto const& tool : all_tools()) {
        protocol::ToolDescriptor const& descriptor = tool->descriptor();
        SCOPED_TRACE(descriptor.name);
        bool const writes = writing.contains(descriptor.name);
        bool const updates = descriptor.name == "update_work_item";
        EXPECT_EQ(descriptor.hints.read_only, !writes);
        // The same update once more changes nothing; a create or comment does unless it has a key.
        EXPECT_EQ(descriptor.hints.idempotent, !writes || updates);
        EXPECT_EQ(descriptor.hints.destructive, updates);
    }
}

/// Of the 24 KB, what these two may take.
TEST(ToolDescriptors, UpdateAndCommentAreTerse) {
    std::size_t const update = as_json(server::make_update_work_item_tool()->descriptor()).dump().size();
    std::size_t const comment =
        as_json(server::make_add_work_item_comment_tool()->descriptor()).dump().size();
    RecordProperty("update", static_cast<int>(update));
    RecordProperty("comment", static_cast<int>(comment));
    EXPECT_LE(update + comment, 3400U);
}

} // namespace

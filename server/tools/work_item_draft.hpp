#pragma once

#include "ado/patch.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/tools/call_scope.hpp"
#include "server/tools/work_item_arguments.hpp"
#include "server/tools/work_item_links.hpp"
#include "server/tools/work_item_metadata.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <utility>
#include <vector>

namespace server {

/// What the arguments of a write come to once everything is looked up that has to be.
class ResolvedArguments {
public:
    ResolvedArguments() = default;
    std::vector<std::pair<std::string, core::Json>> fields; ///< by reference name
    std::string assigned_to;
    std::vector<ItemLink> links;
    std::vector<std::string> notes;
};

/// Asks only where it must: for fields by the names people see, for people by a bare name, for repositories
/// that links point to. References outlive the task.
core::Task<core::Result<ResolvedArguments>> resolve_arguments(WorkItemArguments const& arguments,
                                                              std::string const& project,
                                                              std::string const& type,
                                                              WorkItemMetadata& metadata,
                                                              CallScope const& scope);

/// How long texts are sent.
class TextForm {
public:
    TextForm() = default;
    bool html = false;             ///< for a server that knows nothing else
    std::string description_field; ///< where the type shows it: a bug's form hides System.Description
};

/// By the rules where they are known, else by the type's name.
TextForm text_form(TypeFacts const* facts, std::string_view type, bool html);

/// True for fields whose text is Markdown.
bool is_long_text(std::string_view reference_name);

void put_text(ado::WorkItemPatch& patch, std::string_view field, std::string_view markdown, bool html);

/// A value of `fields`: long texts as Markdown unless they are HTML already.
void put_field(ado::WorkItemPatch& patch, std::string const& field, core::Json const& value, bool html);

/// True when the service refused Markdown as such.
bool refuses_markdown(core::Error const& error);

} // namespace server

#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace server {

/// A link as the caller gave it.
class WantedLink {
public:
    WantedLink(std::string url_, std::string comment_) : url(std::move(url_)), comment(std::move(comment_)) {}
    std::string url;
    std::string comment;
};

/// A member of `fields`: by reference name, or by the name people see.
class WantedField {
public:
    WantedField(std::string name_, core::Json value_, bool is_reference_)
        : name(std::move(name_)), value(std::move(value_)), is_reference(is_reference_) {}
    std::string name;
    core::Json value; ///< string, number or boolean; null empties the field
    bool is_reference;
};

/// What the calls that write work items have in common, checked as far as it can be without asking. Absent
/// is absent: an empty text of an update empties its field.
class WorkItemArguments {
public:
    std::optional<std::string> title;
    std::optional<std::string> description; ///< Markdown, as the caller wrote it
    std::optional<std::string> area_path;
    std::optional<std::string> iteration_path;
    std::optional<std::int64_t> priority;
    std::optional<std::string> severity;
    std::optional<std::string> assigned_to;
    std::optional<std::string> state;
    std::vector<std::string> tags;
    std::optional<std::int64_t> parent_id;
    std::vector<WantedLink> links;
    std::vector<WantedField> fields;
};

core::Result<WorkItemArguments> read_work_item_arguments(core::Json const& args);

/// Fields with arguments of their own, and those nobody may set; in `fields` they would be said twice.
bool has_own_argument(WorkItemArguments const& arguments, std::string_view reference_name);

/// A text of the arguments without white space around it; empty when absent.
std::string_view text_argument(core::Json const& args, std::string_view name);

inline constexpr std::string_view kReproSteps = "Microsoft.VSTS.TCM.ReproSteps";
inline constexpr std::string_view kDescription = "System.Description";
inline constexpr std::string_view kPriority = "Microsoft.VSTS.Common.Priority";
inline constexpr std::string_view kSeverity = "Microsoft.VSTS.Common.Severity";
inline constexpr std::string_view kParentLink = "System.LinkTypes.Hierarchy-Reverse";

} // namespace server

#include "simulator/work_item_types.hpp"

#include <initializer_list>
#include <map>

namespace simulator {
namespace {

class Extra {
public:
    std::string_view field;
    bool required = false;
    Json default_value = nullptr;
    std::vector<std::string> allowed = {};
};

WorkItemType make_type(std::string name,
                       std::string color,
                       std::string description,
                       std::vector<StateDefinition> states,
                       std::string initial_reason,
                       std::vector<Extra> const& extras) {
    WorkItemType type;
    type.reference_name = "Microsoft.VSTS.WorkItemTypes." + replace_all(name, " ", "");
    type.name = std::move(name);
    type.color = std::move(color);
    type.description = std::move(description);
    type.initial_reason = std::move(initial_reason);
    std::vector<std::string> state_names;
    for (auto const& state : states) {
        state_names.push_back(state.name);
    }
    type.states = std::move(states);
    auto const add = [&](std::string_view ref, bool required, Json value, std::vector<std::string> allowed) {
        type.fields.push_back({find_field(ref), required, std::move(value), std::move(allowed)});
    };
    // The service answers alwaysRequired for these three on every type and fills them itself.
    add("System.IterationId", true, nullptr, {});
    add("System.AreaId", true, nullptr, {});
    add("System.Title", true, nullptr, {});
    add("System.State", true, type.states.front().name, state_names);
    for (auto const* ref : {"System.Id",
                            "System.Rev",
                            "System.AreaPath",
                            "System.IterationPath",
                            "System.TeamProject",
                            "System.WorkItemType",
                            "System.Reason",
                            "System.AssignedTo",
                            "System.CreatedDate",
                            "System.CreatedBy",
                            "System.ChangedDate",
                            "System.ChangedBy",
                            "System.CommentCount",
                            "System.Description",
                            "System.History",
                            "System.Tags",
                            "System.NodeName",
                            "System.AuthorizedDate",
                            "System.RevisedDate",
                            "System.AuthorizedAs",
                            "System.PersonId",
                            "System.Watermark",
                            "System.AreaLevel1",
                            "System.IterationLevel1",
                            "System.BoardColumn",
                            "System.Parent",
                            "Microsoft.VSTS.Common.StateChangeDate",
                            "Microsoft.VSTS.Common.ActivatedDate",
                            "Microsoft.VSTS.Common.ClosedDate",
                            "Microsoft.VSTS.Common.StackRank"}) {
        add(ref, false, nullptr, {});
    }
    for (auto const& extra : extras) {
        add(extra.field, extra.required, extra.default_value, extra.allowed);
    }
    return type;
}

std::vector<std::string> const kSeverities = {"1 - Critical", "2 - High", "3 - Medium", "4 - Low"};
std::vector<std::string> const kActivities = {
    "Deployment", "Design", "Development", "Documentation", "Requirements", "Testing"};
std::vector<std::string> const kRisks = {"1 - High", "2 - Medium", "3 - Low"};
std::vector<std::string> const kValueAreas = {"Architectural", "Business"};

Extra priority() {
    return {"Microsoft.VSTS.Common.Priority", false, 2, {"1", "2", "3", "4"}};
}
Extra severity() {
    return {"Microsoft.VSTS.Common.Severity", false, "3 - Medium", kSeverities};
}
Extra plain(std::string_view field) {
    return {field, false, nullptr, {}};
}
Extra activity() {
    return {"Microsoft.VSTS.Common.Activity", false, nullptr, kActivities};
}
Extra value_area() {
    return {"Microsoft.VSTS.Common.ValueArea", true, "Business", kValueAreas};
}
Extra risk() {
    return {"Microsoft.VSTS.Common.Risk", false, nullptr, kRisks};
}

constexpr auto kAcceptance = "Microsoft.VSTS.Common.AcceptanceCriteria";
constexpr auto kRepro = "Microsoft.VSTS.TCM.ReproSteps";
constexpr auto kSystemInfo = "Microsoft.VSTS.TCM.SystemInfo";
constexpr auto kRemaining = "Microsoft.VSTS.Scheduling.RemainingWork";
constexpr auto kEstimate = "Microsoft.VSTS.Scheduling.OriginalEstimate";
constexpr auto kCompleted = "Microsoft.VSTS.Scheduling.CompletedWork";
constexpr auto kPoints = "Microsoft.VSTS.Scheduling.StoryPoints";
constexpr auto kEffort = "Microsoft.VSTS.Scheduling.Effort";
constexpr auto kFoundIn = "Microsoft.VSTS.Build.FoundIn";

std::vector<WorkItemType> basic_types() {
    std::vector<StateDefinition> const states = {
        {"To Do", "Proposed", "b2b2b2"}, {"Doing", "InProgress", "007acc"}, {"Done", "Completed", "339933"}};
    return {
        make_type("Issue",
                  "339947",
                  "Tracks progress of work.",
                  states,
                  "Added to backlog",
                  {priority(), plain(kEffort)}),
        make_type("Epic",
                  "E06C00",
                  "Tracks Issues related to a large piece of work.",
                  states,
                  "Added to backlog",
                  {priority(), plain(kEffort)}),
        make_type("Task",
                  "F2CB1D",
                  "Tracks work that needs to be done.",
                  states,
                  "Added to backlog",
                  {priority(), activity(), plain(kRemaining)}),
    };
}

std::vector<WorkItemType> agile_types() {
    std::vector<StateDefinition> const states = {{"New", "Proposed", "b2b2b2"},
                                                 {"Active", "InProgress", "007acc"},
                                                 {"Resolved", "Resolved", "ff9d00"},
                                                 {"Closed", "Completed", "339933"},
                                                 {"Removed", "Removed", "ffffff"}};
    std::vector<StateDefinition> const task_states = {states[0], states[1], states[3], states[4]};
    std::vector<StateDefinition> const bug_states = {states[0], states[1], states[2], states[3]};
    return {
        make_type("Bug",
                  "CC293D",
                  "Describes a divergence between required and actual behavior.",
                  bug_states,
                  "New",
                  {priority(),
                   severity(),
                   value_area(),
                   activity(),
                   plain(kRepro),
                   plain(kSystemInfo),
                   plain(kFoundIn),
                   plain(kPoints),
                   plain(kEstimate),
                   plain(kRemaining),
                   plain(kCompleted)}),
        make_type("Task",
                  "F2CB1D",
                  "Tracks work that needs to be done.",
                  task_states,
                  "New",
                  {priority(), activity(), plain(kEstimate), plain(kRemaining), plain(kCompleted)}),
        make_type("User Story",
                  "009CCC",
                  "Tracks an activity the user will be able to perform.",
                  states,
                  "New",
                  {priority(), value_area(), risk(), plain(kPoints), plain(kAcceptance)}),
        make_type("Feature",
                  "773B93",
                  "Tracks a feature that will be released.",
                  states,
                  "New",
                  {priority(), value_area(), risk(), plain(kEffort)}),
        make_type("Epic",
                  "E06C00",
                  "Groups several features.",
                  states,
                  "New",
                  {priority(), value_area(), risk(), plain(kEffort)}),
        // As an inherited process would have it: a custom field the caller must fill.
        make_type("Issue",
                  "B4009E",
                  "Tracks an obstacle to progress.",
                  {states[1], states[3]},
                  "New",
                  {priority(),
                   {"Custom.CustomerImpact", true, nullptr, {"None", "Some customers", "All customers"}}}),
    };
}

std::vector<WorkItemType> scrum_types() {
    std::vector<StateDefinition> const backlog = {{"New", "Proposed", "b2b2b2"},
                                                  {"Approved", "Proposed", "b2b2b2"},
                                                  {"Committed", "InProgress", "007acc"},
                                                  {"Done", "Completed", "339933"},
                                                  {"Removed", "Removed", "ffffff"}};
    std::vector<StateDefinition> const task = {{"To Do", "Proposed", "b2b2b2"},
                                               {"In Progress", "InProgress", "007acc"},
                                               {"Done", "Completed", "339933"},
                                               {"Removed", "Removed", "ffffff"}};
    std::vector<StateDefinition> const portfolio = {{"New", "Proposed", "b2b2b2"},
                                                    {"In Progress", "InProgress", "007acc"},
                                                    {"Done", "Completed", "339933"},
                                                    {"Removed", "Removed", "ffffff"}};
    return {
        make_type("Product Backlog Item",
                  "009CCC",
                  "Tracks an activity the user will be able to perform.",
                  backlog,
                  "New backlog item",
                  {priority(), value_area(), plain(kEffort), plain(kAcceptance)}),
        make_type("Bug",
                  "CC293D",
                  "Describes a divergence between required and actual behavior.",
                  backlog,
                  "New defect reported",
                  {priority(),
                   severity(),
                   value_area(),
                   activity(),
                   plain(kRepro),
                   plain(kSystemInfo),
                   plain(kFoundIn),
                   plain(kEffort),
                   plain(kRemaining),
                   plain(kAcceptance)}),
        make_type("Task",
                  "F2CB1D",
                  "Tracks work that needs to be done.",
                  task,
                  "New task",
                  {priority(), activity(), plain(kRemaining)}),
        make_type("Feature",
                  "773B93",
                  "Tracks a feature that will be released.",
                  portfolio,
                  "New feature",
                  {priority(), value_area(), plain(kEffort)}),
        make_type("Epic",
                  "E06C00",
                  "Groups several features.",
                  portfolio,
                  "New epic",
                  {priority(), value_area(), plain(kEffort)}),
        make_type("Impediment",
                  "B4009E",
                  "Tracks an obstacle to progress.",
                  {{"Open", "InProgress", "007acc"}, {"Closed", "Completed", "339933"}},
                  "New impediment",
                  {priority()}),
    };
}

} // namespace

TypeField const* WorkItemType::find_field(std::string_view ref) const {
    for (auto const& entry : fields) {
        if (iequals(entry.field->reference_name, ref)) {
            return &entry;
        }
    }
    return nullptr;
}

bool WorkItemType::has_state(std::string_view state) const {
    for (auto const& entry : states) {
        if (iequals(entry.name, state)) {
            return true;
        }
    }
    return false;
}

std::vector<FieldDefinition> const& all_fields() {
    static std::vector<FieldDefinition> const fields = {
        {"System.Id", "ID", "integer", true},
        {"System.Rev", "Rev", "integer", true},
        {"System.AreaId", "Area ID", "integer", false},
        {"System.IterationId", "Iteration ID", "integer", false},
        {"System.AreaPath", "Area Path", "treePath", false},
        {"System.IterationPath", "Iteration Path", "treePath", false},
        {"System.AreaLevel1", "Area Level 1", "string", true},
        {"System.IterationLevel1", "Iteration Level 1", "string", true},
        {"System.NodeName", "Node Name", "string", true},
        {"System.TeamProject", "Team Project", "string", true},
        {"System.WorkItemType", "Work Item Type", "string", true},
        {"System.Title", "Title", "string", false},
        {"System.State", "State", "string", false},
        {"System.Reason", "Reason", "string", false},
        {"System.AssignedTo", "Assigned To", "identity", false},
        {"System.CreatedDate", "Created Date", "dateTime", true},
        {"System.CreatedBy", "Created By", "identity", true},
        {"System.ChangedDate", "Changed Date", "dateTime", true},
        {"System.ChangedBy", "Changed By", "identity", true},
        {"System.AuthorizedDate", "Authorized Date", "dateTime", true},
        {"System.RevisedDate", "Revised Date", "dateTime", true},
        {"System.AuthorizedAs", "Authorized As", "identity", true},
        {"System.PersonId", "Person ID", "integer", true},
        {"System.Watermark", "Watermark", "integer", true},
        {"System.CommentCount", "Comment Count", "integer", true},
        {"System.Description", "Description", "html", false},
        {"System.History", "History", "history", false},
        {"System.Tags", "Tags", "plainText", false},
        {"System.Parent", "Parent", "integer", true},
        {"System.BoardColumn", "Board Column", "string", true},
        {"Microsoft.VSTS.Common.StateChangeDate", "State Change Date", "dateTime", true},
        {"Microsoft.VSTS.Common.ActivatedDate", "Activated Date", "dateTime", true},
        {"Microsoft.VSTS.Common.ClosedDate", "Closed Date", "dateTime", true},
        {"Microsoft.VSTS.Common.Priority", "Priority", "integer", false},
        {"Microsoft.VSTS.Common.Severity", "Severity", "string", false},
        {"Microsoft.VSTS.Common.Activity", "Activity", "string", false},
        {"Microsoft.VSTS.Common.ValueArea", "Value Area", "string", false},
        {"Microsoft.VSTS.Common.Risk", "Risk", "string", false},
        {"Microsoft.VSTS.Common.StackRank", "Stack Rank", "double", false},
        {"Microsoft.VSTS.Common.AcceptanceCriteria", "Acceptance Criteria", "html", false},
        {"Microsoft.VSTS.TCM.ReproSteps", "Repro Steps", "html", false},
        {"Microsoft.VSTS.TCM.SystemInfo", "System Info", "html", false},
        {"Microsoft.VSTS.Build.FoundIn", "Found In", "string", false},
        {"Microsoft.VSTS.Scheduling.RemainingWork", "Remaining Work", "double", false},
        {"Microsoft.VSTS.Scheduling.OriginalEstimate", "Original Estimate", "double", false},
        {"Microsoft.VSTS.Scheduling.CompletedWork", "Completed Work", "double", false},
        {"Microsoft.VSTS.Scheduling.StoryPoints", "Story Points", "double", false},
        {"Microsoft.VSTS.Scheduling.Effort", "Effort", "double", false},
        {"Custom.CustomerImpact", "Customer Impact", "string", false},
    };
    return fields;
}

FieldDefinition const* find_field(std::string_view name) {
    for (auto const& field : all_fields()) {
        if (iequals(field.reference_name, name) || iequals(field.name, name)) {
            return &field;
        }
    }
    return nullptr;
}

std::vector<WorkItemType> const& work_item_types(std::string_view process) {
    static std::map<std::string, std::vector<WorkItemType>, std::less<>> const types = {
        {"Basic", basic_types()}, {"Agile", agile_types()}, {"Scrum", scrum_types()}};
    auto const found = types.find(process);
    return found == types.end() ? types.at("Basic") : found->second;
}

WorkItemType const* find_work_item_type(std::string_view process, std::string_view name) {
    for (auto const& type : work_item_types(process)) {
        if (iequals(type.name, name) || iequals(type.reference_name, name)) {
            return &type;
        }
    }
    return nullptr;
}

std::string_view process_template_id(std::string_view process) {
    if (process == "Agile") {
        return "adcc42ab-9882-485e-a3ed-7678f01f66bc";
    }
    return process == "Scrum" ? "6b724908-ef14-45cf-84f8-768b5384da45"
                              : "b8a3a935-7e91-48b8-a94c-606d37c3e9f2";
}

std::vector<RelationType> const& relation_types() {
    static std::vector<RelationType> const types = {
        {"System.LinkTypes.Hierarchy-Forward", "Child", true, "System.LinkTypes.Hierarchy-Reverse", true},
        {"System.LinkTypes.Hierarchy-Reverse", "Parent", true, "System.LinkTypes.Hierarchy-Forward", false},
        {"System.LinkTypes.Related", "Related", true, "System.LinkTypes.Related", true},
        {"System.LinkTypes.Dependency-Forward",
         "Successor",
         true,
         "System.LinkTypes.Dependency-Reverse",
         true},
        {"System.LinkTypes.Dependency-Reverse",
         "Predecessor",
         true,
         "System.LinkTypes.Dependency-Forward",
         false},
        {"System.LinkTypes.Duplicate-Forward", "Duplicate", true, "System.LinkTypes.Duplicate-Reverse", true},
        {"System.LinkTypes.Duplicate-Reverse",
         "Duplicate Of",
         true,
         "System.LinkTypes.Duplicate-Forward",
         false},
        {"Microsoft.VSTS.Common.TestedBy-Forward",
         "Tested By",
         true,
         "Microsoft.VSTS.Common.TestedBy-Reverse",
         true},
        {"Microsoft.VSTS.Common.TestedBy-Reverse",
         "Tests",
         true,
         "Microsoft.VSTS.Common.TestedBy-Forward",
         false},
        {"Microsoft.VSTS.Common.Affects-Forward",
         "Affects",
         true,
         "Microsoft.VSTS.Common.Affects-Reverse",
         true},
        {"Microsoft.VSTS.Common.Affects-Reverse",
         "Affected By",
         true,
         "Microsoft.VSTS.Common.Affects-Forward",
         false},
        {"AttachedFile", "Attached File", false, "", true},
        {"Hyperlink", "Hyperlink", false, "", true},
        {"ArtifactLink", "Artifact Link", false, "", true},
    };
    return types;
}

RelationType const* find_relation_type(std::string_view reference_name) {
    for (auto const& type : relation_types()) {
        if (iequals(type.reference_name, reference_name)) {
            return &type;
        }
    }
    return nullptr;
}

} // namespace simulator

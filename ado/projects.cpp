#include "ado/projects.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {

core::Result<std::vector<Project>> read_projects(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("projects without a list"));
    }
    std::vector<Project> out;
    out.reserve(list->size());
    for (core::Json& item : *list) {
        Project project;
        project.id = take_string(item, "id");
        project.name = take_string(item, "name");
        project.description = take_string(item, "description");
        project.state = take_string(item, "state");
        project.visibility = take_string(item, "visibility");
        if (!project.name.empty()) {
            out.push_back(std::move(project));
        }
    }
    return out;
}

} // namespace ado

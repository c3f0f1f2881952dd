#include "ado/classification.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "core/http/http_message.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {
namespace {

/// The depth of the document is bounded by its parser.
void collect(core::Json& node, std::string const& above, std::vector<std::string>& out) {
    std::string const name = take_string(node, "name");
    if (name.empty()) {
        return;
    }
    std::string const path = above.empty() ? name : above + "\\" + name;
    out.push_back(path);
    if (core::Json* const children = member_array(node, "children")) {
        for (core::Json& child : *children) {
            collect(child, path, out);
        }
    }
}

} // namespace

core::Result<std::vector<std::string>> read_classification_paths(core::Json& json) {
    std::vector<std::string> out;
    collect(json, {}, out);
    if (out.empty()) {
        return core::fail(unreadable_answer("a tree without a name"));
    }
    return out;
}

core::Result<ClassificationPaths> read_classification_roots(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("areas and iterations without a list"));
    }
    ClassificationPaths paths;
    for (core::Json& root : *list) {
        std::string const kind = take_string(root, "structureType");
        if (core::iequals(kind, "area")) {
            collect(root, {}, paths.areas);
        } else if (core::iequals(kind, "iteration")) {
            collect(root, {}, paths.iterations);
        }
    }
    return paths;
}

} // namespace ado

#include "protocol/json_writer.hpp"
#include "protocol/schema_compile.hpp"
#include "protocol/schema_references.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

// The part of the compiler that knows names: $id, $anchor, and where references lead.
namespace protocol {

void SchemaCompiler::enter_resource(SchemaNode& node) {
    Json const& json = *node.json;
    bool const is_root = node.parent == nullptr;
    bool const older = dialect(node) == SchemaDialect::draft_07;
    // A root says its dialect before anything else is read by it.
    Json const* schema = core::find(json, "$schema");
    Json const* id = core::find(json, "$id");
    auto const named = [&] {
        return schema->is_string() ? dialect_named(schema->get_ref<std::string const&>())
                                   : SchemaDialect::unknown;
    };
    if (is_root && schema != nullptr) {
        program_.resources[0].dialect = named();
    }
    bool const ignored = core::find(json, "$ref") != nullptr && dialect(node) == SchemaDialect::draft_07;
    if (id != nullptr && !ignored) {
        if (!id->is_string()) {
            block(node, "/$id", "must be a URI reference");
        } else {
            auto const [address, fragment] = split_fragment(id->get_ref<std::string const&>());
            if (!address.empty()) {
                open_resource(node, resolve_uri(program_.resources[node.resource].uri, address));
                if (!is_root && schema != nullptr) {
                    program_.resources[node.resource].dialect = named();
                }
            }
            if (!fragment.empty() && (older || dialect(node) == SchemaDialect::draft_07)) {
                add_anchor(node, fragment, false);
            } else if (!fragment.empty()) {
                block(node, "/$id", "must not have a fragment");
            }
        }
    }
    if (dialect(node) != SchemaDialect::draft_2020_12) {
        return;
    }
    for (char const* keyword : {"$anchor", "$dynamicAnchor"}) {
        Json const* anchor = core::find(json, keyword);
        if (anchor != nullptr && anchor->is_string()) {
            add_anchor(
                node, anchor->get_ref<std::string const&>(), std::string_view(keyword) == "$dynamicAnchor");
        } else if (anchor != nullptr) {
            block(node, pointer_step(keyword), "must be a name");
        }
    }
}

void SchemaCompiler::open_resource(SchemaNode& node, std::string uri) {
    if (node.parent == nullptr) {
        program_.resources[0].uri = std::move(uri);
        return;
    }
    SchemaResource resource;
    resource.uri = std::move(uri);
    resource.dialect = dialect(node);
    resource.root = &node;
    node.resource = program_.resources.size();
    program_.resources.push_back(std::move(resource));
}

void SchemaCompiler::add_anchor(SchemaNode& node, std::string_view name, bool dynamic) {
    SchemaResource& resource = program_.resources[node.resource];
    resource.anchors.try_emplace(std::string(name), &node);
    if (dynamic) {
        resource.dynamic_anchors.try_emplace(std::string(name), &node);
    }
}

void SchemaCompiler::add_reference(SchemaNode& node, Keyword const& keyword, bool dynamic) {
    if (expect(keyword.value.is_string(), node, keyword, "a URI reference")) {
        references_.push_back(Reference{&node, keyword.value.get_ref<std::string const&>(), dynamic});
    }
}

void SchemaCompiler::resolve(Reference const& reference) {
    SchemaNode& node = *reference.node;
    std::string why_not;
    SchemaNode const* target = target_of(node, reference.target, why_not);
    if (target == nullptr) {
        block(node, reference.dynamic ? "/$dynamicRef" : "/$ref", why_not);
        return;
    }
    if (!node.combined) {
        node.combined = std::make_unique<CombinedRules>();
    }
    if (!reference.dynamic) {
        node.combined->reference = target;
        return;
    }
    node.combined->dynamic_reference = target;
    std::string_view const fragment = split_fragment(reference.target).second;
    auto const& dynamic = program_.resources[target->resource].dynamic_anchors;
    // Only a reference that leads to a dynamic anchor by name can be overridden from outside.
    if (auto const it = dynamic.find(fragment); it != dynamic.end() && it->second == target) {
        node.combined->dynamic_name = it->first;
    }
}

SchemaNode const*
SchemaCompiler::target_of(SchemaNode const& node, std::string_view reference, std::string& why_not) {
    auto const [address, fragment] = split_fragment(reference);
    std::string const uri = resolve_uri(program_.resources[node.resource].uri, address);
    auto const resource =
        address.empty() ? program_.resources.begin() + static_cast<std::ptrdiff_t>(node.resource)
                        : std::find_if(program_.resources.begin(),
                                       program_.resources.end(),
                                       [&](SchemaResource const& candidate) { return candidate.uri == uri; });
    if (resource == program_.resources.end()) {
        why_not =
            "refers to " + json_quoted(uri, 120) + ", which is not part of this schema and is never fetched";
        return nullptr;
    }
    if (!fragment.empty() && !fragment.starts_with('/')) {
        auto const anchor = resource->anchors.find(fragment);
        why_not = "refers to the anchor " + json_quoted(fragment) + ", which is not there";
        return anchor == resource->anchors.end() ? nullptr : anchor->second;
    }
    PointerTarget const target = follow_pointer(*resource->root->json, fragment);
    if (target.value == nullptr) {
        why_not = "refers to " + json_quoted(fragment, 120) + ", which is not there";
        return nullptr;
    }
    // A place that no keyword makes a schema is one by being referred to. Its names resolve like those of the
    // schema around it.
    SchemaNode const* around = resource->root;
    for (Json const* passed : target.way) {
        auto const it = known_.find(passed);
        around = it != known_.end() ? it->second : around;
    }
    return add(*target.value, resource->root, target.step, around->resource);
}

std::string pointer_of(SchemaNode const& node) {
    std::vector<SchemaNode const*> way;
    for (SchemaNode const* at = &node; at != nullptr; at = at->parent) {
        way.push_back(at);
    }
    std::string pointer;
    for (auto it = way.rbegin(); it != way.rend(); ++it) {
        pointer += (*it)->step;
    }
    return pointer;
}

std::string pointer_step(std::string_view name) {
    std::string step = "/";
    for (char const c : name) {
        step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    }
    return step;
}

} // namespace protocol

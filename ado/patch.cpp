#include "ado/patch.hpp"

#include "ado/markdown.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {
namespace {

constexpr std::string_view kFields = "/fields/";
constexpr std::string_view kFormats = "/multilineFieldsFormat/";

std::string path_of(std::string_view root, std::string_view field) {
    // JSON Pointer: reference names hold neither, display names might.
    std::string path(root);
    for (char const c : field) {
        if (c == '~') {
            path += "~0";
        } else if (c == '/') {
            path += "~1";
        } else {
            path += c;
        }
    }
    return path;
}

core::Json operation(std::string_view op, std::string path, core::Json value) {
    core::Json out = core::Json::object();
    out["op"] = op;
    out["path"] = std::move(path);
    out["value"] = std::move(value);
    return out;
}

} // namespace

WorkItemPatch::WorkItemPatch() : document_(std::make_unique<core::Json>(core::Json::array())) {}
WorkItemPatch::WorkItemPatch(WorkItemPatch const& other)
    : document_(std::make_unique<core::Json>(*other.document_)) {}
WorkItemPatch::WorkItemPatch(WorkItemPatch&&) noexcept = default;
WorkItemPatch& WorkItemPatch::operator=(WorkItemPatch const& other) {
    if (this != &other) {
        document_ = std::make_unique<core::Json>(*other.document_);
    }
    return *this;
}
WorkItemPatch& WorkItemPatch::operator=(WorkItemPatch&&) noexcept = default;
WorkItemPatch::~WorkItemPatch() = default;

WorkItemPatch& WorkItemPatch::put(std::string path, core::Json value) {
    for (core::Json& existing : *document_) {
        if (core::find_string(existing, "path") == path) {
            existing["value"] = std::move(value);
            return *this;
        }
    }
    document_->push_back(operation("add", std::move(path), std::move(value)));
    return *this;
}

WorkItemPatch& WorkItemPatch::set(std::string_view field, std::string_view text) {
    return put(path_of(kFields, field), core::Json(text));
}

WorkItemPatch& WorkItemPatch::set(std::string_view field, std::int64_t number) {
    return put(path_of(kFields, field), core::Json(number));
}

WorkItemPatch& WorkItemPatch::set_value(std::string_view field, core::Json value) {
    return put(path_of(kFields, field), std::move(value));
}

WorkItemPatch& WorkItemPatch::set_text(std::string_view field, std::string_view text, TextFormat format) {
    if (format == TextFormat::markdown) {
        put(path_of(kFields, field), core::Json(escape_markdown_field(text)));
        return put(path_of(kFormats, field), core::Json("Markdown"));
    }
    std::string const format_path = path_of(kFormats, field);
    for (std::size_t i = 0; i < document_->size(); ++i) {
        if (core::find_string((*document_)[i], "path") == format_path) {
            document_->erase(i);
            break;
        }
    }
    return put(path_of(kFields, field), core::Json(text));
}

WorkItemPatch&
WorkItemPatch::add_relation(std::string_view rel, std::string_view url, std::string_view comment) {
    core::Json relation = core::Json::object();
    relation["rel"] = rel;
    relation["url"] = url;
    if (!comment.empty()) {
        relation["attributes"]["comment"] = comment;
    }
    document_->push_back(operation("add", "/relations/-", std::move(relation)));
    return *this;
}

WorkItemPatch& WorkItemPatch::clear(std::string_view field) {
    core::Json out = core::Json::object();
    out["op"] = "remove";
    out["path"] = path_of(kFields, field);
    document_->push_back(std::move(out));
    return *this;
}

WorkItemPatch&
WorkItemPatch::add_artifact(std::string_view url, std::string_view name, std::string_view comment) {
    add_relation("ArtifactLink", url, comment);
    document_->back()["value"]["attributes"]["name"] = name;
    return *this;
}

WorkItemPatch& WorkItemPatch::remove_relation(std::size_t index) {
    core::Json out = core::Json::object();
    out["op"] = "remove";
    out["path"] = "/relations/" + std::to_string(index);
    document_->push_back(std::move(out));
    return *this;
}

WorkItemPatch& WorkItemPatch::test_revision(std::int64_t rev) {
    document_->insert(document_->begin(), operation("test", "/rev", core::Json(rev)));
    return *this;
}

bool WorkItemPatch::empty() const noexcept {
    return document_->empty();
}

std::string WorkItemPatch::to_string() const {
    return core::dump_json(*document_);
}

} // namespace ado

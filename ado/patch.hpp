#pragma once

#include "core/json.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace ado {

/// How a long text field is stored. Markdown must travel with a value of the same field.
enum class TextFormat { html, markdown };

/// Builds the JSON Patch document of a work item write. Fields keep the order they were added in; a later
/// value of a field replaces the earlier one, as the service would refuse two.
class WorkItemPatch {
public:
    WorkItemPatch();
    WorkItemPatch(WorkItemPatch const&);
    WorkItemPatch(WorkItemPatch&&) noexcept;
    WorkItemPatch& operator=(WorkItemPatch const&);
    WorkItemPatch& operator=(WorkItemPatch&&) noexcept;
    ~WorkItemPatch();

    WorkItemPatch& set(std::string_view field, std::string_view text);
    WorkItemPatch& set(std::string_view field, char const* text) {
        return set(field, std::string_view(text));
    }
    WorkItemPatch& set(std::string_view field, std::int64_t number);
    WorkItemPatch& set_value(std::string_view field, core::Json value);
    /// A long text field in the given format. Markdown is cleaned with escape_markdown_field().
    WorkItemPatch& set_text(std::string_view field, std::string_view text, TextFormat format);
    WorkItemPatch& clear(std::string_view field);
    WorkItemPatch& add_relation(std::string_view rel, std::string_view url, std::string_view comment);
    /// A link to something that is no work item: `vstfs:///Git/Commit/...`; `name` says which kind of link.
    WorkItemPatch& add_artifact(std::string_view url, std::string_view name, std::string_view comment);
    /// By its place in the item's `relations`, as last read; of several the highest one first.
    WorkItemPatch& remove_relation(std::size_t index);
    /// Tags joined the way the service stores them: `a; b`.
    template <class Range>
    WorkItemPatch& set_tags(Range const& tags) {
        std::string joined;
        for (auto const& tag : tags) {
            joined += joined.empty() ? "" : "; ";
            joined += tag;
        }
        return set("System.Tags", joined);
    }
    /// Refuse the write unless the item is at this revision.
    WorkItemPatch& test_revision(std::int64_t rev);

    bool empty() const noexcept;
    core::Json const& document() const noexcept { return *document_; }
    std::string to_string() const;

private:
    WorkItemPatch& put(std::string path, core::Json value);

    std::unique_ptr<core::Json> document_; ///< by pointer: this header needs only the forward declaration
};

} // namespace ado

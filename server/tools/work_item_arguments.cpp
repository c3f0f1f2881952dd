#include "server/tools/work_item_arguments.hpp"

#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace server {

namespace {

using core::Json;
using core::Result;

constexpr std::size_t kMaxTitle = 255; ///< UTF-16 units
constexpr std::size_t kMaxTag = 400;
constexpr std::size_t kMaxFieldName = 128;

std::string_view trim(std::string_view text) {
    std::size_t const begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::optional<std::string> optional_text(Json const& args, std::string_view name) {
    std::optional<std::string_view> const text = core::find_string(args, name);
    return text ? std::optional(std::string(trim(*text))) : std::nullopt;
}

/// `Contoso\Web`, whichever slashes it was written with: names of areas and iterations hold neither.
std::optional<std::string> classification_path(Json const& args, std::string_view name) {
    std::optional<std::string> path = optional_text(args, name);
    if (path) {
        std::replace(path->begin(), path->end(), '/', '\\');
        path->erase(0, std::min(path->find_first_not_of('\\'), path->size()));
        while (path->ends_with('\\')) {
            path->pop_back();
        }
    }
    return path;
}

/// The service's words for 1 to 4; anything else is passed on, because processes can have their own.
std::string severity_value(std::string_view text) {
    constexpr std::array<std::string_view, 4> kValues{"1 - Critical", "2 - High", "3 - Medium", "4 - Low"};
    std::string const folded = fold_case(text);
    for (std::string_view const value : kValues) {
        if (folded == value.substr(0, 1) || folded == fold_case(value.substr(4))) {
            return std::string(value);
        }
    }
    return std::string(text);
}

bool is_reference_name(std::string_view name) {
    return name.find('.') != std::string_view::npos && std::all_of(name.begin(), name.end(), [](char c) {
               return (is_word_byte(c) && (c & '\x80') == 0) || c == '.' || c == '-';
           });
}

/// What people call a field has no path in it: it is never sent, only looked up.
bool is_display_name(std::string_view name) {
    return !trim(name).empty() && name.size() <= kMaxFieldName &&
           name.find_first_of("./\\~") == std::string_view::npos && core::is_valid_utf8(name);
}

bool is_web_address(std::string_view url) {
    bool const printable =
        std::all_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) > ' '; });
    return printable && url.size() <= 2000 && core::Url::parse(url).has_value();
}

Result<void> read_title(Json const& args, WorkItemArguments& out) {
    out.title = optional_text(args, "title");
    if (!out.title) {
        return {};
    }
    if (out.title->empty()) {
        return core::fail(wrong_argument("`title` is empty."));
    }
    if (!core::is_valid_utf8(*out.title) || core::utf16_length(*out.title) > kMaxTitle) {
        return core::fail(wrong_argument("`title` is longer than 255 characters.",
                                         "Shorten it; details belong in `description`."));
    }
    auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (std::any_of(out.title->begin(), out.title->end(), is_control)) {
        return core::fail(wrong_argument("`title` must be one line without control characters."));
    }
    return {};
}

Result<void> read_tags(Json const& args, WorkItemArguments& out) {
    Json const* const list = core::find_array(args, "tags");
    if (list == nullptr) {
        return {};
    }
    for (Json const& entry : *list) {
        std::string tag(trim(entry.is_string() ? std::string_view(entry.get_ref<std::string const&>()) : ""));
        if (tag.empty()) {
            continue;
        }
        if (tag.find_first_of(";,") != std::string::npos || core::utf16_length(tag) > kMaxTag) {
            return core::fail(
                wrong_argument("Tag `" + tag.substr(0, 40) +
                               "` holds a comma or semicolon, or is longer than 400 characters."));
        }
        out.tags.push_back(std::move(tag));
    }
    return {};
}

Result<void> read_links(Json const& args, WorkItemArguments& out) {
    out.parent_id = core::find_int(args, "parent_id");
    Json const* const links = core::find_array(args, "links");
    if (links == nullptr) {
        return {};
    }
    for (Json const& link : *links) {
        std::string_view const url = text_argument(link, "url");
        if (!is_web_address(url)) {
            return core::fail(wrong_argument("A link's `url` must be an http or https address."));
        }
        out.links.emplace_back(std::string(url), std::string(text_argument(link, "comment")));
    }
    return {};
}

Result<void> read_fields(Json const& args, WorkItemArguments& out) {
    Json const* const fields = core::find_object(args, "fields");
    if (fields == nullptr) {
        return {};
    }
    std::set<std::string> seen;
    for (auto const& [name, value] : fields->items()) {
        bool const reference = is_reference_name(name);
        if (!reference && !is_display_name(name)) {
            return core::fail(
                wrong_argument("`" + name.substr(0, 80) + "` in `fields` is not a field's name.",
                               "Use names such as Microsoft.VSTS.Common.ValueArea."));
        }
        bool const once = seen.insert(fold_case(name)).second;
        if (!once || (reference && has_own_argument(out, name))) {
            return core::fail(
                wrong_argument("`fields` must not hold " + name + ".", "Give it once, by its own argument."));
        }
        if (!value.is_string() && !value.is_number() && !value.is_boolean() && !value.is_null()) {
            return core::fail(
                wrong_argument("The value of " + name + " must be a string, number or boolean."));
        }
        out.fields.emplace_back(std::string(trim(name)), value, reference);
    }
    return {};
}

} // namespace

std::string_view text_argument(Json const& args, std::string_view name) {
    return trim(core::find_string(args, name).value_or(std::string_view()));
}

bool has_own_argument(WorkItemArguments const& arguments, std::string_view reference_name) {
    std::string const name = fold_case(reference_name);
    for (std::string_view const fixed : {"system.title",
                                         "system.teamproject",
                                         "system.workitemtype",
                                         "system.id",
                                         "system.rev",
                                         "system.history"}) {
        if (name == fixed) {
            return true;
        }
    }
    auto const is = [&name](bool given, std::string_view field) { return given && name == fold_case(field); };
    return is(arguments.description.has_value(), kDescription) ||
           is(arguments.description.has_value(), kReproSteps) ||
           is(arguments.area_path.has_value(), "System.AreaPath") ||
           is(arguments.iteration_path.has_value(), "System.IterationPath") ||
           is(arguments.priority.has_value(), kPriority) || is(arguments.severity.has_value(), kSeverity) ||
           is(arguments.assigned_to.has_value(), "System.AssignedTo") ||
           is(arguments.state.has_value(), "System.State") || is(!arguments.tags.empty(), "System.Tags") ||
           is(arguments.parent_id.has_value(), "System.Parent");
}

Result<WorkItemArguments> read_work_item_arguments(Json const& args) {
    WorkItemArguments out;
    ADOMCPD_TRY_VOID(read_title(args, out));
    if (auto const description = core::find_string(args, "description")) {
        out.description = std::string(*description);
    }
    out.area_path = classification_path(args, "area_path");
    out.iteration_path = classification_path(args, "iteration_path");
    out.priority = core::find_int(args, "priority");
    out.severity = optional_text(args, "severity");
    if (out.severity) {
        out.severity = severity_value(*out.severity);
    }
    out.assigned_to = optional_text(args, "assigned_to");
    out.state = optional_text(args, "state");
    ADOMCPD_TRY_VOID(read_tags(args, out));
    ADOMCPD_TRY_VOID(read_links(args, out));
    ADOMCPD_TRY_VOID(read_fields(args, out));
    return out;
}

} // namespace server

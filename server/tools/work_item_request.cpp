#include "server/tools/work_item_request.hpp"

#include "ado/markdown.hpp"
#include "ado/web_links.hpp"
#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/project_question.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;

constexpr std::size_t kMaxTitle = 255; ///< UTF-16 units
constexpr std::size_t kMaxTag = 400;
constexpr std::string_view kReproSteps = "Microsoft.VSTS.TCM.ReproSteps";
constexpr std::string_view kDescription = "System.Description";

std::string_view trim(std::string_view text) {
    std::size_t const begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

std::string_view text_argument(Json const& args, std::string_view name) {
    return trim(core::find_string(args, name).value_or(std::string_view()));
}

/// `Contoso\Web`, whichever slashes it was written with: names of areas and iterations hold neither.
std::string classification_path(std::string_view text) {
    std::string path(text);
    std::replace(path.begin(), path.end(), '/', '\\');
    path.erase(0, std::min(path.find_first_not_of('\\'), path.size()));
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

bool is_field_name(std::string_view name) {
    return name.find('.') != std::string_view::npos && std::all_of(name.begin(), name.end(), [](char c) {
               return (is_word_byte(c) && (c & '\x80') == 0) || c == '.' || c == '-';
           });
}

bool is_web_address(std::string_view url) {
    bool const printable =
        std::all_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) > ' '; });
    return printable && url.size() <= 2000 && core::Url::parse(url).has_value();
}

class Builder {
public:
    Builder(Json const& args, ado::Organization const& organization)
        : args_(args), organization_(organization) {}

    Result<WorkItemRequest> build(ConnectorPolicy const& policy) {
        ADOMCPD_TRY_VOID(read_place(policy));
        ADOMCPD_TRY_VOID(read_title());
        set_text_fields();
        ADOMCPD_TRY_VOID(read_tags());
        ADOMCPD_TRY_VOID(read_relations());
        ADOMCPD_TRY_VOID(read_fields());
        std::string_view const key = core::find_string(args_, "idempotency_key").value_or(std::string_view());
        if (!key.empty()) {
            request_.idempotency_key = std::string(key);
        }
        request_.validate_only = core::find_bool(args_, "validate_only").value_or(false);
        request_.canonical = args_;
        for (char const* const name : {"idempotency_key", "organization", "validate_only"}) {
            request_.canonical.erase(name);
        }
        request_.canonical["project"] = request_.project;
        request_.canonical["type"] = request_.type;
        return std::move(request_);
    }

private:
    Result<void> read_place(ConnectorPolicy const& policy) {
        request_.project = chosen_project(args_, policy);
        if (request_.project.empty()) {
            return core::fail(project_missing());
        }
        if (!is_usable_name(request_.project)) {
            return core::fail(wrong_argument("`" + request_.project + "` is not a name of a project."));
        }
        std::string_view const type = text_argument(args_, "type");
        request_.type = type.empty() ? std::string("Task") : std::string(type);
        if (!is_usable_name(request_.type)) {
            return core::fail(wrong_argument("`" + request_.type + "` is not a work item type."));
        }
        bool const is_bug = core::iequals(request_.type, "Bug");
        request_.description_field = std::string(is_bug ? kReproSteps : kDescription);
        return {};
    }

    Result<void> read_title() {
        request_.title = std::string(text_argument(args_, "title"));
        if (request_.title.empty()) {
            return core::fail(wrong_argument("`title` is empty."));
        }
        if (!core::is_valid_utf8(request_.title) || core::utf16_length(request_.title) > kMaxTitle) {
            return core::fail(wrong_argument("`title` is longer than 255 characters.",
                                             "Shorten it; details belong in `description`."));
        }
        auto const is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
        if (std::any_of(request_.title.begin(), request_.title.end(), is_control)) {
            return core::fail(wrong_argument("`title` must be one line without control characters."));
        }
        set("System.Title", request_.title);
        return {};
    }

    void set(std::string_view field, std::string_view value) {
        if (!value.empty()) {
            request_.patch.set(field, value);
            used_.insert(fold_case(field));
        }
    }

    void set_text_fields() {
        request_.description =
            std::string(core::find_string(args_, "description").value_or(std::string_view()));
        if (!request_.description.empty()) {
            request_.patch.set_text(
                request_.description_field, request_.description, ado::TextFormat::markdown);
            used_.insert(fold_case(request_.description_field));
        }
        set("System.AreaPath", classification_path(text_argument(args_, "area_path")));
        set("System.IterationPath", classification_path(text_argument(args_, "iteration_path")));
        if (std::optional<std::int64_t> const priority = core::find_int(args_, "priority")) {
            request_.patch.set("Microsoft.VSTS.Common.Priority", *priority);
            used_.insert(fold_case("Microsoft.VSTS.Common.Priority"));
        }
        set("Microsoft.VSTS.Common.Severity", severity_value(text_argument(args_, "severity")));
        set("System.AssignedTo", text_argument(args_, "assigned_to"));
    }

    Result<void> read_tags() {
        Json const* const list = core::find_array(args_, "tags");
        std::vector<std::string> tags;
        for (Json const& entry : list != nullptr ? *list : none_) {
            std::string const tag(
                trim(entry.is_string() ? std::string_view(entry.get_ref<std::string const&>()) : ""));
            if (tag.empty()) {
                continue;
            }
            if (tag.find_first_of(";,") != std::string::npos || core::utf16_length(tag) > kMaxTag) {
                return core::fail(
                    wrong_argument("Tag `" + tag.substr(0, 40) +
                                   "` holds a comma or semicolon, or is longer than 400 characters."));
            }
            tags.push_back(tag);
        }
        if (!tags.empty()) {
            request_.patch.set_tags(tags);
            used_.insert(fold_case("System.Tags"));
        }
        return {};
    }

    Result<void> read_relations() {
        if (std::optional<std::int64_t> const parent = core::find_int(args_, "parent_id")) {
            request_.patch.add_relation(
                "System.LinkTypes.Hierarchy-Reverse", ado::work_item_api_url(organization_, *parent), "");
        }
        Json const* const links = core::find_array(args_, "links");
        for (Json const& link : links != nullptr ? *links : none_) {
            std::string_view const url = text_argument(link, "url");
            if (!is_web_address(url)) {
                return core::fail(wrong_argument("A link's `url` must be an http or https address."));
            }
            request_.patch.add_relation("Hyperlink", url, text_argument(link, "comment"));
        }
        return {};
    }

    Result<void> read_fields() {
        Json const* const fields = core::find_object(args_, "fields");
        for (auto const& [name, value] : (fields != nullptr ? *fields : none_).items()) {
            if (!is_field_name(name)) {
                return core::fail(
                    wrong_argument("`" + name.substr(0, 80) + "` in `fields` is not a reference name.",
                                   "Use names such as Microsoft.VSTS.Common.ValueArea."));
            }
            std::string const folded = fold_case(name);
            bool const fixed = folded == "system.title" || folded == "system.teamproject" ||
                               folded == "system.workitemtype" || folded == "system.id" ||
                               folded == "system.rev";
            if (fixed || used_.count(folded) != 0) {
                return core::fail(wrong_argument("`fields` must not hold " + name + ".",
                                                 "Give it once, by its own argument."));
            }
            if (!value.is_string() && !value.is_number() && !value.is_boolean()) {
                return core::fail(
                    wrong_argument("The value of " + name + " must be a string, number or boolean."));
            }
            request_.patch.set_value(name, value);
        }
        return {};
    }

    Json const& args_;
    ado::Organization const& organization_;
    WorkItemRequest request_;
    Json const none_ = Json::array();
    std::set<std::string> used_; ///< reference names, case folded
};

/// Entities the service and we ourselves put in place of markup.
std::size_t skip_entity(std::string_view text) {
    for (std::string_view const entity : {"&lt;", "&gt;", "&amp;", "&quot;", "&nbsp;", "&#39;"}) {
        if (text.starts_with(entity)) {
            return entity.size();
        }
    }
    return 0;
}

} // namespace

Result<WorkItemRequest> read_work_item_request(Json const& args,
                                               ConnectorPolicy const& policy,
                                               ado::Organization const& organization) {
    return Builder(args, organization).build(policy);
}

std::string text_essence(std::string_view text) {
    std::string essence;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '<') {
            std::size_t const end = text.find('>', at);
            if (end != std::string_view::npos) {
                at = end + 1;
                continue;
            }
        }
        if (std::size_t const entity = text[at] == '&' ? skip_entity(text.substr(at)) : 0; entity > 0) {
            at += entity;
            continue;
        }
        if (is_word_byte(text[at])) {
            essence.push_back(text[at]);
        }
        ++at;
    }
    return essence;
}

} // namespace server

#include "server/router/url_arguments.hpp"

#include "ado/page_url.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace server {
namespace {

using core::Json;

constexpr std::array<std::string_view, 7> kNames{
    "organization", "project", "repository", "path", "id", "parent_id", "wiki"};
/// Of these every call has only one of each, also where it reads several files.
constexpr std::array<std::string_view, 2> kShared{"organization", "project"};

std::string ref_of(ado::VersionDescriptor const& version) {
    return (version.type == ado::VersionType::tag ? "tag:" : "") + version.version;
}

/// What the address says for an argument; null when nothing.
Json value_for(std::string_view name, ado::PageUrl const& page) {
    auto const text = [](std::string const& value) { return value.empty() ? Json() : Json(value); };
    auto const line = [](std::size_t number) { return number == 0 ? Json() : Json(number); };
    if (name == "organization") {
        return page.organization.name();
    }
    if (name == "project") {
        return text(page.project);
    }
    if (name == "repository") {
        return text(page.repository);
    }
    if (name == "path") {
        return text(page.path);
    }
    if (name == "wiki") {
        return text(page.wiki);
    }
    if (name == "ref") {
        return text(ref_of(page.version));
    }
    if (name == "branch") {
        return page.version.type == ado::VersionType::branch ? text(page.version.version) : Json();
    }
    if (name == "start_line") {
        return line(page.start_line);
    }
    if (name == "end_line") {
        return line(page.end_line);
    }
    bool const is_item = name == "id" || name == "parent_id";
    return is_item && page.work_item ? Json(*page.work_item) : Json();
}

bool same(Json const& a, Json const& b) {
    return a == b || (a.is_string() && b.is_string() &&
                      core::iequals(a.get_ref<std::string const&>(), b.get_ref<std::string const&>()));
}

/// `organization` may be written in several ways.
bool same_organization(Json const& given, ado::PageUrl const& page, OrganizationDirectory const& directory) {
    auto const parsed = given.is_string()
                            ? directory.parse(given.get_ref<std::string const&>())
                            : core::Result<ado::Organization>(core::fail(core::ErrorKind::internal, ""));
    return parsed && parsed->key() == page.organization.key();
}

/// What the other argument already says is something else.
bool contradicts(Json const& arguments,
                 std::string_view name,
                 ado::PageUrl const& page,
                 OrganizationDirectory const& directory) {
    Json const* const given = core::find(arguments, name);
    Json const said = value_for(name, page);
    if (given == nullptr || given->is_null() || said.is_null()) {
        return false;
    }
    if (name == "organization") {
        return !same_organization(*given, page, directory);
    }
    bool const another_url = given->is_string() && ado::is_page_url(given->get_ref<std::string const&>());
    return !another_url && !same(*given, said);
}

class Splitter {
public:
    Splitter(Json& arguments, Json const& properties, OrganizationDirectory const& directory)
        : arguments_(arguments), properties_(properties), directory_(directory) {}

    /// `place` is the arguments, or an entry of `files`.
    void split(Json& place, Json const& properties) {
        for (std::string_view const name : kNames) {
            auto const text = core::find_string(place, name);
            if (!text || !ado::is_page_url(*text)) {
                continue;
            }
            auto const page = ado::parse_page_url(*text, directory_.urls());
            Json own = page ? value_for(name, *page) : Json();
            if (own.is_null() || disagrees(place, name, *page)) {
                continue;
            }
            place[std::string(name)] = std::move(own);
            for (std::string_view const shared : kShared) {
                fill(arguments_, properties_, shared, *page);
            }
            for (std::string_view const other :
                 {"repository", "path", "id", "wiki", "ref", "branch", "start_line", "end_line"}) {
                bool const names_item = other != "id" || name != "parent_id";
                if (names_item) {
                    fill(place, properties, other, *page);
                }
            }
        }
    }

private:
    bool disagrees(Json const& place, std::string_view name, ado::PageUrl const& page) const {
        for (std::string_view const shared : kShared) {
            if (shared != name && contradicts(arguments_, shared, page, directory_)) {
                return true;
            }
        }
        bool const in_repository = name == "path" || name == "organization" || name == "project";
        return in_repository && contradicts(place, "repository", page, directory_);
    }

    static void fill(Json& place, Json const& properties, std::string_view name, ado::PageUrl const& page) {
        if (!properties.contains(std::string(name)) || place.contains(std::string(name))) {
            return;
        }
        Json value = value_for(name, page);
        if (!value.is_null()) {
            place[std::string(name)] = std::move(value);
        }
    }

    Json& arguments_;
    Json const& properties_;
    OrganizationDirectory const& directory_;
};

core::Error left_url(std::string_view name, std::string_view text, OrganizationDirectory const& directory) {
    auto const page = ado::parse_page_url(text, directory.urls());
    if (!page) {
        core::Error error = page.error();
        return std::move(error).with_not_sent();
    }
    std::string const argument = "`" + std::string(name) + "`";
    if (value_for(name, *page).is_null()) {
        return wrong_argument(argument + " is an address that names none.",
                              "Pass its name, or the address of its page.");
    }
    return wrong_argument(argument + " is an address in organization '" + page->organization.name() + "'" +
                              (page->project.empty() ? "" : ", project '" + page->project + "'") +
                              ", and another argument says otherwise.",
                          "Leave out what the address says already.");
}

core::Result<void> refuse_in(Json const& place, OrganizationDirectory const& directory) {
    for (std::string_view const name : {"project", "repository", "path", "wiki"}) {
        auto const text = core::find_string(place, name);
        if (text && ado::is_page_url(*text)) {
            return core::fail(left_url(name, *text, directory));
        }
    }
    return {};
}

} // namespace

void take_urls_apart(Json& arguments, Json const& schema, OrganizationDirectory const& directory) {
    Json const* const properties = core::find_object(schema, "properties");
    if (properties == nullptr || !arguments.is_object()) {
        return;
    }
    Splitter splitter(arguments, *properties, directory);
    if (auto const files = arguments.find("files"); files != arguments.end() && files->is_array()) {
        Json const* const described = core::find_object(*properties, "files");
        Json const* const items = described != nullptr ? core::find_object(*described, "items") : nullptr;
        Json const* const entry = items != nullptr ? core::find_object(*items, "properties") : nullptr;
        for (Json& file : *files) {
            if (entry != nullptr && file.is_object()) {
                splitter.split(file, *entry);
            }
        }
    }
    splitter.split(arguments, *properties);
    // The address of a page itself is for the tool; that it says the organization saves naming it.
    auto const url = core::find_string(arguments, "url");
    if (url && properties->contains("organization") && !arguments.contains("organization")) {
        if (auto const page = ado::parse_page_url(*url, directory.urls())) {
            arguments["organization"] = page->organization.name();
        }
    }
}

core::Result<void> refuse_left_urls(Json const& arguments, OrganizationDirectory const& directory) {
    ADOMCPD_TRY_VOID(refuse_in(arguments, directory));
    if (Json const* const files = core::find_array(arguments, "files")) {
        for (Json const& file : *files) {
            ADOMCPD_TRY_VOID(refuse_in(file, directory));
        }
    }
    return {};
}

} // namespace server

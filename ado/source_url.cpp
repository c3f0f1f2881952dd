#include "ado/source_url.hpp"

#include "ado/page_url.hpp"
#include "ado/url_segments.hpp"
#include "core/text/percent_encoding.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace ado {
namespace {

constexpr std::size_t kLongestUrl = 4096;

tl::unexpected<core::Error> refuse(std::string_view text, std::string const& why) {
    return core::fail(
        core::Error(core::ErrorKind::invalid_argument,
                    "not the URL of a repository or a wiki (" + why + "): " + std::string(text))
            .with_code("source_url_invalid")
            .with_fix("Use https://dev.azure.com/ORG/PROJECT/_git/REPOSITORY or "
                      "https://dev.azure.com/ORG/PROJECT/_wiki/wikis/WIKI, with /PAGE-ID for a page and what "
                      "is below it; the same on https://ORG.visualstudio.com."));
}

class Address {
public:
    std::string host;
    std::string path;
    std::string query;
};

/// Also with spaces and letters beyond ASCII as an address bar shows them; those decode to themselves.
std::optional<Address> split(std::string_view text) {
    std::size_t const scheme = text.find("://");
    if (scheme != std::string_view::npos) {
        std::string_view const word = text.substr(0, scheme);
        if (!core::iequals(word, "https") && !core::iequals(word, "http")) {
            return std::nullopt;
        }
        text.remove_prefix(scheme + 3);
    }
    text = text.substr(0, text.find('#'));
    Address address;
    std::size_t const query = text.find('?');
    if (query != std::string_view::npos) {
        address.query = text.substr(query + 1);
        text = text.substr(0, query);
    }
    std::size_t const slash = text.find('/');
    std::string_view authority = text.substr(0, slash);
    authority = authority.substr(authority.find('@') == std::string_view::npos ? 0 : authority.find('@') + 1);
    address.host = core::to_lower_ascii(authority.substr(0, authority.find(':')));
    address.path = slash == std::string_view::npos ? std::string_view() : text.substr(slash);
    return address;
}

/// How many segments name the organization.
std::size_t leading_segments(Address const& address,
                             std::vector<std::string> const& segments,
                             Organization const& organization) {
    if (address.host.ends_with(".visualstudio.com")) {
        return !segments.empty() && core::iequals(segments.front(), "DefaultCollection") ? 1 : 0;
    }
    if (address.host == "dev.azure.com") {
        return 1;
    }
    return path_segments(organization.core_base().target).value_or(std::vector<std::string>()).size();
}

std::optional<std::int64_t> read_page_id(std::string const& text) {
    std::int64_t id = 0;
    auto const [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
    return problem == std::errc() && end == text.data() + text.size() && id > 0 ? std::optional(id)
                                                                                : std::nullopt;
}

std::string find_page_path(std::string const& query) {
    std::optional<core::QueryPairs> const pairs = core::parse_query(query);
    std::string path(pairs ? core::find_value(*pairs, "pagePath").value_or("") : std::string_view());
    while (path.ends_with('/')) {
        path.pop_back();
    }
    return path.empty() || path.starts_with('/') ? path : "/" + path;
}

} // namespace

std::string_view to_string(SourceUrl::Kind kind) noexcept {
    return kind == SourceUrl::Kind::wiki ? "wiki" : "repository";
}

std::string SourceUrl::canonical() const {
    std::string url = organization.web_url() + "/" + core::percent_encode(project);
    url += kind == Kind::wiki ? "/_wiki/wikis/" : "/_git/";
    url += core::percent_encode(name);
    if (page_id) {
        url += "/" + std::to_string(*page_id);
    } else if (!page_path.empty()) {
        url += "?pagePath=" + core::percent_encode(page_path);
    }
    return url;
}

core::Result<SourceUrl> parse_source_url(std::string_view text, OrganizationUrls const& urls) {
    text = core::trim_ows(text);
    if (text.empty() || text.size() > kLongestUrl) {
        return refuse(text.substr(0, 64), text.empty() ? "it is empty" : "it is too long");
    }
    if (text.starts_with("git@") || text.starts_with("ssh://")) {
        return refuse(text, "it is an SSH address");
    }
    std::optional<Address> const address = split(text);
    if (!address || (address->host.find('.') == std::string::npos && address->host != "localhost")) {
        return refuse(text, "it is not an https URL");
    }
    core::Result<Organization> organization = parse_organization(text, urls);
    if (!organization) {
        core::Error error = organization.error();
        return core::fail(std::move(error).with_code("source_url_invalid"));
    }
    std::optional<std::vector<std::string>> const segments = path_segments(address->path);
    if (!segments) {
        return refuse(text, "a % is not followed by two hexadecimal digits");
    }
    std::size_t const lead = leading_segments(*address, *segments, *organization);
    std::size_t const count = segments->size();
    std::size_t at = lead;
    while (at < count && !core::iequals((*segments)[at], "_git") &&
           !core::iequals((*segments)[at], "_wiki")) {
        ++at;
    }
    if (at >= count || at > lead + 1) {
        return refuse(text, "there is no _git or _wiki behind the project");
    }
    bool const has_project = at == lead + 1;
    if (core::iequals((*segments)[at], "_git")) {
        if (at + 1 >= count) {
            return refuse(text, "the repository's name is missing");
        }
        std::string const& name = (*segments)[at + 1];
        return SourceUrl(SourceUrl::Kind::repository,
                         std::move(*organization),
                         has_project ? (*segments)[lead] : name,
                         name);
    }
    if (!has_project) {
        return refuse(text, "a wiki needs its project");
    }
    if (at + 2 >= count || !core::iequals((*segments)[at + 1], "wikis")) {
        return refuse(text, "_wiki is not followed by /wikis/WIKI");
    }
    SourceUrl source(SourceUrl::Kind::wiki, std::move(*organization), (*segments)[lead], (*segments)[at + 2]);
    if (at + 3 < count) {
        source.page_id = read_page_id((*segments)[at + 3]);
        if (!source.page_id) {
            return refuse(text, "what follows the wiki is not a page id");
        }
    } else {
        source.page_path = find_page_path(address->query);
    }
    return source;
}

namespace {

std::size_t number_in(core::QueryPairs const& query, std::string_view name) {
    constexpr std::int64_t kMostLines = 100'000'000;
    std::optional<std::int64_t> const number =
        read_page_id(std::string(core::find_value(query, name).value_or("")));
    return number && *number <= kMostLines ? static_cast<std::size_t>(*number) : 0;
}

void read_lines(core::QueryPairs const& query, PageUrl& page) {
    page.start_line = number_in(query, "line");
    page.end_line = std::max(number_in(query, "lineEnd"), page.start_line);
    // A marking that ends before the first column of a line does not take that line in.
    if (page.end_line > page.start_line && number_in(query, "lineEndColumn") == 1) {
        --page.end_line;
    }
}

void read_repository_page(std::vector<std::string> const& rest,
                          core::QueryPairs const& query,
                          PageUrl& page) {
    if (rest.size() < 2) {
        return;
    }
    page.repository = rest[1];
    page.project = page.project.empty() ? rest[1] : page.project;
    page.path = std::string(core::find_value(query, "path").value_or(""));
    page.version = VersionDescriptor::parse(core::find_value(query, "version").value_or(""), true);
    if (rest.size() > 3 && core::iequals(rest[2], "commit") && is_commit_id(rest[3])) {
        page.version = VersionDescriptor(VersionType::commit, rest[3]);
    }
    read_lines(query, page);
}

void read_wiki_page(std::vector<std::string> const& rest, core::QueryPairs const& query, PageUrl& page) {
    if (rest.size() < 3 || !core::iequals(rest[1], "wikis")) {
        return;
    }
    page.wiki = rest[2];
    page.page_id = rest.size() > 3 ? read_page_id(rest[3]) : std::nullopt;
    page.page_path = std::string(core::find_value(query, "pagePath").value_or(""));
}

/// `_workitems/edit/12`, `_apis/wit/workItems/12`, and pages that show an item beside a board or a query.
std::optional<std::int64_t> read_work_item_id(std::vector<std::string> const& rest,
                                              core::QueryPairs const& query) {
    if (rest.size() > 2 && core::iequals(rest[0], "_workitems") && core::iequals(rest[1], "edit")) {
        return read_page_id(rest[2]);
    }
    if (rest.size() > 3 && core::iequals(rest[0], "_apis") && core::iequals(rest[2], "workItems")) {
        return read_page_id(rest[3]);
    }
    for (std::string_view const name : {"workitem", "workItem", "id"}) {
        bool const may_be = name != "id" || (!rest.empty() && core::iequals(rest[0], "_workitems"));
        if (auto const value = core::find_value(query, name); value && may_be) {
            return read_page_id(std::string(*value));
        }
    }
    return std::nullopt;
}

} // namespace

bool is_page_url(std::string_view text) noexcept {
    constexpr std::size_t kLongestHost = 253;
    text = core::trim_ows(text);
    std::string const head = core::to_lower_ascii(text.substr(0, std::min(text.find('/'), kLongestHost)));
    return head == "https:" || head == "http:" || head == "dev.azure.com" ||
           head.ends_with(".visualstudio.com");
}

core::Result<PageUrl> parse_page_url(std::string_view text, OrganizationUrls const& urls) {
    text = core::trim_ows(text);
    std::optional<Address> const address = text.size() > kLongestUrl ? std::nullopt : split(text);
    std::optional<std::vector<std::string>> const segments =
        address ? path_segments(address->path) : std::nullopt;
    std::optional<core::QueryPairs> const query = address ? core::parse_query(address->query) : std::nullopt;
    if (!segments || !query) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument,
                                      "not an address of Azure DevOps: " + std::string(text.substr(0, 200)))
                              .with_code("url_invalid")
                              .with_not_sent());
    }
    ADOMCPD_TRY(Organization organization, parse_organization(text, urls));
    std::size_t at = std::min(leading_segments(*address, *segments, organization), segments->size());
    PageUrl page(std::move(organization));
    if (at < segments->size() && !(*segments)[at].starts_with('_')) {
        page.project = (*segments)[at++];
    }
    // A team may stand between a project and what is shown of it.
    if (at + 1 < segments->size() && !(*segments)[at].starts_with('_') &&
        (*segments)[at + 1].starts_with('_')) {
        ++at;
    }
    std::vector<std::string> const rest(segments->begin() + static_cast<std::ptrdiff_t>(at), segments->end());
    if (!rest.empty() && core::iequals(rest.front(), "_git")) {
        read_repository_page(rest, *query, page);
    } else if (!rest.empty() && core::iequals(rest.front(), "_wiki")) {
        read_wiki_page(rest, *query, page);
    } else {
        page.work_item = read_work_item_id(rest, *query);
    }
    return page;
}

} // namespace ado

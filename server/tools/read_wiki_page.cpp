#include "ado/web_links.hpp"
#include "ado/wiki.hpp"
#include "ado/wiki_paths.hpp"
#include "core/crypto/digest.hpp"
#include "core/http/http_message.hpp"
#include "core/text/percent_encoding.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/page_answer.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"
#include "server/tools/wiki_sources.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

using core::Error;
using core::ErrorKind;
using core::Json;
using core::Result;
using core::Task;

protocol::ToolDescriptor make_descriptor() {
    Json const input{{"organization", schema_organization()},
                     {"wiki", schema_string()},
                     {"path", schema_string("Of the page, such as /Runbooks/Rollback")},
                     {"url", schema_string("Instead: the page's web address")},
                     {"start_line", schema_integer(1, 99999999)},
                     {"end_line", schema_integer(1, 99999999)},
                     {"max_bytes", schema_max_bytes()},
                     {"cursor", schema_cursor()}};
    Json output{{"start_line", schema_integer()},
                {"end_line", schema_integer()},
                {"total_lines", schema_integer()},
                {"notes", schema_array(schema_string())}};
    for (char const* const name : {"organization", "project", "wiki", "path", "text", "url", "cursor"}) {
        output[name] = schema_string();
    }
    return protocol::ToolDescriptor(
        "read_wiki_page",
        "Read wiki page",
        "Reads a page, or lines of it, of a wiki or documentation repository that is a "
        "knowledge source.",
        schema_arguments(input, {}),
        schema_object(output, {"path", "text", "total_lines", "notes"}),
        reading_hints());
}

/// Which page is meant.
class WantedPage {
public:
    std::string wiki; ///< as given
    std::string path;
    std::optional<std::int64_t> id;
    std::vector<WikiSource> sources; ///< that may hold it; all of one wiki or repository
};

Error outside(WantedPage const& wanted) {
    std::string roots;
    for (WikiSource const& source : wanted.sources) {
        roots += (roots.empty() ? "" : ", ") + clean_line(std::string_view(source.root_path));
    }
    return Error(ErrorKind::forbidden,
                 "The page lies outside what is a knowledge source of this wiki: " + roots +
                     " and what is below.")
        .with_code("page_not_in_source")
        .with_fix(
            "Read a page below it, or have an administrator add the whole wiki with PUT /api/v2/repos/NAME.");
}

/// A pasted address: of a wiki page by path or id, or of a file of a repository.
Result<WantedPage> read_url(KnowledgeBase const& base, std::string_view text, CallScope const& scope) {
    ADOMCPD_TRY(ado::SourceUrl const url, base.parse_url(text));
    if (url.organization.key() != scope.client.organization().key()) {
        return core::fail(wrong_argument("`url` is of another organization than `organization`."));
    }
    WantedPage wanted;
    wanted.wiki = url.name;
    wanted.path = url.page_path;
    wanted.id = url.page_id;
    bool const is_wiki = url.kind == ado::SourceUrl::Kind::wiki;
    if (!is_wiki) {
        std::size_t const query = text.find('?');
        auto const pairs = core::parse_query(query == std::string_view::npos
                                                 ? std::string_view()
                                                 : text.substr(query + 1, text.find('#') - query - 1));
        wanted.path = std::string(pairs ? core::find_value(*pairs, "path").value_or("") : std::string_view());
    }
    ADOMCPD_TRY(wanted.sources, usable_sources(base, scope, url.name));
    std::erase_if(wanted.sources, [&](WikiSource const& source) {
        return source.is_wiki != is_wiki || !core::iequals(source.project, url.project) ||
               !core::iequals(source.target, url.name);
    });
    if (wanted.sources.empty()) {
        return core::fail(usable_sources(base, scope, url.project + "/" + url.name).error());
    }
    return wanted;
}

Result<WantedPage> read_wanted(KnowledgeBase const& base, Json const& args, CallScope const& scope) {
    auto const url = core::find_string(args, "url");
    auto const path = core::find_string(args, "path");
    if (url.has_value() == path.has_value()) {
        return core::fail(wrong_argument("Pass either `url`, or `path` with `wiki`.",
                                         "search_wiki's results carry both forms."));
    }
    WantedPage wanted;
    if (url) {
        ADOMCPD_TRY(wanted, read_url(base, *url, scope));
    } else {
        wanted.wiki = std::string(member_text(args, "wiki"));
        wanted.path = std::string(*path);
        ADOMCPD_TRY(wanted.sources, usable_sources(base, scope, wanted.wiki));
        WikiSource const& first = wanted.sources.front();
        bool const one =
            std::all_of(wanted.sources.begin(), wanted.sources.end(), [&first](WikiSource const& other) {
                return other.is_wiki == first.is_wiki && core::iequals(other.project, first.project) &&
                       core::iequals(other.target, first.target);
            });
        if (!one) {
            std::string names;
            for (WikiSource const& source : wanted.sources) {
                names += (names.empty() ? "" : ", ") + source.name;
            }
            return core::fail(wrong_argument("`wiki` fits several knowledge sources.",
                                             "Pass one of these names: " + names + "."));
        }
    }
    while (wanted.path.size() > 1 && wanted.path.ends_with('/')) {
        wanted.path.pop_back();
    }
    if (!wanted.id && !wanted.path.starts_with('/')) {
        wanted.path.insert(0, "/");
    }
    return wanted;
}

bool is_file_name(std::string_view path) {
    return path.size() > 3 && core::iequals(path.substr(path.size() - 3), ".md");
}

/// A page by its path. The path of its file, which the service's search gives, is taken for the page's.
Task<Result<ado::WikiPage>> get_page(WantedPage const& wanted, CallScope const& scope) {
    WikiSource const& source = wanted.sources.front();
    if (wanted.id) {
        co_return co_await scope.client.get_wiki_page(
            source.project, source.target, *wanted.id, true, scope.ctx);
    }
    std::string path = wanted.path;
    if (is_file_name(path)) {
        path = ado::page_of_file(source.mark.mapped_path, path).value_or(path);
    }
    Result<ado::WikiPage> page =
        co_await scope.client.get_wiki_page(source.project, source.target, path, true, scope.ctx);
    if (page || page.error().kind() != ErrorKind::not_found || !is_file_name(wanted.path)) {
        co_return page;
    }
    // A page may be called so, or the wiki may be mapped to a folder that is part of the file's path.
    Result<ado::Wiki> const wiki = co_await scope.client.get_wiki(source.project, source.target, scope.ctx);
    std::string again =
        wiki ? ado::page_of_file(wiki->mapped_path, wanted.path).value_or(wanted.path) : wanted.path;
    if (again == path) {
        again = wanted.path;
    }
    Result<ado::WikiPage> second =
        co_await scope.client.get_wiki_page(source.project, source.target, again, true, scope.ctx);
    co_return second ? std::move(second) : std::move(page);
}

Error better_fix(Error error) {
    if (error.kind() != ErrorKind::not_found) {
        return error;
    }
    return std::move(error).with_fix("Take `path` from a result of search_wiki.");
}

Task<Result<PageContent>> read_page(KnowledgeBase& base, WantedPage& wanted, CallScope const& scope) {
    for (WikiSource& source : wanted.sources) {
        CO_TRY_VOID(co_await settle_root(base, source, scope));
    }
    auto const holds = [](std::string const& path) {
        return [&path](WikiSource const& source) { return ado::is_below(source.root_path, path); };
    };
    Result<ado::WikiPage> page = co_await get_page(wanted, scope);
    if (!page) {
        Error error = page.error();
        co_return core::fail(better_fix(std::move(error)));
    }
    if (std::none_of(wanted.sources.begin(), wanted.sources.end(), holds(page->path))) {
        co_return core::fail(outside(wanted));
    }
    PageContent content;
    content.path = page->path;
    content.url = wiki_page_url(scope.client.organization(), wanted.sources.front(), page->path);
    content.text = std::move(page->content);
    co_return content;
}

Task<Result<PageContent>> read_document(WantedPage const& wanted, CallScope const& scope) {
    WikiSource const& source = wanted.sources.front();
    ado::VersionDescriptor const version;
    Result<ado::FileItem> item =
        co_await scope.client.get_item(source.project, source.target, wanted.path, version, scope.ctx);
    if (!item) {
        Error error = item.error();
        co_return core::fail(better_fix(std::move(error)));
    }
    if (item->is_folder || item->is_binary || !item->has_content) {
        co_return core::fail(Error(ErrorKind::invalid_argument,
                                   clean_line(std::string_view(wanted.path)) + " is no text file.")
                                 .with_code(item->is_folder ? "is_folder" : "is_binary"));
    }
    PageContent content;
    content.path = wanted.path;
    content.url =
        ado::file_url(scope.client.organization(), source.project, source.target, wanted.path, version, 0, 0);
    content.text = std::move(item->content);
    co_return content;
}

class ReadWikiPageTool final : public OrganizationTool {
public:
    explicit ReadWikiPageTool(KnowledgeBase& base) : base_(base) {}

    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    std::optional<std::string> implied_organization(Json const& args) const override {
        if (auto const url = core::find_string(args, "url")) {
            Result<ado::SourceUrl> const parsed = base_.parse_url(*url);
            return parsed ? std::optional(parsed->organization.key()) : std::nullopt;
        }
        return implied_organization_of(base_, member_text(args, "wiki"));
    }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(PageWindow window, read_page_window(args, scope));
        CO_TRY(WantedPage wanted, read_wanted(base_, args, scope));
        Result<PageContent> content = core::fail(ErrorKind::internal, "not read");
        if (wanted.sources.front().is_wiki) {
            content = co_await read_page(base_, wanted, scope);
        } else {
            content = co_await read_document(wanted, scope);
        }
        if (!content) {
            co_return core::fail(content.error());
        }
        WikiSource const& source = wanted.sources.front();
        content->organization = scope.organization;
        content->project = source.project;
        std::vector<WikiSource> const all = base_.sources(source.organization);
        content->wiki = shown_name(source, all);
        co_return make_page_answer(std::move(*content), window);
    }

private:
    KnowledgeBase& base_;
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_read_wiki_page_tool(KnowledgeBase& base) {
    return std::make_unique<ReadWikiPageTool>(base);
}

} // namespace server

#include "ado/git_lists.hpp"
#include "ado/web_links.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/repository_arguments.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::int64_t kMaxDepth = 50;

protocol::ToolDescriptor make_descriptor() {
    Json const input{{"organization", schema_organization()},
                     {"project", schema_string()},
                     {"repository", schema_string()},
                     {"path", schema_string("Folder; the root otherwise")},
                     {"ref", schema_string("Branch, tag:NAME or full commit")},
                     {"depth", schema_integer(1, kMaxDepth, "Levels of folders (1)")},
                     {"sizes", {{"type", "boolean"}, {"description", "Sizes too; costs a request"}}},
                     {"max_bytes", schema_max_bytes()},
                     {"cursor", schema_cursor()}};
    Json const entry = schema_object({{"path", schema_string()},
                                      {"type", schema_string("file, folder, symlink or submodule")},
                                      {"size", schema_integer()}},
                                     {"path", "type"});
    Json const output{{"organization", schema_string()},
                      {"project", schema_string()},
                      {"repository", schema_string()},
                      {"path", schema_string()},
                      {"ref", schema_string()},
                      {"commit", schema_string()},
                      {"url", schema_string()},
                      {"entries", schema_array(entry)},
                      {"total", schema_integer()},
                      {"cursor", schema_string()},
                      {"notes", schema_array(schema_string())}};
    return protocol::ToolDescriptor(
        "list_files",
        "List files",
        "Files and folders of a repository folder.",
        schema_arguments(input, {"repository"}),
        schema_object(output, {"repository", "path", "entries", "total", "notes"}),
        reading_hints());
}

std::string line_of(Json const& entry) {
    std::string line(member_text(entry, "path"));
    std::string_view const type = member_text(entry, "type");
    if (type == "folder") {
        line += "/";
    } else if (type != "file") {
        line += " (" + std::string(type) + ")";
    }
    if (auto const size = core::find_int(entry, "size")) {
        line += " " + std::to_string(*size) + " bytes";
    }
    return line + "\n";
}

char const* word_of(ado::TreeItemKind kind) noexcept {
    switch (kind) {
    case ado::TreeItemKind::folder:
        return "folder";
    case ado::TreeItemKind::submodule:
        return "submodule";
    case ado::TreeItemKind::symlink:
        return "symlink";
    case ado::TreeItemKind::file:
        break;
    }
    return "file";
}

/// One listing under way.
class Listing {
public:
    Listing(RepositoryArguments arguments_, CallScope const& scope_)
        : arguments(std::move(arguments_)), scope(scope_) {}
    RepositoryArguments arguments;
    CallScope const& scope;
    std::size_t depth = 1;
    ado::TreeItem self; ///< of the folder
    std::vector<ado::TreeItem> items;
    std::vector<std::string> notes;
};

/// How many levels `path` lies below `folder`; 0 for the folder itself and whatever is not in it.
std::size_t level_of(std::string_view path, std::string_view folder) {
    std::string_view const root = folder == "/" ? std::string_view() : folder;
    if (!path.starts_with(root) || path.size() <= root.size() + 1 || path[root.size()] != '/') {
        return 0;
    }
    std::string_view const below = path.substr(root.size());
    return static_cast<std::size_t>(std::count(below.begin(), below.end(), '/'));
}

/// Takes the folder's own entry out and drops what lies too deep. Fails for a file.
Result<void> sort_out(Listing& listing) {
    std::string const& folder = listing.arguments.path;
    for (ado::TreeItem const& item : listing.items) {
        if (item.path == folder) {
            listing.self = item;
        }
    }
    if (listing.self.kind == ado::TreeItemKind::file && !listing.self.path.empty()) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument, clean_line(folder) + " is a file.")
                              .with_code("is_file")
                              .with_fix("Read it with read_file, or pass the path of a folder."));
    }
    std::erase_if(listing.items, [&](ado::TreeItem const& item) {
        std::size_t const level = level_of(item.path, folder);
        return level == 0 || level > listing.depth;
    });
    std::sort(listing.items.begin(), listing.items.end(), [](ado::TreeItem const& a, ado::TreeItem const& b) {
        return a.path < b.path;
    });
    return {};
}

/// Sizes are only in tree objects. Without them the listing is still good.
Task<void> add_sizes(Listing& listing) {
    std::string const& tree_id = listing.self.object_id;
    if (tree_id.empty() || listing.items.empty()) {
        co_return;
    }
    auto const tree = co_await listing.scope.client.list_tree(listing.arguments.project,
                                                              listing.arguments.repository,
                                                              tree_id,
                                                              listing.depth > 1,
                                                              listing.scope.ctx);
    if (!tree) {
        listing.notes.push_back("The sizes could not be read: " +
                                shorten_text(clean_line(tree.error().message()), 200));
        co_return;
    }
    std::string const root = listing.arguments.path == "/" ? "/" : listing.arguments.path + "/";
    std::map<std::string, std::int64_t> sizes;
    for (ado::TreeItem const& entry : *tree) {
        if (entry.size) {
            sizes[root + entry.path] = *entry.size;
        }
    }
    for (ado::TreeItem& item : listing.items) {
        auto const found = sizes.find(item.path);
        if (found != sizes.end()) {
            item.size = found->second;
        }
    }
}

ListPage page_of(Listing listing) {
    RepositoryArguments const& arguments = listing.arguments;
    ListPage page("entries", "entry", "entries", &line_of);
    page.subject = arguments.subject;
    page.max_bytes = arguments.max_bytes;
    page.notes = std::move(listing.notes);
    page.total = listing.items.size();
    std::vector<std::string> keys;
    for (ado::TreeItem const& item : listing.items) {
        keys.push_back(item.path);
    }
    for (std::size_t i = index_after(keys, arguments.position); i < listing.items.size(); ++i) {
        Json entry = Json::object();
        put_text(entry, "path", listing.items[i].path, 4096);
        entry["type"] = word_of(listing.items[i].kind);
        if (listing.items[i].size) {
            entry["size"] = *listing.items[i].size;
        }
        page.entries.emplace_back(std::move(entry), position_after(keys, i));
    }
    if (listing.items.empty()) {
        page.notes.push_back("The folder is empty.");
    }
    std::string const commit = clean_line(!listing.self.commit_id.empty() || listing.items.empty()
                                              ? listing.self.commit_id
                                              : listing.items.front().commit_id);
    page.extra["organization"] = listing.scope.organization;
    put_text(page.extra, "project", arguments.project, 200);
    put_text(page.extra, "repository", arguments.repository, 200);
    put_text(page.extra, "path", arguments.path, arguments.max_bytes / 8);
    put_text(page.extra, "ref", arguments.version.version, 200);
    put_text(page.extra, "commit", commit);
    ado::VersionDescriptor const version =
        commit.empty() ? arguments.version : ado::VersionDescriptor(ado::VersionType::commit, commit);
    std::string const url = ado::file_url(listing.scope.client.organization(),
                                          arguments.project,
                                          arguments.repository,
                                          arguments.path,
                                          version,
                                          0,
                                          0);
    page.heading =
        std::string(member_text(page.extra, "repository")) + std::string(member_text(page.extra, "path"));
    std::string const shown_ref(member_text(page.extra, "ref"));
    if (!shown_ref.empty() || !commit.empty()) {
        page.heading += " (" + shown_ref + (shown_ref.empty() || commit.empty() ? "" : " @ ") +
                        std::string(short_commit(commit)) + ")";
    }
    // A link is whole or not there.
    if (!arguments.project.empty() && url.size() <= arguments.max_bytes / 4) {
        page.extra["url"] = url;
        page.heading += " " + url;
    }
    page.heading += "\n";
    return page;
}

class ListFilesTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(RepositoryArguments arguments, read_repository_arguments("list_files", args, scope));
        Listing listing(std::move(arguments), scope);
        listing.depth = number_argument(args, "depth", 1);
        RepositoryArguments const& wanted = listing.arguments;
        auto items = co_await scope.client.list_items(
            wanted.project, wanted.repository, wanted.path, wanted.version, listing.depth > 1, scope.ctx);
        if (!items) {
            core::Error error = items.error();
            if (error.kind() == core::ErrorKind::protocol && listing.depth > 1) {
                co_return core::fail(
                    std::move(error).with_fix("There may be too many files below the folder: pass depth 1, "
                                              "or the path of a folder further "
                                              "down."));
            }
            UsedNames const used = wanted.names();
            core::Error named = co_await with_names_there(error, used, scope);
            co_return core::fail(std::move(named));
        }
        listing.items = std::move(*items);
        CO_TRY_VOID(sort_out(listing));
        if (core::find_bool(args, "sizes").value_or(false)) {
            co_await add_sizes(listing);
        }
        ListPage page = page_of(std::move(listing));
        co_return make_list_answer(std::move(page));
    }

private:
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_list_files_tool() {
    return std::make_unique<ListFilesTool>();
}

} // namespace server

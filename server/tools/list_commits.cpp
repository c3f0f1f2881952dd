#include "ado/git_lists.hpp"
#include "ado/web_links.hpp"
#include "core/http/http_message.hpp"
#include "server/tools/answer.hpp"
#include "server/tools/clean_text.hpp"
#include "server/tools/date_argument.hpp"
#include "server/tools/list_answer.hpp"
#include "server/tools/repository_arguments.hpp"
#include "server/tools/schema_pieces.hpp"
#include "server/tools/tools.hpp"

#include <algorithm>
#include <utility>

namespace server {

namespace {

using core::Json;
using core::Result;
using core::Task;

constexpr std::size_t kUsualTop = 20;
constexpr std::size_t kMostTop = 100;
constexpr std::size_t kCommentBytes = 500;
/// How far a history may have grown between two pages.
constexpr std::size_t kGrowth = 1000;

protocol::ToolDescriptor make_descriptor() {
    Json const input{{"organization", schema_organization()},
                     {"project", schema_string()},
                     {"repository", schema_string()},
                     {"path", schema_string("File or folder")},
                     {"author", schema_string("Name or e-mail")},
                     {"since", schema_string("2026-03-31, or with time")},
                     {"until", schema_string()},
                     {"ref", schema_string("Branch, tag:NAME or full commit")},
                     {"top", schema_integer(1, kMostTop, "20")},
                     {"max_bytes", schema_max_bytes()},
                     {"cursor", schema_cursor()}};
    Json const commit = schema_object({{"commit", schema_string()},
                                       {"author", schema_string()},
                                       {"email", schema_string()},
                                       {"date", schema_string()},
                                       {"comment", schema_string()},
                                       {"added", schema_integer("Files")},
                                       {"edited", schema_integer()},
                                       {"deleted", schema_integer()},
                                       {"url", schema_string()}},
                                      {"commit"});
    Json const output{{"organization", schema_string()},
                      {"project", schema_string()},
                      {"repository", schema_string()},
                      {"commits", schema_array(commit)},
                      {"cursor", schema_string()},
                      {"notes", schema_array(schema_string())}};
    return protocol::ToolDescriptor("list_commits",
                                    "List commits",
                                    "Commits of a repository, newest first.",
                                    schema_arguments(input, {"repository"}),
                                    schema_object(output, {"repository", "commits", "notes"}),
                                    reading_hints());
}

std::string line_of(Json const& commit) {
    std::string line(member_text(commit, "commit"));
    line += " " + std::string(member_text(commit, "date")) + " " + std::string(member_text(commit, "author"));
    if (std::string_view const email = member_text(commit, "email"); !email.empty()) {
        line += " <" + std::string(email) + ">";
    }
    line += ": " + std::string(member_text(commit, "comment"));
    std::string files;
    for (char const* const key : {"added", "edited", "deleted"}) {
        if (auto const count = core::find_int(commit, key)) {
            files += (files.empty() ? "" : ", ") + std::to_string(*count) + " " + key;
        }
    }
    line += files.empty() ? "" : " (files: " + files + ")";
    std::string_view const url = member_text(commit, "url");
    return line + (url.empty() ? "" : " ") + std::string(url) + "\n";
}

/// One listing under way.
class History {
public:
    History(RepositoryArguments arguments_, CallScope const& scope_)
        : arguments(std::move(arguments_)), scope(scope_) {}
    RepositoryArguments arguments;
    CallScope const& scope;
    ado::CommitQuery query;
    std::size_t top = kUsualTop;
    std::size_t first = 0; ///< place in the history of the first of `commits`
    std::vector<ado::CommitInfo> commits;
    bool more = false;
};

Task<Result<void>> fetch(History& history, std::size_t skip, std::size_t top) {
    history.query.skip = skip;
    history.query.top = top;
    auto commits = co_await history.scope.client.list_commits(
        history.arguments.project, history.arguments.repository, history.query, history.scope.ctx);
    if (!commits) {
        core::Error const error = commits.error();
        UsedNames const used = history.arguments.names();
        core::Error named = co_await with_names_there(error, used, history.scope);
        co_return core::fail(std::move(named));
    }
    history.first = skip;
    history.commits = std::move(*commits);
    co_return Result<void>();
}

/// Drops everything up to the commit that was listed last. False when it is not there.
bool drop_listed(History& history) {
    std::string const& last = history.arguments.position.after;
    auto const found =
        std::find_if(history.commits.begin(), history.commits.end(), [&last](ado::CommitInfo const& commit) {
            return core::iequals(commit.id, last);
        });
    if (found == history.commits.end()) {
        return false;
    }
    history.first += static_cast<std::size_t>(found - history.commits.begin()) + 1;
    history.commits.erase(history.commits.begin(), found + 1);
    return true;
}

core::Error history_changed() {
    return core::Error(
               core::ErrorKind::conflict,
               "The history was rewritten meanwhile: the commit this list stopped at is no longer in it.")
        .with_code("history_changed")
        .with_fix("Leave `cursor` out to start over.");
}

/// The commits of this page. A page asks for the commit the one before ended with as well: where new commits
/// have pushed it down, it is looked for further on.
Task<Result<void>> fetch_page(History& history) {
    if (!history.arguments.resumed) {
        CO_TRY_VOID(co_await fetch(history, 0, history.top + 1));
    } else {
        std::size_t const next = history.arguments.position.item;
        std::size_t const skip = next > 0 ? next - 1 : 0;
        CO_TRY_VOID(co_await fetch(history, skip, history.top + 2));
        bool there = drop_listed(history);
        if (!there || history.first != next) {
            CO_TRY_VOID(co_await fetch(history, skip, kGrowth + history.top + 2));
            there = drop_listed(history);
        }
        if (!there) {
            co_return core::fail(history_changed());
        }
    }
    history.more = history.commits.size() > history.top;
    if (history.more) {
        history.commits.resize(history.top);
    }
    co_return Result<void>();
}

std::string first_lines(std::string const& comment, bool cut) {
    std::string text = clean_line(comment);
    text.erase(text.find_last_not_of(' ') + 1);
    if (cut && text.size() <= kCommentBytes) {
        return text + "\xE2\x80\xA6";
    }
    return shorten_text(text, kCommentBytes);
}

Json entry_of(ado::CommitInfo const& commit, History const& history) {
    Json json = Json::object();
    put_text(json, "commit", commit.id);
    put_text(json, "author", commit.author, 200);
    put_text(json, "email", commit.email, 200);
    put_text(json, "date", commit.date, 40);
    if (std::string comment = first_lines(commit.comment, commit.comment_cut); !comment.empty()) {
        json["comment"] = std::move(comment);
    }
    for (auto const& [key, count] : {std::pair("added", commit.added),
                                     std::pair("edited", commit.edited),
                                     std::pair("deleted", commit.deleted)}) {
        if (count > 0) {
            json[key] = count;
        }
    }
    RepositoryArguments const& arguments = history.arguments;
    json["url"] = ado::commit_url(history.scope.client.organization(),
                                  arguments.project,
                                  arguments.repository,
                                  std::string_view(commit.id));
    return json;
}

ListPage page_of(History const& history) {
    RepositoryArguments const& arguments = history.arguments;
    ListPage page("commits", "commit", "commits", &line_of);
    page.subject = arguments.subject;
    page.max_bytes = arguments.max_bytes;
    for (std::size_t i = 0; i < history.commits.size(); ++i) {
        CursorPosition after;
        after.item = history.first + i + 1;
        after.after = history.commits[i].id;
        if (history.more) {
            page.next = after;
        }
        page.entries.emplace_back(entry_of(history.commits[i], history), std::move(after));
    }
    if (history.commits.empty() && !arguments.resumed) {
        bool const filtered = arguments.path != "/" || !history.query.author.empty() ||
                              !history.query.since.empty() || !history.query.until.empty();
        page.notes.push_back(filtered
                                 ? "No commit matches. The path counts case and is looked for on this ref "
                                   "only; `author` matches name or e-mail as git has them."
                                 : "The repository has no commit there yet.");
    }
    page.extra["organization"] = history.scope.organization;
    put_text(page.extra, "project", arguments.project, 200);
    put_text(page.extra, "repository", arguments.repository, 200);
    page.heading = std::string(member_text(page.extra, "project")) + "/" +
                   std::string(member_text(page.extra, "repository")) + "\n";
    return page;
}

class ListCommitsTool final : public OrganizationTool {
public:
    protocol::ToolDescriptor const& descriptor() const noexcept override { return descriptor_; }

    Task<Result<protocol::ToolResult>> run(Json const& args, CallScope const& scope) override {
        CO_TRY(RepositoryArguments arguments, read_repository_arguments("list_commits", args, scope));
        History history(std::move(arguments), scope);
        history.top = number_argument(args, "top", kUsualTop);
        history.query.version = history.arguments.version;
        history.query.path = history.arguments.path == "/" ? std::string() : history.arguments.path;
        history.query.author = std::string(member_text(args, "author"));
        CO_TRY(history.query.since, read_date("since", member_text(args, "since"), false));
        CO_TRY(history.query.until, read_date("until", member_text(args, "until"), true));
        CO_TRY_VOID(co_await fetch_page(history));
        ListPage page = page_of(history);
        co_return make_list_answer(std::move(page));
    }

private:
    protocol::ToolDescriptor descriptor_ = make_descriptor();
};

} // namespace

std::unique_ptr<OrganizationTool> make_list_commits_tool() {
    return std::make_unique<ListCommitsTool>();
}

} // namespace server

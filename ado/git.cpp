#include "ado/git.hpp"

#include "ado/fetch.hpp"
#include "ado/json_scanner.hpp"
#include "ado/readers.hpp"
#include "core/text/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace ado {
namespace {

/// Text members that may also be null.
bool read_text(JsonScanner& scanner, std::string& out) {
    return scanner.peek() == JsonScanner::Kind::string ? scanner.read_string(out) : scanner.skip();
}

bool read_flag(JsonScanner& scanner, bool& out) {
    return scanner.peek() == JsonScanner::Kind::boolean ? scanner.read_bool(out) : scanner.skip();
}

bool read_metadata(JsonScanner& scanner, FileItem& item) {
    if (scanner.peek() != JsonScanner::Kind::object) {
        return scanner.skip();
    }
    std::string name;
    scanner.enter_object();
    while (scanner.next_member(name)) {
        if (name == "encoding" && scanner.peek() == JsonScanner::Kind::number) {
            scanner.read_int(item.encoding);
        } else if (name == "contentType") {
            read_text(scanner, item.content_type);
        } else if (name == "isBinary") {
            read_flag(scanner, item.is_binary);
        } else {
            scanner.skip();
        }
    }
    return !scanner.failed();
}

void read_member(JsonScanner& scanner, std::string const& name, std::size_t text_size, FileItem& item) {
    if (name == "content") {
        item.has_content = scanner.peek() == JsonScanner::Kind::string;
        // The text is most of what is left: one allocation, a little too large.
        item.content.reserve(text_size - std::min(text_size, scanner.position()));
        read_text(scanner, item.content);
    } else if (name == "objectId") {
        read_text(scanner, item.object_id);
    } else if (name == "commitId") {
        read_text(scanner, item.commit_id);
    } else if (name == "path") {
        read_text(scanner, item.path);
    } else if (name == "isFolder") {
        bool folder = false;
        read_flag(scanner, folder);
        item.is_folder = item.is_folder || folder;
    } else if (name == "isSymLink") {
        read_flag(scanner, item.is_symlink);
    } else if (name == "gitObjectType") {
        std::string type;
        read_text(scanner, type);
        item.is_folder = item.is_folder || type == "tree";
        item.is_submodule = type == "commit";
    } else if (name == "contentMetadata") {
        read_metadata(scanner, item);
    } else {
        scanner.skip();
    }
}

Repository to_repository(core::Json& json) {
    Repository repository;
    repository.id = take_string(json, "id");
    repository.name = take_string(json, "name");
    if (core::Json* const project = member_object(json, "project")) {
        repository.project = take_string(*project, "name");
        repository.project_id = take_string(*project, "id");
    }
    repository.default_branch = bare_branch(take_string(json, "defaultBranch"));
    repository.web_url = take_string(json, "webUrl");
    repository.remote_url = take_string(json, "remoteUrl");
    repository.size = core::find_int(json, "size").value_or(0);
    repository.is_disabled = core::find_bool(json, "isDisabled").value_or(false);
    return repository;
}

} // namespace

bool is_commit_id(std::string_view text) noexcept {
    return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
}

VersionDescriptor VersionDescriptor::parse(std::string_view text, bool web_form) {
    constexpr std::string_view kHeads = "refs/heads/";
    constexpr std::string_view kTags = "refs/tags/";
    if (text.empty()) {
        return {};
    }
    if (text.starts_with(kHeads)) {
        return {VersionType::branch, std::string(text.substr(kHeads.size()))};
    }
    if (text.starts_with(kTags)) {
        return {VersionType::tag, std::string(text.substr(kTags.size()))};
    }
    if (is_commit_id(text)) {
        return {VersionType::commit, std::string(text)};
    }
    if (web_form && text.size() > 2 && text[0] == 'G') {
        std::string_view const rest = text.substr(2);
        if (text[1] == 'B') {
            return {VersionType::branch, std::string(rest)};
        }
        if (text[1] == 'T') {
            return {VersionType::tag, std::string(rest)};
        }
        if (text[1] == 'C' && is_commit_id(rest)) {
            return {VersionType::commit, std::string(rest)};
        }
    }
    return {VersionType::branch, std::string(text)};
}

core::Result<FileItem> read_file_item(std::string_view text) {
    JsonScanner scanner(text);
    FileItem item;
    std::string name;
    if (scanner.enter_object()) {
        while (scanner.next_member(name)) {
            read_member(scanner, name, text.size(), item);
        }
    }
    if (scanner.failed() || !scanner.at_end()) {
        return core::fail(unreadable_answer("not JSON near byte " + std::to_string(scanner.position())));
    }
    if (item.object_id.empty() && item.path.empty()) {
        return core::fail(unreadable_answer("an item without path and id"));
    }
    if (!core::is_valid_utf8(item.content)) {
        item.content = core::to_valid_utf8(item.content);
    }
    return item;
}

core::Result<Repository> read_repository(core::Json& json) {
    Repository repository = to_repository(json);
    if (repository.id.empty()) {
        return core::fail(unreadable_answer("a repository without an id"));
    }
    return repository;
}

core::Result<std::vector<Repository>> read_repositories(core::Json& json) {
    core::Json* const list = member_array(json, "value");
    if (list == nullptr) {
        return core::fail(unreadable_answer("repositories without a list"));
    }
    std::vector<Repository> out;
    out.reserve(list->size());
    for (core::Json& item : *list) {
        out.push_back(to_repository(item));
    }
    return out;
}

} // namespace ado

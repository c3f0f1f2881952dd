#include "server/tools/fetched_file.hpp"

#include "server/tools/blob_cache.hpp"
#include "server/tools/clean_text.hpp"

#include <string_view>
#include <utility>

namespace server {
namespace {

using core::ErrorKind;

/// Where git looks for a zero byte to tell a binary file.
constexpr std::size_t kBinaryProbe = 8000;

core::Error not_text(std::string message, char const* code) {
    return core::Error(ErrorKind::invalid_argument, std::move(message)).with_code(code);
}

} // namespace

core::Task<core::Result<ado::FileItem>>
fetch_file(CallScope const& scope, std::string const& project, WantedFile const& wanted) {
    TracedRequest const asked(scope);
    if (scope.blobs == nullptr) {
        co_return co_await scope.client.get_item(
            project, wanted.repository, wanted.path, wanted.version, asked.ctx());
    }
    bool const fixed = wanted.version.type == ado::VersionType::commit;
    std::string const name =
        fixed ? blob_name(scope, project, wanted.repository, wanted.path, wanted.version.version)
              : std::string();
    if (fixed && scope.blobs->knows_name(name)) {
        CO_TRY(ado::FileItem item,
               co_await scope.client.get_item_info(
                   project, wanted.repository, wanted.path, wanted.version, asked.ctx()));
        if (BlobCache::Text const kept = scope.blobs->find(asked.owner(), item.object_id)) {
            item.content = *kept;
            item.has_content = true;
            co_return item;
        }
    }
    CO_TRY(
        ado::FileItem item,
        co_await scope.client.get_item(project, wanted.repository, wanted.path, wanted.version, asked.ctx()));
    if (fixed) {
        scope.blobs->put_name(asked.owner(), item, name);
    } else {
        scope.blobs->put(asked.owner(), item);
    }
    co_return item;
}

std::optional<core::Error> unreadable(ado::FileItem const& item, WantedFile const& wanted) {
    if (item.is_folder) {
        return not_text(wanted.path + " is a folder.", "is_folder")
            .with_fix("Pass the path of a file in it.");
    }
    if (item.is_submodule) {
        return not_text(wanted.path + " is a submodule: commit " + clean_line(item.object_id) +
                            " of another repository.",
                        "is_submodule")
            .with_fix(
                "Its address stands in /.gitmodules; read the files in that repository, at this commit.");
    }
    std::string_view const head = std::string_view(item.content).substr(0, kBinaryProbe);
    if (item.is_binary || head.find('\0') != std::string_view::npos) {
        return not_text(wanted.path + " is a binary file; only text can be read.", "is_binary");
    }
    if (!item.has_content) {
        return core::Error(ErrorKind::upstream,
                           "Azure DevOps answered without the content of " + wanted.path + ".");
    }
    return std::nullopt;
}

std::string describe_stand_in(ado::FileItem const& item, std::string const& name) {
    constexpr std::string_view kPointer = "version https://git-lfs.github.com/spec/";
    constexpr std::size_t kLongestPointer = 1024; // as git-lfs has it
    if (item.is_symlink) {
        return name + " is a symbolic link; its text is the path it points at.";
    }
    if (!item.content.starts_with(kPointer) || item.content.size() > kLongestPointer) {
        return {};
    }
    auto const value = [&item](std::string_view key) {
        std::size_t const at = item.content.find(key);
        std::size_t const begin = at == std::string::npos ? item.content.size() : at + key.size();
        return clean_line(item.content.substr(begin, item.content.find_first_of("\r\n", begin) - begin));
    };
    return name + " is a Git LFS pointer: the file itself (" + value("\nsize ") + " bytes, " +
           value("\noid ") + ") is in LFS storage; download it with git lfs or on its page.";
}

} // namespace server

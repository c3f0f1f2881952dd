#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace ado {

enum class VersionType { none, branch, tag, commit };

/// Which version of a repository; `none` is the default branch. The name is bare: `main`, never
/// `refs/heads/main`.
class VersionDescriptor {
public:
    VersionDescriptor() = default;
    VersionDescriptor(VersionType type_, std::string version_) : type(type_), version(std::move(version_)) {}
    /// What a person writes: `refs/heads/x`, `refs/tags/x`, 40 hex digits, else a branch; empty is `none`.
    /// Also the short forms of web links: GBx, GTx and GC<40 hex> only when `web_form` is set.
    static VersionDescriptor parse(std::string_view text, bool web_form = false);

    friend bool operator==(VersionDescriptor const&, VersionDescriptor const&) = default;

    VersionType type = VersionType::none;
    std::string version;
};

class FileItem {
public:
    FileItem() = default;

    std::string path;
    std::string content;   ///< UTF-8; whatever the file's own encoding, the service decodes it
    std::string object_id; ///< blob, or tree of a folder
    std::string commit_id;
    std::string content_type;
    std::int64_t encoding =
        0; ///< Windows code page of the file: 65001 UTF-8, 1200 UTF-16LE, ...; 0 = not said
    bool is_binary = false;
    bool is_folder = false;
    bool is_submodule = false; ///< what is there is a commit of another repository
    bool is_symlink = false;   ///< the content is the path it points at
    bool has_content = false;  ///< false when the answer carried no `content` member
};

class Repository {
public:
    Repository() = default;

    std::string id;
    std::string name;
    std::string project;
    std::string project_id;
    std::string default_branch; ///< bare name; empty for an empty repository
    std::string web_url;
    std::string remote_url;
    std::int64_t size = 0;
    bool is_disabled = false;
};

bool is_commit_id(std::string_view text) noexcept; ///< 40 hex digits

} // namespace ado

#pragma once

#include "core/result.hpp"

#include <string>
#include <string_view>

namespace server {

inline constexpr std::string_view kAdoScheme = "ado://";
inline constexpr std::string_view kAdoFileTemplate =
    "ado://{organization}/{project}/{repository}/{+path}{?version}";

/// An organization, or a file in a repository of one.
class AdoUri {
public:
    bool names_file() const noexcept { return !path.empty(); }

    std::string organization;
    std::string project;
    std::string repository;
    std::string path;    ///< `/src/main.cpp`; empty for an organization
    std::string version; ///< branch, tag:NAME or commit; empty = the default branch
};

/// Decoded and checked: nothing in a part can step out of its place in a request's path. not_found for URIs
/// that name neither an organization nor a file, invalid_argument for those that are written wrongly.
core::Result<AdoUri> parse_ado_uri(std::string_view uri);

std::string organization_uri(std::string_view organization);

} // namespace server

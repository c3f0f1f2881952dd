#pragma once

#include "ado/git.hpp"

#include <string>

/// The beginnings of requests' paths; names in them are encoded.
namespace ado {

/// `/My%20Project`, or nothing for the whole organization.
std::string project_route(std::string const& project);

/// `/My%20Project/_apis/git/repositories/engine`; without the project for a repository named by its id.
std::string repository_route(std::string const& project, std::string const& repository);

/// `&<prefix>version=main&<prefix>versionType=branch`; nothing for the default branch.
void append_version(std::string& target, std::string_view prefix, VersionDescriptor const& version);

} // namespace ado

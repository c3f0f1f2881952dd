#pragma once

#include "simulator/git_store.hpp"

#include <string>

/// The bodies of code the repositories hold: generated from templates of our own, the same for the same seed.
namespace simulator {

FileChanges engine_files();         ///< C++: a networked game engine
FileChanges billing_files();        ///< C#: a billing service
FileChanges portal_files();         ///< TypeScript: a web portal
FileChanges pipeline_files();       ///< Python: a data pipeline
FileChanges infrastructure_files(); ///< YAML, shell and docs
/// Byte order marks, CR LF, UTF-16, emoji, a binary, an LFS pointer, a large file: what decoders trip over.
FileChanges oddity_files();

using Replacements = std::map<std::string, std::string>;
/// Replaces every {{key}}.
std::string fill(std::string text, Replacements const& values);

} // namespace simulator

#pragma once

#include <string_view>

namespace ado {

/// The permission a request needs from a personal access token; named in errors.
enum class Scope { none, code_read, work_read, work_write, project_read, identity_read, wiki_read };

/// The words of the product: `Code.Read`.
std::string_view permission_name(Scope scope) noexcept;
/// The words of the token page: `Code (Read)`.
std::string_view token_page_name(Scope scope) noexcept;
/// The scope's id: `vso.code`.
std::string_view scope_id(Scope scope) noexcept;

} // namespace ado

#include "ado/scope.hpp"

namespace ado {

std::string_view permission_name(Scope scope) noexcept {
    switch (scope) {
    case Scope::code_read:
        return "Code.Read";
    case Scope::work_read:
        return "WorkItems.Read";
    case Scope::work_write:
        return "WorkItems.Write";
    case Scope::project_read:
        return "Project.Read";
    case Scope::identity_read:
        return "Identity.Read";
    case Scope::wiki_read:
        return "Wiki.Read";
    case Scope::none:
        break;
    }
    return "";
}

std::string_view token_page_name(Scope scope) noexcept {
    switch (scope) {
    case Scope::code_read:
        return "Code (Read)";
    case Scope::work_read:
        return "Work Items (Read)";
    case Scope::work_write:
        return "Work Items (Read & write)";
    case Scope::project_read:
        return "Project and Team (Read)";
    case Scope::identity_read:
        return "Identity (Read)";
    case Scope::wiki_read:
        return "Wiki (Read)";
    case Scope::none:
        break;
    }
    return "";
}

std::string_view scope_id(Scope scope) noexcept {
    switch (scope) {
    case Scope::code_read:
        return "vso.code";
    case Scope::work_read:
        return "vso.work";
    case Scope::work_write:
        return "vso.work_write";
    case Scope::project_read:
        return "vso.project";
    case Scope::identity_read:
        return "vso.identity";
    case Scope::wiki_read:
        return "vso.wiki";
    case Scope::none:
        break;
    }
    return "";
}

} // namespace ado

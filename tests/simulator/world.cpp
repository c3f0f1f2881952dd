#include "simulator/world.hpp"

#include "simulator/digest.hpp"

#include <algorithm>

namespace simulator {
namespace {

template <class Container, class Predicate>
auto* find_in(Container& container, Predicate predicate) {
    auto const found = std::find_if(container.begin(), container.end(), predicate);
    return found == container.end() ? nullptr : &*found;
}

} // namespace

std::string Identity::descriptor() const {
    return (is_application ? "aadsp." : "aad.") + base64url_encode(vss_id);
}

Repository* Project::find_repository(std::string_view name_or_id) {
    return find_in(repositories,
                   [&](auto const& r) { return iequals(r.name, name_or_id) || iequals(r.id, name_or_id); });
}

Wiki* Project::find_wiki(std::string_view name_or_id) {
    return find_in(wikis,
                   [&](auto const& w) { return iequals(w.name, name_or_id) || iequals(w.id, name_or_id); });
}

Project* Organization::find_project(std::string_view name_or_id) {
    return find_in(projects,
                   [&](auto const& p) { return iequals(p.name, name_or_id) || iequals(p.id, name_or_id); });
}

Repository* Organization::find_repository(std::string_view name_or_id, Project* project) {
    if (project != nullptr) {
        return project->find_repository(name_or_id);
    }
    for (auto& candidate : projects) {
        if (auto* repository = candidate.find_repository(name_or_id)) {
            return repository;
        }
    }
    return nullptr;
}

Wiki* Organization::find_wiki(std::string_view name_or_id, Project* project) {
    if (project != nullptr) {
        return project->find_wiki(name_or_id);
    }
    for (auto& candidate : projects) {
        if (auto* wiki = candidate.find_wiki(name_or_id)) {
            return wiki;
        }
    }
    return nullptr;
}

Membership const* Organization::find_member(Identity const& identity) const {
    return find_in(members, [&](auto const& m) { return m.identity == &identity; });
}

Identity const* Organization::find_identity(std::string_view text) const {
    auto const open = text.find('<');
    if (open != std::string_view::npos && text.ends_with('>')) {
        text = text.substr(open + 1, text.size() - open - 2);
    }
    Identity const* by_name = nullptr;
    bool ambiguous = false;
    for (auto const& member : members) {
        auto const& identity = *member.identity;
        if (iequals(identity.unique_name, text) || iequals(identity.vss_id, text) ||
            identity.descriptor() == text) {
            return &identity;
        }
        if (iequals(identity.display_name, text)) {
            ambiguous = by_name != nullptr;
            by_name = &identity;
        }
    }
    return ambiguous ? nullptr : by_name;
}

Organization* World::find_organization(std::string_view name) {
    return find_in(organizations, [&](auto const& o) { return iequals(o.name, name); });
}

Tenant const* World::find_tenant(std::string_view id_or_domain) const {
    return find_in(tenants, [&](auto const& t) {
        return iequals(t.id, id_or_domain) || iequals(t.domain, id_or_domain);
    });
}

Identity const* World::find_identity(std::string_view tenant_id, std::string_view object_id) const {
    return find_in(identities,
                   [&](auto const& i) { return i.tenant_id == tenant_id && i.object_id == object_id; });
}

Identity const* World::find_user(std::string_view tenant_id, std::string_view user) const {
    Identity const* anywhere = find_user_anywhere(user);
    if (anywhere == nullptr) {
        return nullptr;
    }
    return find_in(identities, [&](auto const& i) {
        return i.tenant_id == tenant_id && !i.is_application && i.person == anywhere->person;
    });
}

Identity const* World::find_user_anywhere(std::string_view user) const {
    return find_in(identities, [&](auto const& i) {
        return !i.is_application &&
               (iequals(i.person, user) || iequals(i.unique_name, user) || iequals(i.object_id, user));
    });
}

Application const* World::find_application(std::string_view client_id) const {
    return find_in(applications, [&](auto const& a) { return iequals(a.client_id, client_id); });
}

PersonalAccessToken const* World::find_pat(std::string_view token) const {
    return find_in(pats, [&](auto const& p) { return p.token == token; });
}

} // namespace simulator

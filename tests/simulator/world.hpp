#pragma once

#include "simulator/git_store.hpp"
#include "simulator/text.hpp"
#include "simulator/work_item.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Everything that exists: tenants, people, applications, organizations and what is in them.
namespace simulator {

inline constexpr std::string_view kAzureDevOpsResource = "499b84ac-1321-427f-aa17-267ca6975798";
inline constexpr std::string_view kAzureDevOpsUri = "https://app.vssps.visualstudio.com";
inline constexpr std::string_view kExchangeAudience = "api://AzureADTokenExchange";
inline constexpr std::string_view kExchangeAudienceId = "fb60f99c-7a34-4190-8149-302f77469936";

class Tenant {
public:
    std::string id;
    std::string name;
    std::string domain;
};

/// A directory object of one tenant. A guest is one person with an object in two tenants.
class Identity {
public:
    std::string tenant_id;
    std::string object_id;
    std::string display_name;
    std::string unique_name;
    std::string person;    ///< the same for every directory object of one person
    std::string client_id; ///< of service principals and managed identities
    bool is_application = false;
    bool materialized = true; ///< has opened Azure DevOps in a browser once
    std::string vss_id;       ///< what Azure DevOps calls this identity
    std::string descriptor() const;
};

class Membership {
public:
    Identity const* identity = nullptr;
    std::string access_level = "basic"; ///< basic | stakeholder
    std::set<std::string> projects;     ///< names; empty = all
};

class PersonalAccessToken {
public:
    std::string name;
    std::string token;
    std::string organization;
    Identity const* owner = nullptr;
    std::set<std::string> scopes; ///< app_token = full access
    TimePoint valid_to;
};

class FederatedCredential {
public:
    std::string issuer;
    std::string subject;
    std::string audience;
};

class Application {
public:
    std::string name;
    std::string client_id;
    std::string home_tenant;
    std::set<std::string> tenants; ///< where a service principal exists; "*" = everywhere (first party)
    std::map<std::string, Identity const*> service_principals; ///< by tenant
    std::vector<FederatedCredential> federated;
    std::string secret;
    bool is_public = false;
    std::vector<std::string> redirect_uris; ///< loopback ones match any port
};

class ManagedIdentity {
public:
    std::string name;
    std::string client_id;
    std::string principal_id;
    std::string tenant_id;
    std::string resource_id;
};

class Project;

class Repository {
public:
    std::string id;
    std::string name;
    Project* project = nullptr;
    std::string default_branch = "main"; ///< of a repository that has one
    bool disabled = false;
    bool is_wiki = false; ///< the repository behind a project wiki is not listed
    std::set<std::string> unindexed_branches;
    bool indexes_all_branches = false;
    GitRepository git;
};

class Wiki {
public:
    std::string id;
    std::string name;
    Project* project = nullptr;
    Repository* repository = nullptr;
    std::string mapped_path = "/";
    std::string version; ///< branch
    bool is_project_wiki = true;
    std::map<std::string, int> page_ids; ///< by page path
};

class ClassificationNode {
public:
    int id = 0;
    std::string identifier;
    std::string name;
    std::vector<ClassificationNode> children;
};

class Project {
public:
    std::string id;
    std::string name;
    std::string description;
    std::string process; ///< Basic | Agile | Scrum
    bool is_public = false;
    int revision = 1;
    TimePoint last_update;
    ClassificationNode areas;
    ClassificationNode iterations;
    std::deque<Repository> repositories; // stable addresses
    std::deque<Wiki> wikis;

    Repository* find_repository(std::string_view name_or_id);
    Wiki* find_wiki(std::string_view name_or_id);
};

class Organization {
public:
    std::string name;
    std::string id;
    Tenant const* tenant = nullptr;
    std::deque<Project> projects;
    std::deque<Membership> members;
    WorkItemStore work_items;
    bool stopped = false; ///< dormant: 503 TF24668
    bool code_search_installed = true;
    int code_search_missing_status = 404;

    Project* find_project(std::string_view name_or_id);
    /// In one project, or in all of them when it is null.
    Repository* find_repository(std::string_view name_or_id, Project* project);
    Wiki* find_wiki(std::string_view name_or_id, Project* project);
    Membership const* find_member(Identity const& identity) const;
    /// By mail, "Name <mail>", id or an unambiguous display name.
    Identity const* find_identity(std::string_view text) const;
};

class World {
public:
    explicit World(std::uint64_t seed, TimePoint now);
    World(World const&) = delete;
    World& operator=(World const&) = delete;

    std::uint64_t seed;
    std::deque<Tenant> tenants;
    std::deque<Identity> identities;
    std::deque<Application> applications;
    std::deque<ManagedIdentity> managed_identities;
    std::deque<PersonalAccessToken> pats;
    std::deque<Organization> organizations;

    Organization* find_organization(std::string_view name);
    Tenant const* find_tenant(std::string_view id_or_domain) const;
    Tenant const& home_tenant() const { return tenants[0]; }
    Tenant const& customer_tenant() const { return tenants[1]; }
    Identity const* find_identity(std::string_view tenant_id, std::string_view object_id) const;
    /// The directory object of a person in a tenant, by person key or user name.
    Identity const* find_user(std::string_view tenant_id, std::string_view user) const;
    Identity const* find_user_anywhere(std::string_view user) const;
    Application const* find_application(std::string_view client_id) const;
    PersonalAccessToken const* find_pat(std::string_view token) const;
    Application const& agent_application() const { return applications[0]; }
};

} // namespace simulator

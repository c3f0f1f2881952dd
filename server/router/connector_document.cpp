#include "server/router/connector_document.hpp"

#include "core/http/http_message.hpp"
#include "protocol/schema.hpp"
#include "server/config/connector_name.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace server {
namespace {

using core::Json;

constexpr std::size_t kLongestList = 1000;
constexpr std::size_t kLongestText = 256;
constexpr std::size_t kLongestResourceId = 512; ///< group and identity names of full length fit

core::Error invalid(std::string code, std::string message, std::string fix = {}) {
    return core::Error(core::ErrorKind::invalid_argument, std::move(message))
        .with_code(std::move(code))
        .with_fix(std::move(fix))
        .with_not_sent();
}

/// Reads members and remembers the first thing that is wrong. null counts as absent.
class Members {
public:
    Members(Json const& object, std::string where) : object_(object), where_(std::move(where)) {}

    void only(std::vector<std::string_view> const& known) {
        for (auto const& [name, value] : object_.items()) {
            if (std::find(known.begin(), known.end(), name) == known.end()) {
                std::string_view const meant = protocol::nearest_name(name, known);
                refuse("'" + where_ + name + "' is not a member of a connector.",
                       meant.empty() ? std::string("Leave it out.")
                                     : "Did you mean '" + std::string(meant) + "'?");
            }
        }
    }
    void text(char const* name, std::string& into, std::size_t longest = kLongestText) {
        Json const* const value = member(name);
        if (value == nullptr) {
            return;
        }
        if (!value->is_string() || value->get_ref<std::string const&>().size() > longest) {
            refuse("'" + where_ + name + "' must be a string of at most " + std::to_string(longest) +
                   " bytes.");
            return;
        }
        into = std::string(core::trim_ows(value->get_ref<std::string const&>()));
    }
    void flag(char const* name, bool& into) {
        Json const* const value = member(name);
        if (value != nullptr && !value->is_boolean()) {
            refuse("'" + where_ + name + "' must be true or false.");
        } else if (value != nullptr) {
            into = value->get<bool>();
        }
    }
    void texts(char const* name, std::vector<std::string>& into) {
        Json const* const value = member(name);
        if (value == nullptr) {
            return;
        }
        bool fits = value->is_array() && value->size() <= kLongestList;
        for (Json const& item : fits ? *value : Json::array()) {
            fits = fits && item.is_string() && !item.get_ref<std::string const&>().empty();
        }
        if (!fits) {
            refuse("'" + where_ + name + "' must be an array of at most 1000 strings.");
            return;
        }
        into = value->get<std::vector<std::string>>();
    }
    Json const* array(char const* name) {
        Json const* const value = member(name);
        if (value != nullptr && !value->is_array()) {
            refuse("'" + where_ + name + "' must be an array.");
            return nullptr;
        }
        return value;
    }
    void refuse(std::string message, std::string fix = {}) {
        if (!problem_) {
            problem_.emplace(invalid("connector_invalid", std::move(message), std::move(fix)));
        }
    }
    std::optional<core::Error> const& problem() const noexcept { return problem_; }

private:
    Json const* member(char const* name) const {
        Json const* const value = core::find(object_, name);
        return value == nullptr || value->is_null() ? nullptr : value;
    }

    Json const& object_;
    std::string where_;
    std::optional<core::Error> problem_;
};

constexpr std::array<std::pair<std::string_view, AuthMethod>, 3> kMethods{
    {{"managed_identity", AuthMethod::managed_identity},
     {"oauth", AuthMethod::oauth},
     {"pat", AuthMethod::pat}}};

std::vector<std::string_view> members_of(AuthMethod method) {
    switch (method) {
    case AuthMethod::managed_identity:
        return {
            "method", "client_id", "object_id", "resource_id", "federated_client_id", "federated_tenant_id"};
    case AuthMethod::oauth:
        return {"method", "tenant"};
    case AuthMethod::pat:
        break;
    }
    return {"method"};
}

core::Result<AuthMethodConfig> read_method(Json const& item, std::string const& where) {
    if (!item.is_object()) {
        return core::fail(invalid("connector_invalid", "'" + where + "' must be an object."));
    }
    std::string const word(core::find_string(item, "method").value_or(""));
    auto const known = std::find_if(
        kMethods.begin(), kMethods.end(), [&](auto const& method) { return method.first == word; });
    if (known == kMethods.end()) {
        return core::fail(
            invalid("connector_invalid", "'" + where + ".method' must be managed_identity, oauth or pat."));
    }
    AuthMethodConfig config;
    config.method = known->second;
    Members in(item, where + ".");
    in.only(members_of(config.method));
    in.text("client_id", config.client_id);
    in.text("object_id", config.object_id);
    in.text("resource_id", config.resource_id, kLongestResourceId);
    in.text("federated_client_id", config.federated_client_id);
    in.text("federated_tenant_id", config.federated_tenant_id);
    in.text("tenant", config.tenant);
    if (in.problem()) {
        core::Error problem = *in.problem();
        if (config.method == AuthMethod::pat) {
            problem = std::move(problem).with_fix(
                "A PAT is stored with POST /api/v1/azuredevops/auth/pat or `ado-mcpd pat set`, and belongs "
                "into no connector.");
        }
        return core::fail(std::move(problem));
    }
    ADOMCPD_TRY_VOID(check_one_identity(config.client_id, config.object_id, config.resource_id));
    if (config.federated_client_id.empty() != config.federated_tenant_id.empty()) {
        return core::fail(invalid("federation_incomplete",
                                  "Only one of federated_client_id and federated_tenant_id is given.",
                                  "Give both to reach another tenant, or neither."));
    }
    return config;
}

core::Result<std::vector<AuthMethodConfig>> read_methods(Json const* list) {
    std::vector<AuthMethodConfig> methods;
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        std::string const where = "auth[" + std::to_string(i) + "]";
        ADOMCPD_TRY(AuthMethodConfig method, read_method(list->at(i), where));
        for (AuthMethodConfig const& other : methods) {
            if (other.method == method.method) {
                return core::fail(invalid("connector_invalid",
                                          "'" + where + "' names method " +
                                              std::string(to_string(method.method)) + " a second time."));
            }
        }
        methods.push_back(std::move(method));
    }
    return methods;
}

bool has_method(ConnectorConfig const& config, AuthMethod wanted) {
    return std::any_of(config.auth.begin(), config.auth.end(), [wanted](AuthMethodConfig const& method) {
        return method.method == wanted;
    });
}

core::Result<void> check_policy(ConnectorConfig const& config) {
    auto const same = [&config](std::string const& project) {
        return core::iequals(project, config.default_project);
    };
    if (!config.default_project.empty() && !config.projects.empty() &&
        std::none_of(config.projects.begin(), config.projects.end(), same)) {
        return core::fail(
            invalid("connector_invalid",
                    "'default_project' is '" + config.default_project + "', which is not in 'projects'.",
                    "Name one of projects, or leave it out."));
    }
    if (config.sign_in_role != core::Role::administrator && !has_method(config, AuthMethod::oauth)) {
        return core::fail(
            invalid("connector_invalid", "'sign_in_role' below administrator needs method oauth in 'auth'."));
    }
    return {};
}

void put(Json& object, char const* name, std::string const& value) {
    if (!value.empty()) {
        object[name] = value;
    }
}

} // namespace

core::Result<void> check_one_identity(std::string const& client_id,
                                      std::string const& object_id,
                                      std::string const& resource_id) {
    int const named =
        (client_id.empty() ? 0 : 1) + (object_id.empty() ? 0 : 1) + (resource_id.empty() ? 0 : 1);
    if (named > 1) {
        return core::fail(invalid("identity_named_twice",
                                  "A managed identity is named by more than one id.",
                                  "Give one of client_id, object_id and resource_id."));
    }
    return {};
}

core::Result<void> check_connector_name(std::string_view name) {
    if (is_connector_name(name)) {
        return {};
    }
    return core::fail(invalid("name_invalid",
                              "'" + std::string(name.substr(0, 128)) + "' cannot be a name: a name has " +
                                  std::string(kConnectorNameRule) + "."));
}

core::Result<ado::Organization> check_connector_organization(std::string const& organization,
                                                             ado::OrganizationUrls const& urls) {
    if (organization.empty()) {
        return core::fail(invalid("organization_missing",
                                  "Organization not configured for this connector",
                                  "Name it in 'organization': a name, https://dev.azure.com/NAME or "
                                  "https://NAME.visualstudio.com."));
    }
    core::Result<ado::Organization> parsed = ado::parse_organization(organization, urls);
    if (!parsed) {
        core::Error error = parsed.error();
        return core::fail(std::move(error).with_code("organization_invalid"));
    }
    return parsed;
}

Json auth_document(std::vector<AuthMethodConfig> const& methods) {
    Json list = Json::array();
    for (AuthMethodConfig const& method : methods) {
        Json item = Json::object();
        item["method"] = std::string(to_string(method.method));
        put(item, "client_id", method.client_id);
        put(item, "object_id", method.object_id);
        put(item, "resource_id", method.resource_id);
        put(item, "federated_client_id", method.federated_client_id);
        put(item, "federated_tenant_id", method.federated_tenant_id);
        put(item, "tenant", method.tenant);
        list.push_back(std::move(item));
    }
    return list;
}

Json connector_document(ConnectorConfig const& config) {
    Json document = Json::object();
    document["organization"] = config.organization;
    document["enabled"] = config.enabled;
    document["auth"] = auth_document(config.auth);
    document["projects"] = config.projects;
    document["repositories"] = config.repositories;
    document["wikis"] = config.wikis;
    document["read_only"] = config.read_only;
    document["fallback"] = config.fallback;
    put(document, "default_project", config.default_project);
    document["confirm_writes"] = config.confirm_writes;
    document["sign_in_role"] = std::string(core::to_string(config.sign_in_role));
    return document;
}

Json unwrap_properties(Json const& document) {
    Json const* const properties = core::find_object(document, "properties");
    if (properties == nullptr) {
        return document;
    }
    Json flat = *properties;
    for (auto const& [name, value] : document.items()) {
        if (name != "properties" && !flat.contains(name)) {
            flat[name] = value;
        }
    }
    return flat;
}

core::Result<ConnectorConfig> read_connector_document(std::string const& name, Json const& document) {
    if (!document.is_object()) {
        return core::fail(invalid("connector_invalid", "The body is not a JSON object."));
    }
    ADOMCPD_TRY_VOID(check_connector_name(name));
    ConnectorConfig config;
    config.name = name;
    Members in(document, "");
    in.only({"name",
             "type",
             "organization",
             "enabled",
             "auth",
             "projects",
             "repositories",
             "wikis",
             "read_only",
             "fallback",
             "default_project",
             "confirm_writes",
             "sign_in_role"});
    std::string said_name = name;
    std::string type = "AzureDevOps";
    std::string role(core::to_string(config.sign_in_role));
    in.text("name", said_name);
    in.text("type", type);
    in.text("organization", config.organization);
    in.flag("enabled", config.enabled);
    in.texts("projects", config.projects);
    in.texts("repositories", config.repositories);
    in.texts("wikis", config.wikis);
    in.flag("read_only", config.read_only);
    in.flag("fallback", config.fallback);
    in.text("default_project", config.default_project);
    in.flag("confirm_writes", config.confirm_writes);
    in.text("sign_in_role", role);
    Json const* const auth = in.array("auth");
    if (!core::iequals(said_name, name)) {
        in.refuse("'name' is not that of the address.", "A connector keeps its name: leave it out.");
    }
    if (!core::iequals(type, "AzureDevOps") && !core::iequals(type, "AzureDevOpsOAuth")) {
        in.refuse("'type' must be AzureDevOps.");
    }
    std::optional<core::Role> const parsed_role = core::parse_role(role);
    if (!parsed_role) {
        in.refuse("'sign_in_role' must be reader, user or administrator.");
    }
    if (in.problem()) {
        return core::fail(*in.problem());
    }
    config.sign_in_role = *parsed_role;
    ADOMCPD_TRY(config.auth, read_methods(auth));
    ADOMCPD_TRY_VOID(check_policy(config));
    return config;
}

} // namespace server

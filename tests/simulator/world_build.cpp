#include "simulator/corpus.hpp"
#include "simulator/digest.hpp"
#include "simulator/work_item_types.hpp"
#include "simulator/world.hpp"
#include "simulator/world_content.hpp"

namespace simulator {
namespace {

/// Makes the people, applications and credentials of a world; world_content.cpp fills its organizations.
class Builder {
public:
    Builder(World& world, TimePoint now) : world_(world), now_(now) {}

    void build() {
        world_.tenants.push_back({id("tenant/home"), "Contoso", "contoso.example"});
        world_.tenants.push_back({id("tenant/customer"), "Northwind", "northwind.example"});
        std::string const& home = world_.tenants[0].id;
        std::string const& customer = world_.tenants[1].id;

        add_user(home, "ada", "Ada Palmer", "ada.palmer@contoso.example");
        add_user(home, "bo", "Bo Nilsson", "bo.nilsson@contoso.example");
        add_user(home, "zoe", "Zo\xC3\xAB M\xC3\xBCller", "zoe.mueller@contoso.example");
        add_user(home, "alex1", "Alex Kim", "alex.kim@contoso.example");
        add_user(home, "alex2", "Alex Kim", "alex.kim2@contoso.example");
        add_user(home, "sam", "Sam Lindqvist", "sam.lindqvist@contoso.example");
        add_user(home, "nina", "Nina Newcomer", "nina.newcomer@contoso.example").materialized = false;
        add_user(home, "otto", "Otto Outsider", "otto.outsider@contoso.example");
        add_user(customer, "dana", "Dana Cruz", "dana.cruz@northwind.example");
        add_user(customer, "eli", "Eli Haddad", "eli.haddad@northwind.example");
        // Ada is a guest of the customer.
        add_user(customer, "ada", "Ada Palmer", "ada.palmer_contoso.example#EXT#@northwind.example");

        add_managed_identities(home);
        add_applications(home, customer);
        add_organizations();
        add_tokens();
    }

private:
    std::string id(std::string const& name) const { return guid_from(world_.seed, name); }

    Identity& add_user(std::string const& tenant, std::string person, std::string name, std::string mail) {
        Identity identity;
        identity.tenant_id = tenant;
        identity.object_id = id("user/" + tenant + "/" + person);
        identity.vss_id = id("vss/" + tenant + "/" + person);
        identity.display_name = std::move(name);
        identity.unique_name = std::move(mail);
        identity.person = std::move(person);
        return world_.identities.emplace_back(std::move(identity));
    }

    Identity const& add_application_identity(std::string const& tenant,
                                             std::string const& key,
                                             std::string const& name,
                                             std::string const& client_id) {
        Identity identity;
        identity.tenant_id = tenant;
        identity.object_id = id("sp/" + tenant + "/" + key);
        identity.vss_id = id("vss/sp/" + tenant + "/" + key);
        identity.display_name = name;
        identity.unique_name = client_id; // service principals have no mail
        identity.person = "sp:" + key;
        identity.client_id = client_id;
        identity.is_application = true;
        return world_.identities.emplace_back(std::move(identity));
    }

    void add_managed_identities(std::string const& home) {
        for (std::string const name : {"agent-identity", "idle-identity"}) {
            std::string const client_id = id("mi/" + name);
            auto const& identity = add_application_identity(home, name, name, client_id);
            world_.managed_identities.push_back({name,
                                                 client_id,
                                                 identity.object_id,
                                                 home,
                                                 "/subscriptions/" + id("subscription") +
                                                     "/resourcegroups/agents/providers/"
                                                     "Microsoft.ManagedIdentity/userAssignedIdentities/" +
                                                     name});
        }
    }

    void add_applications(std::string const& home, std::string const& customer) {
        std::string const issuer = "https://login.microsoftonline.com/" + home + "/v2.0";
        std::string const principal = world_.managed_identities[0].principal_id;

        Application agent;
        agent.name = "Contoso Agent";
        agent.client_id = id("app/agent");
        agent.home_tenant = home;
        agent.tenants = {home, customer};
        agent.federated = {{issuer, principal, std::string(kExchangeAudience)},
                           {"https://oidc.contoso.example/cluster",
                            "system:serviceaccount:agents:ado-mcpd",
                            std::string(kExchangeAudience)}};
        agent.secret = "simulated-" + id("secret/agent");
        agent.redirect_uris = {"https://localhost/api/v1/azuredevops/auth/oauth/callback",
                               "http://localhost/api/v1/azuredevops/auth/oauth/callback",
                               "http://127.0.0.1/api/v1/azuredevops/auth/oauth/callback"};
        for (auto const& tenant : agent.tenants) {
            agent.service_principals[tenant] =
                &add_application_identity(tenant, "agent", "Contoso Agent", agent.client_id);
        }
        world_.applications.push_back(agent);

        Application public_client;
        public_client.name = "Contoso Agent Sign-in";
        public_client.client_id = id("app/public");
        public_client.home_tenant = home;
        public_client.tenants = {home, customer};
        public_client.is_public = true;
        public_client.redirect_uris = {"http://localhost",
                                       "http://127.0.0.1",
                                       "http://localhost/api/v1/azuredevops/auth/oauth/callback",
                                       "http://127.0.0.1/api/v1/azuredevops/auth/oauth/callback"};
        world_.applications.push_back(public_client);

        Application command_line; // the id azure-identity and the az command line use
        command_line.name = "Microsoft Azure CLI";
        command_line.client_id = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
        command_line.tenants = {"*"};
        command_line.is_public = true;
        command_line.redirect_uris = {"http://localhost"};
        world_.applications.push_back(command_line);

        Application unconsented; // federated like the agent, but never consented by the customer
        unconsented.name = "Contoso Unconsented";
        unconsented.client_id = id("app/unconsented");
        unconsented.home_tenant = home;
        unconsented.tenants = {home};
        unconsented.federated = agent.federated;
        unconsented.service_principals[home] =
            &add_application_identity(home, "unconsented", "Contoso Unconsented", unconsented.client_id);
        world_.applications.push_back(unconsented);

        Application unfederated; // consented, without any federated credential
        unfederated.name = "Contoso Unfederated";
        unfederated.client_id = id("app/unfederated");
        unfederated.home_tenant = home;
        unfederated.tenants = {home, customer};
        unfederated.service_principals[customer] =
            &add_application_identity(customer, "unfederated", "Contoso Unfederated", unfederated.client_id);
        world_.applications.push_back(unfederated);

        Application
            outsider; // federated and consented, but in no organization: a token that Azure DevOps refuses
        outsider.name = "Contoso Outsider";
        outsider.client_id = id("app/outsider");
        outsider.home_tenant = home;
        outsider.tenants = {home, customer};
        outsider.federated = agent.federated;
        for (auto const& tenant : outsider.tenants) {
            outsider.service_principals[tenant] =
                &add_application_identity(tenant, "outsider", "Contoso Outsider", outsider.client_id);
        }
        world_.applications.push_back(outsider);
    }

    void add_organizations() {
        for (auto const* name : {"contoso", "fabrikam", "northwind"}) {
            auto& organization = world_.organizations.emplace_back();
            organization.name = name;
            organization.id = id("org/" + organization.name);
            organization.tenant = &world_.tenants[organization.name == "northwind" ? 1 : 0];
            for (auto const& identity : world_.identities) {
                bool const stranger = identity.person == "otto" || identity.person == "sp:outsider" ||
                                      identity.person == "sp:idle-identity" ||
                                      identity.person == "sp:unfederated" ||
                                      identity.person == "sp:unconsented";
                if (identity.tenant_id == organization.tenant->id && !stranger) {
                    organization.members.push_back(
                        {&identity, identity.person == "sam" ? "stakeholder" : "basic", {}});
                }
            }
        }
        fill_contoso(world_, world_.organizations[0], now_);
        fill_fabrikam(world_, world_.organizations[1], now_);
        fill_northwind(world_, world_.organizations[2], now_);
    }

    std::string make_token(std::string const& name, bool old_format) const {
        std::string const alphabet = old_format
                                         ? "abcdefghijklmnopqrstuvwxyz234567"
                                         : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        std::string bytes;
        for (int i = 0; i < 3; ++i) {
            bytes += sha256_bytes(std::to_string(world_.seed) + "/pat/" + name + "/" + std::to_string(i));
        }
        std::string token;
        for (char const c : bytes.substr(0, old_format ? 52 : 84)) {
            token += alphabet[static_cast<unsigned char>(c) % alphabet.size()];
        }
        return old_format ? token : token.replace(76, 4, "AZDO");
    }

    void add_tokens() {
        using std::chrono::hours;
        std::set<std::string> const recommended = {"vso.code", "vso.wiki", "vso.work_write", "vso.project"};
        for (auto const& organization : world_.organizations) {
            std::string const& name = organization.name;
            Identity const* owner =
                world_.find_user(organization.tenant->id, name == "northwind" ? "dana" : "ada");
            auto const add =
                [&](std::string kind, std::set<std::string> scopes, int days, bool old_format = false) {
                    std::string const token = make_token(name + "/" + kind, old_format);
                    world_.pats.push_back(
                        {std::move(kind), token, name, owner, std::move(scopes), now_ + hours(24) * days});
                };
            add("recommended", recommended, 180);
            add("full", {"app_token"}, 180);
            add("code_only", {"vso.code"}, 180);
            add("work_only", {"vso.work"}, 180);
            add("old_format", recommended, 30, true);
            add("expired", recommended, -3);
            std::set<std::string> everywhere = recommended;
            everywhere.insert("all_organizations");
            add("global", std::move(everywhere), 180);
            Identity const* stakeholder = world_.find_user(organization.tenant->id, "sam");
            if (stakeholder != nullptr) {
                add("stakeholder", recommended, 180);
                world_.pats.back().owner = stakeholder;
            }
        }
    }

    World& world_;
    TimePoint now_;
};

} // namespace

World::World(std::uint64_t seed_, TimePoint now) : seed(seed_) {
    Builder(*this, now).build();
}

} // namespace simulator

#include "simulator/daemon_config.hpp"

namespace simulator {

std::string daemon_config(State const& state, DaemonConfigOptions const& options) {
    auto const& world = *state.world;
    std::string const base = "https://localhost:" + std::to_string(options.port);
    std::string const directory = options.state_directory;
    std::string out;
    auto const line = [&](std::string const& text) { out += text + "\n"; };
    line("# Points at the simulator on " + base + ". Nothing in it is secret or real.");
    line("listen: " + options.listen);
    line("log: {level: info, format: json}");
    line("store:");
    line("  url: sqlite:" + directory + "/state.db");
    line("  key_file: " + directory + "/store.key");
    line("inbound:");
    line("  mode: none");
    line("  anonymous_role: administrator");
    line("azure_devops:");
    line("  base_url: " + base);
    line("  search_url: " + base);
    line("  identity_url: " + base);
    line("entra:");
    line("  authority: " + base);
    line("  client_id: " + world.applications[1].client_id);
    line("managed_identity:");
    line("  source: imds");
    line("  imds_url: " + base);
    line("outbound:");
    line("  ca_file: " + options.ca_file);
    line("connectors:");
    line("  - name: contoso");
    line("    organization: contoso");
    line("    auth:");
    line("      - {method: pat}");
    line("  - name: fabrikam");
    line("    organization: fabrikam");
    line("    auth:");
    line("      - {method: oauth}");
    line("  - name: northwind");
    line("    organization: northwind");
    line("    auth:");
    line("      - method: managed_identity");
    line("        client_id: " + world.managed_identities[0].client_id);
    line("        federated_client_id: " + world.agent_application().client_id);
    line("        federated_tenant_id: " + world.customer_tenant().id);
    return out;
}

} // namespace simulator

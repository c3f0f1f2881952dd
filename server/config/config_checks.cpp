#include "ado/organization.hpp"
#include "ado/source_url.hpp"
#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"
#include "server/config/config_reader.hpp"
#include "server/config/config_section.hpp"
#include "server/config/connector_name.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace server {
namespace {

/// Names by which two things would be the same thing, with where the first one stands.
class UniqueNames {
public:
    explicit UniqueNames(ConfigProblems& problems) : problems_(problems) {}

    void
    add(std::string key, std::string const& pointer, std::string const& found, std::string const& expected) {
        auto const [first, fresh] = seen_.emplace(std::move(key), pointer);
        if (!fresh) {
            problems_.add(pointer, found + " (the first is " + key_path(first->second) + ")", expected);
        }
    }

private:
    ConfigProblems& problems_;
    std::map<std::string, std::string> seen_;
};

void check_listening(Config const& config, ConfigProblems& problems) {
    if (config.inbound.mode == InboundMode::none && !config.listen.is_loopback()) {
        problems.add("/inbound/mode",
                     "none while listen is " + config.listen.to_string() + ", which others can reach",
                     "token, or a listen address on loopback");
    }
}

void check_methods(std::vector<AuthMethodConfig> const& methods,
                   std::string const& pointer,
                   ConfigProblems& problems) {
    UniqueNames seen(problems);
    for (std::size_t i = 0; i < methods.size(); ++i) {
        std::string const method(to_string(methods[i].method));
        seen.add(method,
                 pointer_child(pointer_child(pointer_child(pointer, "auth"), i), "method"),
                 "method " + method + " a second time",
                 "each method once");
    }
}

ado::OrganizationUrls urls_of(Config const& config) {
    ado::OrganizationUrls urls;
    urls.base_url = config.azure_devops.base_url;
    urls.search_url = config.azure_devops.search_url;
    urls.identity_url = config.azure_devops.identity_url;
    return urls;
}

void check_connectors(Config const& config, ConfigProblems& problems) {
    ado::OrganizationUrls const urls = urls_of(config);
    UniqueNames names(problems);
    UniqueNames organizations(problems);
    for (std::size_t i = 0; i < config.connectors.size(); ++i) {
        ConnectorConfig const& connector = config.connectors[i];
        std::string const pointer = pointer_child("/connectors", i);
        if (!connector.name.empty()) {
            if (!is_connector_name(connector.name)) {
                problems.add(pointer + "/name", quoted_text(connector.name), std::string(kConnectorNameRule));
            }
            names.add(core::to_lower_ascii(connector.name),
                      pointer + "/name",
                      "A connector with this name already exists",
                      "a name of its own");
        }
        if (!connector.organization.empty()) {
            auto const organization = ado::parse_organization(connector.organization, urls);
            if (organization) {
                organizations.add(organization->key(),
                                  pointer + "/organization",
                                  "A connector for this organization already exists",
                                  "one connector for each organization");
            } else {
                problems.add(pointer + "/organization",
                             quoted_text(connector.organization) + " (" + organization.error().message() +
                                 ")",
                             "a name (1 to 50 letters, digits and hyphens; a letter or digit first, no "
                             "hyphen last) or "
                             "a URL: https://dev.azure.com/NAME, https://NAME.visualstudio.com, or one under "
                             "azure_devops.base_url");
            }
        }
        check_methods(connector.auth, pointer, problems);
        auto const same = [&connector](std::string const& project) {
            return core::iequals(project, connector.default_project);
        };
        if (!connector.default_project.empty() && !connector.projects.empty() &&
            std::none_of(connector.projects.begin(), connector.projects.end(), same)) {
            problems.add(pointer + "/default_project",
                         quoted_text(connector.default_project) + ", which is not in projects",
                         "one of projects");
        }
    }
}

void check_knowledge_sources(Config const& config, ConfigProblems& problems) {
    ado::OrganizationUrls const urls = urls_of(config);
    std::set<std::string> connected;
    for (ConnectorConfig const& connector : config.connectors) {
        if (auto const organization = ado::parse_organization(connector.organization, urls)) {
            connected.insert(organization->key());
        }
    }
    UniqueNames names(problems);
    for (std::size_t i = 0; i < config.knowledge_sources.size(); ++i) {
        std::string const pointer = pointer_child("/knowledge_sources", i);
        KnowledgeSourceConfig const& source = config.knowledge_sources[i];
        if (!source.name.empty()) {
            names.add(core::to_lower_ascii(source.name),
                      pointer + "/name",
                      "the name a second time",
                      "a name of its own");
            if (!is_connector_name(source.name)) {
                problems.add(pointer + "/name", quoted_text(source.name), std::string(kConnectorNameRule));
            }
        }
        check_methods(source.auth, pointer, problems);
        if (source.url.empty()) {
            continue; // the schema has reported it
        }
        auto const url = ado::parse_source_url(source.url, urls);
        if (!url) {
            problems.add(pointer + "/url",
                         quoted_text(source.url) + " (" + url.error().message() + ")",
                         "https://dev.azure.com/ORG/PROJECT/_git/REPOSITORY or "
                         "https://dev.azure.com/ORG/PROJECT/_wiki/wikis/WIKI[/PAGE-ID]; the same on "
                         "https://ORG.visualstudio.com or under azure_devops.base_url");
        } else if (!source.auth.empty() && !connected.insert(url->organization.key()).second) {
            problems.add(pointer + "/auth",
                         "methods beside those of the organization's connector",
                         "no auth here: an organization's sources are read with its one connector");
        }
    }
}

void check_tools(ToolsConfig const& tools, ConfigProblems& problems) {
    for (std::size_t i = 0; i < tools.disable.size(); ++i) {
        if (std::find(tools.enable.begin(), tools.enable.end(), tools.disable[i]) != tools.enable.end()) {
            problems.add(pointer_child("/tools/disable", i),
                         quoted_text(tools.disable[i]) + ", which is also in tools.enable",
                         "each tool in one of the two lists");
        }
    }
}

} // namespace

void check_config(Config const& config, ConfigProblems& problems) {
    check_listening(config, problems);
    check_connectors(config, problems);
    check_knowledge_sources(config, problems);
    check_tools(config.tools, problems);
}

} // namespace server

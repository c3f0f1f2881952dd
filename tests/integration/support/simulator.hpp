#pragma once

#include "core/json.hpp"
#include "integration/support/http.hpp"
#include "integration/support/process.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace test {

using core::Json;

/// The real `ado-simulator` on a port of its own. tests/simulator/README.md describes its world and admin
/// side.
class Simulator {
public:
    /// Files go into `directory`, which outlives the object. `options`: more of the command line.
    explicit Simulator(std::filesystem::path directory, std::vector<std::string> const& options = {});

    std::string const& url() const noexcept { return url_; }
    std::string ca_file() const { return (directory_ / "ca.pem").string(); }
    std::string state_directory() const { return (directory_ / "state").string(); }
    /// What `--print-config` printed: YAML.
    std::string printed_config() const;

    /// `GET /__sim/<path_and_query>`.
    Json admin(std::string const& path_and_query);
    /// `POST /__sim/<path>` with a JSON object.
    Json admin(std::string const& path, Json const& arguments);
    Json const& world() const noexcept { return world_; }

    /// A PAT by the name it has in the world.
    std::string pat(std::string const& organization, std::string const& name = "recommended") const;
    /// Requests to a route (README "Routes by name") since the start or `reset?what=counts`; 0 when none.
    std::int64_t requests(std::string const& route);
    /// Tokens issued by kind.
    std::int64_t tokens(std::string const& kind);
    /// Work items of this title that are stored.
    std::int64_t work_items(std::string const& title);
    /// A fault as in README "Faults"; returns its id.
    std::int64_t fault(Json const& rule);

private:
    Json ask(core::HttpRequest request);

    std::filesystem::path directory_;
    std::unique_ptr<Process> process_;
    std::string url_;
    std::unique_ptr<Http> http_;
    Json world_;
};

} // namespace test

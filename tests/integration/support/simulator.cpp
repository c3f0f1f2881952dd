#include "integration/support/simulator.hpp"

#include "core/json.hpp"
#include "core/text/percent_encoding.hpp"

#include <stdexcept>
#include <utility>

namespace test {

Simulator::Simulator(std::filesystem::path directory, std::vector<std::string> const& options)
    : directory_(std::move(directory)) {
    ProcessOptions process;
    process.arguments = {simulator_binary(),
                         "--port",
                         "0",
                         "--ca-file",
                         ca_file(),
                         "--print-config",
                         "--state-dir",
                         state_directory(),
                         "--daemon-listen",
                         "127.0.0.1:0"};
    process.arguments.insert(process.arguments.end(), options.begin(), options.end());
    process.stdout_file = directory_ / "simulator.out";
    process.stderr_file = directory_ / "simulator.err";
    process_ = std::make_unique<Process>(process);
    std::string const line = process_->wait_for_line(process.stdout_file, "# listening ");
    url_ = "https://localhost:" + line.substr(line.rfind(':') + 1);
    http_ = std::make_unique<Http>(ca_file());
    world_ = admin("world");
}

std::string Simulator::printed_config() const {
    return read_text(directory_ / "simulator.out");
}

Json Simulator::ask(core::HttpRequest request) {
    std::string const target = request.url.target;
    auto const response = http_->send(std::move(request));
    if (!response) {
        throw std::runtime_error("simulator, " + target + ": " + core::describe(response.error()));
    }
    if (response->status != 200) {
        throw std::runtime_error("simulator, " + target + ": " + response->body);
    }
    return Json::parse(response->body);
}

Json Simulator::admin(std::string const& path_and_query) {
    return ask(make_request(url_ + "/__sim/" + path_and_query));
}

Json Simulator::admin(std::string const& path, Json const& arguments) {
    return ask(make_request(url_ + "/__sim/" + path, core::dump_json(arguments), "application/json"));
}

std::string Simulator::pat(std::string const& organization, std::string const& name) const {
    for (Json const& candidate : world_.at("organizations")) {
        if (candidate.at("name") == organization) {
            return candidate.at("pats").at(name).at("token").get<std::string>();
        }
    }
    throw std::runtime_error("the simulator has no organization " + organization);
}

std::int64_t Simulator::requests(std::string const& route) {
    return admin("counts").at("requests").value(route, std::int64_t{0});
}

std::int64_t Simulator::tokens(std::string const& kind) {
    return admin("counts").at("tokens").value(kind, std::int64_t{0});
}

std::int64_t Simulator::work_items(std::string const& title) {
    Json arguments = Json::object();
    arguments["title"] = title;
    return admin("work-items", arguments).at("count").get<std::int64_t>();
}

std::int64_t Simulator::fault(Json const& rule) {
    return admin("faults", rule).at("id").get<std::int64_t>();
}

} // namespace test

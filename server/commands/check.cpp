#include "server/commands/check.hpp"

#include "core/json.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/config/effective_config.hpp"
#include "server/config/load_config.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace server {
namespace {

core::Json problems_json(ConfigProblems const& problems) {
    core::Json list = core::Json::array();
    for (ConfigProblem const& problem : problems.sorted()) {
        list.push_back({{"line", problem.line},
                        {"column", problem.column},
                        {"key", problem.key},
                        {"found", problem.found},
                        {"expected", problem.expected}});
    }
    return {{"valid", false}, {"source", problems.source()}, {"problems", std::move(list)}};
}

int report_problems(ConfigProblems const& problems, bool json) {
    for (ConfigProblem const& problem : problems.sorted()) {
        std::fprintf(stderr, "%s\n", problem.to_line(problems.source()).c_str());
    }
    if (json) {
        std::printf("%s\n", core::dump_json_pretty(problems_json(problems)).c_str());
    }
    return kExitConfiguration;
}

} // namespace

int run_check(CheckOptions const& options) {
    auto const config = load_config_from(options.config, process_environment());
    if (!config) {
        return report_problems(config.error(), options.json);
    }
    if (options.json) {
        core::Json const out = {
            {"valid", true}, {"source", config->source}, {"effective", effective_config_json(*config)}};
        std::printf("%s\n", core::dump_json_pretty(out).c_str());
    } else {
        std::fprintf(stderr, "%s: valid\n", config->source.c_str());
        std::printf("%s", effective_config_text(*config).c_str());
    }
    return kExitDone;
}

} // namespace server

#include "server/commands/version.hpp"

#include "core/json.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/version.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace server {

int run_version(bool json) {
    if (json) {
        std::printf("%s\n", core::dump_json({{"name", "ado-mcpd"}, {"version", kVersion}}).c_str());
    } else {
        std::printf("ado-mcpd %s\n", kVersion);
    }
    return kExitDone;
}

} // namespace server

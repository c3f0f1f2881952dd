#include "server/commands/key.hpp"

#include "core/json.hpp"
#include "core/log.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/config/load_config.hpp"
#include "server/store/key_rotation.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>
#include <vector>

namespace server {
namespace {

std::string listed(std::vector<std::string> const& words) {
    std::string out;
    for (std::string const& word : words) {
        out.append(out.empty() ? "" : ", ").append(word);
    }
    return out;
}

core::Result<KeyRotationReport> rotate(KeyOptions const& options, Config const& config) {
    KeyRotationOptions rotation;
    rotation.store_path = config.store.path;
    rotation.key_file = config.store.key_file;
    rotation.drop_old = options.drop_old;
    rotation.actor = local_actor();
    core::SystemClock clock;
    return rotate_keys(rotation, clock);
}

void print(KeyRotationReport const& report) {
    std::printf("%s key %s: %zu record%s re-encrypted.\n",
                report.resumed ? "Went on with the rotation to" : "Rotated to",
                report.key_id.c_str(),
                report.resealed,
                report.resealed == 1 ? "" : "s");
    if (!report.dropped.empty()) {
        std::printf("Took out of the key file: %s.\n", listed(report.dropped).c_str());
    }
    if (!report.kept.empty()) {
        std::printf(
            "Still in the key file: %s. Backups made before need them; `ado-mcpd key rotate --drop-old` "
            "takes out those that no record needs.\n",
            listed(report.kept).c_str());
    }
}

core::Json to_json(KeyRotationReport const& report) {
    return {{"key_id", report.key_id},
            {"resumed", report.resumed},
            {"resealed", report.resealed},
            {"unreadable", report.unreadable},
            {"kept", report.kept},
            {"dropped", report.dropped}};
}

} // namespace

int run_key_init(KeyOptions const& options) {
    auto const config = load_config(options.config);
    if (!config) {
        return report_error(config.error());
    }
    auto const made = init_key_file(config->store.path, config->store.key_file);
    if (!made) {
        return report_error(made.error());
    }
    if (options.json) {
        core::Json const out = {{"key_id", *made}, {"key_file", config->store.key_file}};
        std::printf("%s\n", core::dump_json_pretty(out).c_str());
    } else {
        std::printf("Made %s with key %s. Keep a copy of it apart from backups of the store: without it they "
                    "cannot be read.\n",
                    config->store.key_file.c_str(),
                    made->c_str());
    }
    return kExitDone;
}

int run_key_rotate(KeyOptions const& options) {
    auto const config = load_config(options.config);
    if (!config) {
        return report_error(config.error());
    }
    core::log::configure(core::log::Level::warn, config->log.format);
    auto const report = rotate(options, *config);
    core::log::flush();
    if (!report) {
        return report_error(report.error());
    }
    if (options.json) {
        std::printf("%s\n", core::dump_json_pretty(to_json(*report)).c_str());
    } else {
        print(*report);
    }
    if (report->unreadable.empty()) {
        return kExitDone;
    }
    return report_error(
        core::Error(core::ErrorKind::internal,
                    "left as they were, because their key is not in the key file: " +
                        listed(report->unreadable))
            .with_code("envelope_unknown_key")
            .with_fix("add their key as a further line of the key file and run this again, or store these "
                      "credentials again"));
}

} // namespace server

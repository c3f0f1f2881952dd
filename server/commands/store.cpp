#include "server/commands/store.hpp"

#include "core/log.hpp"
#include "server/commands/command_run.hpp"
#include "server/commands/exit_codes.hpp"
#include "server/config/load_config.hpp"
#include "server/store/backup.hpp"

#include <cstdio>

namespace server {

int run_store_backup(StoreBackupOptions const& options) {
    auto const config = load_config(options.config);
    if (!config) {
        return report_error(config.error());
    }
    core::log::configure(core::log::Level::warn, config->log.format);
    core::SystemClock clock;
    auto const done =
        backup_store(config->store.path, config->store.key_file, options.file, local_actor(), clock);
    core::log::flush();
    if (!done) {
        return report_error(done.error());
    }
    std::printf("Copied the store to %s. It opens with the same key file, which is not in it.\n",
                options.file.c_str());
    return kExitDone;
}

} // namespace server

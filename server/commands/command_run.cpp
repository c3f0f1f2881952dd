#include "server/commands/command_run.hpp"

#include "core/crypto/random.hpp"
#include "core/log.hpp"
#include "server/commands/exit_codes.hpp"

#include <array>
#include <cstdio>

#include <pwd.h>
#include <unistd.h>

namespace server {

CommandRun::CommandRun(Config config) : config_(std::move(config)) {}

CommandRun::~CommandRun() {
    if (outbound_) {
        outbound_->shutdown();
    }
}

core::Result<std::unique_ptr<CommandRun>> CommandRun::make(Config config) {
    // A person reads stderr here: only what needs attention.
    core::log::configure(core::log::Level::warn, config.log.format);
    std::unique_ptr<CommandRun> run(new CommandRun(std::move(config)));
    StateStoreOptions options;
    options.path = run->config_.store.path;
    options.key_file = run->config_.store.key_file;
    ADOMCPD_TRY(run->store_, open_state_store(run->executor(), run->clock_, std::move(options)));
    ADOMCPD_TRY(run->outbound_, Outbound::make(run->executor(), run->pool_, run->clock_, run->config_));
    return run;
}

AuditActor local_actor() {
    std::string name = std::to_string(::geteuid());
    std::array<char, 4096> buffer{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        name = found->pw_name;
    }
    return {"local:" + name, name, core::random_uuid()};
}

int report_error(core::Error const& error) {
    std::fprintf(stderr, "ado-mcpd: %s", error.message().c_str());
    if (!error.code().empty()) {
        std::fprintf(stderr, " (%s)", error.code().c_str());
    }
    std::fprintf(stderr, "\n");
    if (!error.fix().empty()) {
        std::fprintf(stderr, "  fix: %s\n", error.fix().c_str());
    }
    return exit_code_of(error);
}

} // namespace server

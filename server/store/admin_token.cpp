#include "server/store/admin_token.hpp"

#include "auth/agent_token.hpp"
#include "server/config/private_file.hpp"

#include <filesystem>
#include <utility>

namespace server {
namespace {

/// Keeps a new token's record back until its secret is safely in its file: a crash in between must not leave
/// a store that counts as having a token nobody knows.
class HeldTokenRecord final : public auth::AgentTokenStore {
public:
    core::Task<core::Result<std::optional<auth::AgentTokenRecord>>>
    find_agent_token(std::string /*id*/) override {
        co_return core::Result<std::optional<auth::AgentTokenRecord>>();
    }
    core::Task<core::Result<void>> insert_agent_token(auth::AgentTokenRecord /*record*/) override {
        co_return core::Result<void>();
    }
    core::Task<core::Result<std::vector<auth::AgentTokenRecord>>> list_agent_tokens() override {
        co_return core::Result<std::vector<auth::AgentTokenRecord>>();
    }
    core::Task<core::Result<bool>> revoke_agent_token(std::string /*id*/) override {
        co_return core::Result<bool>(false);
    }
    core::Task<core::Result<void>> rotate_agent_token(auth::AgentTokenRecord /*successor*/,
                                                      core::SystemTime /*overlap_ends*/) override {
        co_return core::Result<void>();
    }
    core::Task<core::Result<void>> note_agent_token_use(std::string /*id*/,
                                                        core::SystemTime /*when*/) override {
        co_return core::Result<void>();
    }
};

} // namespace

std::string admin_token_path(std::string const& database_path) {
    return (std::filesystem::path(database_path).parent_path() / "admin-token").string();
}

core::Task<core::Result<std::optional<std::string>>>
ensure_admin_token(StateStore& store, core::Clock& clock, std::string database_path) {
    std::string path = admin_token_path(database_path);
    CO_TRY_VOID(check_private_path("the administrator's token", path));
    CO_TRY(auto const tokens, co_await store.list_agent_tokens());
    if (!tokens.empty()) {
        co_return core::Result<std::optional<std::string>>();
    }
    HeldTokenRecord held;
    std::string name = "first administrator";
    auto making =
        auth::make_agent_token(held, clock, std::move(name), core::Role::administrator, std::nullopt);
    CO_TRY(auth::NewAgentToken made, co_await std::move(making));
    CO_TRY_VOID(write_private_file(path, made.token, WriteMode::replace));
    CO_TRY_VOID(co_await store.insert_agent_token(made.record));
    co_return core::Result<std::optional<std::string>>(std::move(path));
}

} // namespace server

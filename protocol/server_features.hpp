#pragma once

#include "core/clock.hpp"
#include "core/crypto/sealer.hpp"
#include "protocol/change_hub.hpp"
#include "protocol/completion.hpp"
#include "protocol/mcp_limits.hpp"
#include "protocol/prompt.hpp"
#include "protocol/resource.hpp"
#include "protocol/server_identity.hpp"
#include "protocol/session_records.hpp"
#include "protocol/skill.hpp"
#include "protocol/task_store.hpp"
#include "protocol/tool.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <utility>
#include <vector>

namespace protocol {

/// What a server offers. What is not here is not advertised and answers "method not found". All pointers
/// outlive the server; the lists are published in the order given.
class ServerFeatures {
public:
    ServerIdentity identity;
    std::vector<ToolHandler*> tools;
    std::vector<PromptHandler*> prompts;
    std::vector<ResourceSource*> resources; ///< `skills` is one of them when it is set
    Completer* completer = nullptr;
    SkillLibrary const* skills = nullptr;
    TaskStore* tasks = nullptr;
    bool logging = false;
    bool tools_change = false;     ///< ChangeHub announces it
    bool prompts_change = false;   ///< the same
    bool resources_change = false; ///< the same
    bool subscriptions = false;    ///< resources can be subscribed to
};

/// What a server works with. Referents outlive it.
class ServerParts {
public:
    ServerParts(boost::asio::any_io_executor executor_,
                core::Clock& clock_,
                core::Sealer const& sealer_,
                ChangeHub& hub_,
                SessionRecords& sessions_,
                McpLimits limits_)
        : executor(std::move(executor_)), clock(clock_), sealer(sealer_), hub(hub_), sessions(sessions_),
          limits(limits_) {}

    boost::asio::any_io_executor executor;
    core::Clock& clock;
    core::Sealer const& sealer;
    ChangeHub& hub;
    SessionRecords& sessions;
    McpLimits limits;
};

} // namespace protocol

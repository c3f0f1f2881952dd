#pragma once

#include "core/error.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "protocol/tool.hpp"
#include "server/router/connector.hpp"
#include "server/router/sign_in_links.hpp"

#include <string>

namespace server {

/// Asking the person behind a client to sign in, where a connector needs it. All referents outlive the tasks.
class SignInQuestion {
public:
    /// `links`: nullptr where the daemon offers none. `tool`: for the wording.
    SignInQuestion(SignInLinks* links,
                   Connector const& connector,
                   protocol::ToolCall const& call,
                   std::string tool)
        : links_(links), connector_(connector), call_(call), tool_(std::move(tool)) {}

    /// True when this caller may be asked, by this client: a sign-in changes the credentials that everyone
    /// here works with.
    bool may_ask() const noexcept;
    /// True when `error` says that the connector needs a sign-in, and it may be asked for.
    bool would_help(core::Error const& error) const;

    /// Takes up the answer of an earlier round: waits a little for a person who just opened the page. Fails
    /// when the person will not sign in. Nothing happens when nothing was asked.
    core::Task<core::Result<void>> take_answer() const;

    /// The question; the link of an earlier round while it can still be used. `cause` comes back where there
    /// is none to be had.
    core::Task<core::Result<protocol::InputNeeded>> ask(core::Error cause) const;

private:
    bool was_asked() const;
    protocol::InputNeeded
    question(std::string const& flow_id, std::string const& url, std::string const& hint) const;

    SignInLinks* links_;
    Connector const& connector_;
    protocol::ToolCall const& call_;
    std::string tool_;
};

} // namespace server

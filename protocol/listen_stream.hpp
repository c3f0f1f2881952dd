#pragma once

#include "core/async.hpp"
#include "protocol/change_hub.hpp"
#include "protocol/mcp_core.hpp"
#include "protocol/outlet.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

namespace protocol {

/// What a client wants to be told of.
class SubscriptionFilter {
public:
    /// `params.notifications` of subscriptions/listen, cut down to what the server announces. -32602 when it
    /// is malformed.
    static tl::expected<SubscriptionFilter, RpcError> read(Json const& params, McpCore const& core);
    bool empty() const noexcept { return !tools && !prompts && !resources && uris.empty() && tasks.empty(); }
    Json to_json() const;
    bool wants(ChangeEvent const& event) const;

    bool tools = false;
    bool prompts = false;
    bool resources = false;
    std::set<std::string, std::less<>> uris;
    std::map<std::string, std::int64_t, std::less<>> tasks; ///< by id: the version that is known already
};

/// The notification for a change; `meta` is the text of a `_meta` object, or empty.
std::string change_notification(ChangeEvent const& event, std::string_view meta);

/// One subscriptions/listen of 2026-07-28, over HTTP or stdio: acknowledged first, then told of what it asked
/// for, each with its subscription id. One thread.
class ListenStream final : public ChangeHub::Listener {
public:
    /// All referents outlive it.
    ListenStream(McpCore& core, RequestId const& id, SubscriptionFilter filter, Outlet& outlet);
    ~ListenStream() override;
    ListenStream(ListenStream const&) = delete;
    ListenStream& operator=(ListenStream const&) = delete;

    void acknowledge();
    void changed(ChangeEvent const& event) override;
    /// From our side: a drain, or nothing that could be told.
    void end() { ended_.set(); }
    core::Event& ended() noexcept { return ended_; }
    /// The JSON-RPC response that closes it.
    std::string closing_response() const;

private:
    McpCore& core_;
    RequestId id_;
    SubscriptionFilter filter_;
    Outlet& outlet_;
    std::string meta_;
    core::Event ended_;
};

/// Takes the tasks out of the filter that are not the caller's. -32021 when the client did not declare the
/// extension.
core::Task<std::optional<RpcError>>
keep_own_tasks(SubscriptionFilter& filter, McpCore& core, RequestScope const& scope);

} // namespace protocol

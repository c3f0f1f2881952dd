#pragma once

#include "ado/organization.hpp"
#include "core/error.hpp"
#include "core/log.hpp"
#include "server/router/audit_notes.hpp"
#include "server/router/sign_in_errors.hpp"
#include "server/router/sign_in_flows.hpp"

#include <memory>
#include <string>
#include <utility>

namespace server {

/// Where a sign-in leads: checked, with its tenant found out.
class SignInTarget {
public:
    SignInTarget(ado::Organization organization_, std::string tenant_)
        : organization(std::move(organization_)), tenant(std::move(tenant_)) {}
    ado::Organization organization;
    std::string tenant;
};

/// A flow that is being brought to its end gets one, whatever happens to the coroutine that does it.
class SignInSettlement {
public:
    SignInSettlement(std::shared_ptr<SignInFlows> flows,
                     std::string flow_id,
                     std::string principal,
                     std::string request_id,
                     SignInAudit audit)
        : flows_(std::move(flows)), flow_id_(std::move(flow_id)), principal_(std::move(principal)),
          request_id_(std::move(request_id)), audit_(audit) {}
    ~SignInSettlement() {
        if (!settled_) {
            flows_->failed(
                flow_id_,
                sign_in_errors::start_again("sign_in_interrupted", "The server stopped during the sign-in."));
        }
    }
    SignInSettlement(SignInSettlement const&) = delete;
    SignInSettlement& operator=(SignInSettlement const&) = delete;

    void settle(core::Result<std::string> const& identity, std::string const& organization) {
        settled_ = true;
        audit_.ended(identity, organization, principal_, request_id_);
        if (identity) {
            flows_->connected(flow_id_, *identity);
            core::log::info(
                "sign_in.connected",
                {{"organization", organization}, {"principal", principal_}, {"request_id", request_id_}});
            return;
        }
        flows_->failed(flow_id_, identity.error());
        core::log::info("sign_in.failed",
                        {{"organization", organization},
                         {"principal", principal_},
                         {"error", core::describe(identity.error())},
                         {"request_id", request_id_}});
    }

private:
    std::shared_ptr<SignInFlows> flows_;
    std::string flow_id_;
    std::string principal_;
    std::string request_id_;
    SignInAudit audit_;
    bool settled_ = false;
};

} // namespace server

#pragma once

#include "core/clock.hpp"
#include "server/router/sign_in.hpp"
#include "server/router/sign_in_links.hpp"

namespace server {

/// The daemon's sign-ins as tool calls offer them. Referents outlive it.
class OfferedSignIns final : public SignInLinks {
public:
    OfferedSignIns(SignIn& sign_in, core::Clock& clock) : sign_in_(sign_in), clock_(clock) {}

    core::Task<core::Result<OfferedSignIn>>
    start(std::string organization, core::Principal const& caller, core::CallContext const& ctx) override;
    core::Task<core::Result<SignInProgress>> status(std::string flow_id,
                                                    core::CallContext const& ctx) override;
    core::Task<core::Result<SignInProgress>>
    wait(std::string flow_id, std::chrono::milliseconds at_most, core::CallContext const& ctx) override;

private:
    SignIn& sign_in_;
    core::Clock& clock_;
};

} // namespace server

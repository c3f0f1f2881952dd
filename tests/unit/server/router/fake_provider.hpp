#pragma once

#include "auth/providers.hpp"

#include <string>
#include <utility>

namespace test {

/// A credential provider whose behaviour the test sets.
class FakeProvider final : public auth::CredentialProvider {
public:
    explicit FakeProvider(std::string method) : method_(std::move(method)) {}

    core::Task<core::Result<core::AccessToken>> get(std::chrono::seconds, core::CallContext const&) override {
        ++fetches;
        if (error) {
            co_return core::fail(*error);
        }
        co_return core::AccessToken(core::Secret("token-of-" + method_),
                                    core::AuthScheme::bearer,
                                    core::SystemTime::max(),
                                    core::SystemTime::max(),
                                    method_);
    }
    void invalidate(core::AccessToken const&) override { ++invalidations; }
    std::string const& method() const noexcept override { return method_; }
    auth::ProviderStatus status() const override { return current; }
    bool permanently_refused() const noexcept override { return refused; }
    void credential_changed() override { ++changes; }
    void note_accepted(std::string const& identity) override { current.identity = identity; }

    /// Refused for good, as by a revoked grant.
    void refuse(auth::ProviderState state, std::string const& reason) {
        refused = true;
        current.state = state;
        current.reason = reason;
        error.emplace(core::Error(core::ErrorKind::unauthorized, reason));
    }

    std::optional<core::Error> error;
    bool refused = false;
    auth::ProviderStatus current;
    int fetches = 0;
    int invalidations = 0;
    int changes = 0;

private:
    std::string method_;
};

} // namespace test

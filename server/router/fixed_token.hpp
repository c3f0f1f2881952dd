#pragma once

#include "core/token_source.hpp"

#include <utility>

namespace server {

/// A credential that is being tried out: it has nothing to refresh.
class FixedToken final : public core::TokenSource {
public:
    explicit FixedToken(core::AccessToken token) : token_(std::move(token)) {}

    core::Task<core::Result<core::AccessToken>> get(std::chrono::seconds, core::CallContext const&) override {
        co_return token_.clone();
    }
    void invalidate(core::AccessToken const&) override {}

private:
    core::AccessToken token_;
};

} // namespace server

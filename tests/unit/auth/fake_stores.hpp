#pragma once

#include "auth/credential_stores.hpp"
#include "core/async.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace test {

/// One grant and one PAT in memory, with generations as the real store counts them. `hold_saves()` keeps
/// writes from completing until `release_saves()`.
class FakeGrantStore final : public auth::LocalGrantStore {
public:
    void put(auth::OAuthGrant grant) {
        grant.generation = ++generation_;
        grant_.emplace(std::move(grant));
    }
    void clear() { grant_.reset(); }
    bool has_grant() const noexcept { return grant_.has_value(); }
    auth::OAuthGrant const& grant() const { return *grant_; }
    void hold_saves() { gate_ = std::make_shared<core::Event>(); }
    void release_saves() { std::exchange(gate_, nullptr)->set(); }
    void fail_next_saves(int count) { failing_saves_ = count; }
    void fail_loads(bool failing) { failing_loads_ = failing; }
    int loads() const noexcept { return loads_; }
    int saves() const noexcept { return saves_; }

    core::Task<core::Result<std::optional<auth::OAuthGrant>>> load_grant(std::string organization) override {
        ++loads_;
        last_organization = std::move(organization);
        if (failing_loads_) {
            co_return core::fail(core::ErrorKind::internal, "the database is locked");
        }
        if (!grant_) {
            co_return std::optional<auth::OAuthGrant>();
        }
        co_return std::optional<auth::OAuthGrant>(grant_->clone());
    }
    core::Task<core::Result<void>> save_grant(std::string organization, auth::OAuthGrant& grant) override {
        last_organization = std::move(organization);
        if (gate_) {
            std::shared_ptr<core::Event> const gate = gate_;
            bool const open = co_await gate->wait(core::Deadline::never());
            static_cast<void>(open);
        }
        if (failing_saves_ > 0) {
            --failing_saves_;
            co_return core::fail(core::ErrorKind::internal, "disk full");
        }
        ++saves_;
        grant.generation = ++generation_;
        grant_.emplace(grant.clone());
        co_return core::Result<void>();
    }
    core::Task<core::Result<bool>> remove_grant(std::string) override {
        bool const had = grant_.has_value();
        grant_.reset();
        co_return had;
    }

    core::Task<core::Result<std::vector<ListedGrant>>> list_grants() override {
        co_return std::vector<ListedGrant>();
    }

    std::string last_organization;

private:
    std::optional<auth::OAuthGrant> grant_;
    std::shared_ptr<core::Event> gate_;
    std::int64_t generation_ = 0;
    int failing_saves_ = 0;
    bool failing_loads_ = false;
    int loads_ = 0;
    int saves_ = 0;
};

class FakePatStore final : public auth::PatStore {
public:
    void put(auth::StoredPat pat) { pat_.emplace(std::move(pat)); }
    void clear() { pat_.reset(); }
    int loads() const noexcept { return loads_; }

    core::Task<core::Result<std::optional<auth::StoredPat>>> load_pat(std::string) override {
        ++loads_;
        if (!pat_) {
            co_return std::optional<auth::StoredPat>();
        }
        co_return std::optional<auth::StoredPat>(pat_->clone());
    }
    core::Task<core::Result<void>> save_pat(std::string, auth::StoredPat& pat) override {
        pat_.emplace(pat.clone());
        co_return core::Result<void>();
    }
    core::Task<core::Result<bool>> remove_pat(std::string) override {
        bool const had = pat_.has_value();
        pat_.reset();
        co_return had;
    }
    core::Task<core::Result<std::vector<ListedPat>>> list_pats() override {
        co_return std::vector<ListedPat>();
    }

private:
    std::optional<auth::StoredPat> pat_;
    int loads_ = 0;
};

class FakeAgentTokenStore final : public auth::AgentTokenStore {
public:
    int lookups() const noexcept { return lookups_; }
    void fail_lookups(bool failing) { failing_ = failing; }
    auth::AgentTokenRecord& record(std::string const& id) { return records_.at(id); }

    core::Task<core::Result<std::optional<auth::AgentTokenRecord>>>
    find_agent_token(std::string id) override {
        ++lookups_;
        if (failing_) {
            co_return core::fail(core::ErrorKind::internal, "the database is locked");
        }
        auto const it = records_.find(id);
        if (it == records_.end()) {
            co_return std::optional<auth::AgentTokenRecord>();
        }
        co_return std::optional<auth::AgentTokenRecord>(it->second);
    }
    core::Task<core::Result<void>> insert_agent_token(auth::AgentTokenRecord record) override {
        std::string const id = record.id;
        records_.emplace(id, std::move(record));
        co_return core::Result<void>();
    }
    core::Task<core::Result<std::vector<auth::AgentTokenRecord>>> list_agent_tokens() override {
        std::vector<auth::AgentTokenRecord> all;
        for (auto const& [id, kept] : records_) {
            all.push_back(kept);
        }
        co_return all;
    }
    core::Task<core::Result<bool>> revoke_agent_token(std::string id) override {
        auto const it = records_.find(id);
        if (it == records_.end()) {
            co_return false;
        }
        it->second.revoked = true;
        co_return true;
    }
    core::Task<core::Result<void>> rotate_agent_token(auth::AgentTokenRecord successor,
                                                      core::SystemTime overlap_ends) override {
        for (auto& [id, kept] : records_) {
            if (kept.name == successor.name && !kept.revoked) {
                kept.expires_at = std::min(kept.expires_at.value_or(overlap_ends), overlap_ends);
            }
        }
        std::string const id = successor.id;
        records_.emplace(id, std::move(successor));
        co_return core::Result<void>();
    }
    core::Task<core::Result<void>> note_agent_token_use(std::string id, core::SystemTime when) override {
        ++notes_;
        records_.at(id).last_used_at = when;
        co_return core::Result<void>();
    }
    int notes() const noexcept { return notes_; }

private:
    std::map<std::string, auth::AgentTokenRecord> records_;
    int lookups_ = 0;
    int notes_ = 0;
    bool failing_ = false;
};

} // namespace test

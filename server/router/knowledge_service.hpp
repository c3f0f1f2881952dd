#pragma once

#include "core/async.hpp"
#include "core/clock.hpp"
#include "core/task_group.hpp"
#include "server/config/config.hpp"
#include "server/router/knowledge_states.hpp"
#include "server/router/organization_directory.hpp"
#include "server/router/source_service.hpp"
#include "server/tools/knowledge_base.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace server {

/// Ranks hits anew by what they mean; see knowledge_rerank.hpp.
class HitRanker {
public:
    virtual ~HitRanker() = default;
    /// Orders the hits; our words when it could not. `hits` and `ctx` outlive the task.
    virtual core::Task<std::string>
    rank(std::string query, std::vector<IndexHit>& hits, core::CallContext const& ctx) = 0;
};

/// Keeps the index of the knowledge sources in step with Azure DevOps and answers the wiki tools. One thread;
/// referents outlive it.
class KnowledgeService final : public KnowledgeBase, public KnowledgeStates {
public:
    /// `index` may be nullptr: it could not be opened, for the `reason` given, and everything is searched
    /// live.
    KnowledgeService(Config const& config,
                     OrganizationDirectory& directory,
                     SourceService const& source_list,
                     KnowledgeIndex* index,
                     std::string reason,
                     core::Clock& clock,
                     core::BlockingPool& pool,
                     core::TaskGroup& background);
    ~KnowledgeService() override;

    /// With one, the best hits of each search are ranked by it.
    void set_ranker(std::unique_ptr<HitRanker> ranker) { ranker_ = std::move(ranker); }

    /// Syncs what is due, until cancelled. Syncs run in `background`. Only with an index.
    core::Task<void> run();

    std::vector<WikiSource> sources(std::string const& organization) const override;
    core::Result<ado::SourceUrl> parse_url(std::string_view url) const override;
    void learn_root(std::string const& key, std::string path) override;
    core::Task<core::Result<KnowledgeAnswer>> search(IndexQuery query, core::CallContext const& ctx) override;

    std::optional<SourceIndexState> state_of(std::string const& key) const override;
    core::Result<void> request_sync(std::string const& key) override;
    void forget(std::string const& key) override;

private:
    static core::Task<void> keep_in_step(KnowledgeService* self);
    core::Task<void> look();
    void start_due();
    bool is_due(ListedSource const& source) const;
    /// Whether the organization's connector has a credential that is usable, or will be again in a moment.
    bool serves_of(std::string const& organization, std::map<std::string, bool>& known) const;
    static core::Task<void>
    sync(KnowledgeService* self, ListedSource source, std::shared_ptr<Connector> connector);
    core::Task<core::Result<void>> sync_begun(ListedSource const& source, Connector& connector);
    core::Task<void> take_states();
    static core::Task<void> drop(KnowledgeService* self, std::string key);

    Config const& config_;
    OrganizationDirectory& directory_;
    SourceService const& source_list_;
    KnowledgeIndex* index_;
    std::string reason_;
    core::Clock& clock_;
    core::BlockingPool& pool_;
    core::TaskGroup& background_;
    std::unique_ptr<HitRanker> ranker_;
    std::map<std::string, SourceIndexState> states_;      ///< by key, as of the last look
    std::map<std::string, std::string> roots_;            ///< pages behind the ids in sources' URLs
    std::set<std::string> requested_;                     ///< keys
    std::set<std::string> running_;                       ///< keys that this process syncs
    std::map<std::string, std::string> state_at_failure_; ///< of the connector, by key of the source
    core::SteadyTime look_at_{};
    core::SteadyTime keep_at_{};
};

} // namespace server

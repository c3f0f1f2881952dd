#include "server/router/connector_watch.hpp"

#include "core/log.hpp"
#include "server/router/ado_uri.hpp"
#include "server/router/knowledge_uri.hpp"

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <utility>

namespace server {
namespace {

constexpr std::chrono::seconds kInterval{1};
std::string const kConnected = "connected";

} // namespace

ConnectorWatch::ConnectorWatch(OrganizationDirectory const& directory,
                               protocol::ChangeHub& hub,
                               core::Clock& clock)
    : directory_(directory), hub_(hub), clock_(clock), seen_(states()) {}

std::map<std::string, std::string> ConnectorWatch::states() const {
    std::map<std::string, std::string> found;
    for (std::shared_ptr<Connector> const& connector : directory_.all()) {
        ConnectorStatus const status = connector->status();
        // A token that is renewed in passing is no news.
        std::string const& state = status.state == "refreshing" ? kConnected : status.state;
        found.emplace(organization_uri(connector->organization().name()),
                      state + "\n" + status.method + "\n" + status.identity);
        for (std::string const& source : directory_.sources_of(connector->organization().key())) {
            found.emplace(knowledge_uri(source), std::string());
        }
    }
    return found;
}

void ConnectorWatch::warn_of_pats() {
    core::SystemTime const now = clock_.system_now();
    for (std::shared_ptr<Connector> const& connector : directory_.all()) {
        std::string const& key = connector->organization().key();
        std::optional<PatEnd> const end = connector->pat_end();
        std::optional<core::SystemTime> const when = end ? end->when() : std::nullopt;
        std::optional<int> const reached = when ? reached_warning(*when, now) : std::nullopt;
        if (!reached) {
            warned_.erase(key);
            continue;
        }
        std::pair<core::SystemTime, int> const warning(*when, *reached);
        auto const [known, fresh] = warned_.emplace(key, warning);
        if (fresh || known->second != warning) {
            known->second = warning;
            core::log::warn("pat.expiring",
                            {{"organization", connector->organization().name()},
                             {"expires_at", core::format_utc(*when)},
                             {"within_days", *reached},
                             {"all_organizations", end->everywhere},
                             {"reason", describe_pat_end(connector->organization().name(), *end, now)},
                             {"fix", pat_end_fix(connector->organization().name(), *end)}});
        }
    }
}

void ConnectorWatch::look() {
    warn_of_pats();
    using protocol::ChangeEvent;
    std::map<std::string, std::string> now = states();
    std::map<std::string, std::string> const before = std::exchange(seen_, now);
    bool list_changed = before.size() != now.size();
    for (auto const& [uri, state] : now) {
        auto const earlier = before.find(uri);
        list_changed = list_changed || earlier == before.end();
        if (earlier != before.end() && earlier->second != state) {
            hub_.publish(ChangeEvent(ChangeEvent::Kind::resource, uri));
        }
    }
    for (auto const& [uri, state] : before) {
        if (!now.contains(uri)) {
            list_changed = true;
            hub_.publish(ChangeEvent(ChangeEvent::Kind::resource, uri));
        }
    }
    if (list_changed) {
        hub_.publish(ChangeEvent(ChangeEvent::Kind::resources));
    }
}

core::Task<void> ConnectorWatch::run() {
    co_await core::asio::this_coro::throw_if_cancelled(false);
    auto const cancelled = [](core::asio::cancellation_state state) {
        return state.cancelled() != core::asio::cancellation_type::none;
    };
    while (!cancelled(co_await core::asio::this_coro::cancellation_state)) {
        co_await clock_.sleep_for(kInterval);
        look();
    }
}

} // namespace server

#include "server/router/name_lists.hpp"

#include "ado/projects.hpp"
#include "ado/work_items.hpp"
#include "core/log.hpp"
#include "server/tools/text_fold.hpp"

#include <algorithm>

namespace server {
namespace {

constexpr std::chrono::seconds kGood{60};
constexpr std::chrono::seconds kFailed{5};
constexpr std::size_t kMaxLists = 256;
constexpr std::size_t kMaxNames = 5'000;

} // namespace

/// Marks a list as being fetched; whoever waits goes on when the fetch ends, however it does.
class NameLists::Flight {
public:
    Flight(std::shared_ptr<Flights> flights, Key key)
        : flights_(std::move(flights)), key_(std::move(key)), done_(std::make_shared<core::Event>()) {
        (*flights_)[key_] = done_;
    }
    ~Flight() {
        flights_->erase(key_);
        done_->set();
    }
    Flight(Flight const&) = delete;
    Flight& operator=(Flight const&) = delete;

private:
    std::shared_ptr<Flights> flights_;
    Key key_;
    std::shared_ptr<core::Event> done_;
};

core::Task<NameLists::Names> NameLists::get(std::shared_ptr<Connector> connector,
                                            Kind kind,
                                            std::string project,
                                            core::CallContext const& ctx) {
    Key const key(connector->organization().key(), kind, fold_case(project));
    Names const nothing = std::make_shared<std::vector<Name> const>();
    for (;;) {
        auto const known = entries_.find(key);
        if (known != entries_.end() && clock_.now() < known->second.good_until) {
            co_return known->second.names;
        }
        auto const under_way = flights_->find(key);
        if (under_way == flights_->end()) {
            break;
        }
        std::shared_ptr<core::Event> const done = under_way->second;
        bool const over = co_await done->wait(ctx.deadline);
        if (!over) {
            co_return nothing;
        }
    }
    Flight const flight(flights_, key);
    auto fetched = co_await fetch(*connector, kind, project, ctx);
    if (!fetched && fetched.error().kind() == core::ErrorKind::cancelled) {
        co_return nothing; // who waits for it asks again
    }
    Entry entry;
    if (fetched) {
        fetched->erase(fetched->begin() + static_cast<std::ptrdiff_t>(std::min(fetched->size(), kMaxNames)),
                       fetched->end());
        entry.names = std::make_shared<std::vector<Name> const>(std::move(*fetched));
        entry.good_until = clock_.now() + kGood;
    } else {
        core::log::info("completion.no_list",
                        {{"organization", connector->organization().name()},
                         {"request_id", ctx.request_id},
                         {"reason", core::describe(fetched.error())}});
        entry.names = nothing;
        entry.good_until = clock_.now() + kFailed;
    }
    remember(key, entry);
    co_return entry.names;
}

void NameLists::remember(Key const& key, Entry entry) {
    if (entries_.size() >= kMaxLists && !entries_.contains(key)) {
        entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](auto const& a, auto const& b) {
            return a.second.good_until < b.second.good_until;
        }));
    }
    entries_.insert_or_assign(key, std::move(entry));
}

core::Task<core::Result<std::vector<NameLists::Name>>>
NameLists::fetch(Connector& connector, Kind kind, std::string const& project, core::CallContext const& ctx) {
    ado::Client& client = connector.client();
    std::vector<Name> names;
    switch (kind) {
    case Kind::projects: {
        CO_TRY(std::vector<ado::Project> projects, co_await client.list_projects(ctx));
        for (ado::Project& found : projects) {
            names.emplace_back(std::move(found.name), std::string());
        }
        break;
    }
    case Kind::repositories: {
        CO_TRY(std::vector<ado::Repository> repositories, co_await client.list_repositories(project, ctx));
        for (ado::Repository& found : repositories) {
            if (!found.is_disabled) {
                names.emplace_back(std::move(found.name), std::move(found.project));
            }
        }
        break;
    }
    case Kind::work_item_types: {
        CO_TRY(std::vector<ado::WorkItemType> types, co_await client.list_work_item_types(project, ctx));
        for (ado::WorkItemType& found : types) {
            if (!found.is_disabled) {
                names.emplace_back(std::move(found.name), project);
            }
        }
        break;
    }
    case Kind::area_paths: {
        CO_TRY(std::vector<std::string> paths, co_await client.list_area_paths(project, ctx));
        for (std::string& found : paths) {
            names.emplace_back(std::move(found), project);
        }
        break;
    }
    }
    co_return names;
}

} // namespace server

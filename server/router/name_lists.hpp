#pragma once

#include "core/async.hpp"
#include "core/call_context.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"
#include "server/router/connector.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace server {

/// The names of things in Azure DevOps, remembered for a minute: completing a word asks for the same list
/// with every letter. Bounded. One thread.
class NameLists {
public:
    enum class Kind { projects, repositories, work_item_types, area_paths };

    class Name {
    public:
        Name(std::string text_, std::string project_)
            : text(std::move(text_)), project(std::move(project_)) {}
        std::string text;
        std::string project; ///< empty for projects
    };
    using Names = std::shared_ptr<std::vector<Name> const>; ///< shared with the cache; never nullptr

    explicit NameLists(core::Clock& clock) : clock_(clock) {}

    /// Everything of this kind, in `project` or, for repositories, everywhere when that is empty. Empty when
    /// Azure DevOps does not say, which is remembered for a moment. Concurrent callers share one request; one
    /// that is cancelled leaves it to the next. The context and this outlive the task.
    core::Task<Names>
    get(std::shared_ptr<Connector> connector, Kind kind, std::string project, core::CallContext const& ctx);

private:
    using Key = std::tuple<std::string, Kind, std::string>;
    class Entry {
    public:
        Names names;
        core::SteadyTime good_until{};
    };
    class Flight;

    static core::Task<core::Result<std::vector<Name>>>
    fetch(Connector& connector, Kind kind, std::string const& project, core::CallContext const& ctx);
    void remember(Key const& key, Entry entry);

    core::Clock& clock_;
    std::map<Key, Entry> entries_;
    using Flights = std::map<Key, std::shared_ptr<core::Event>>; ///< events shared with those who wait
    /// Shared with the fetches: the frame of one may be destroyed after this.
    std::shared_ptr<Flights> flights_ = std::make_shared<Flights>();
};

} // namespace server

#pragma once

#include "ado/client.hpp"
#include "ado/work_items.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <vector>

namespace server {

/// What an item is recognised by whose creation may have been carried out: kept in the journal.
class CreationProbe {
public:
    std::string project;
    std::string type;
    std::string title;
    std::vector<std::string>
        text_sha256;    ///< one of them is that of the stored description; empty = none given
    std::string marker; ///< the tag it was made with; empty = none

    core::Json to_json() const;
    /// nullopt when it was written by something else.
    static std::optional<CreationProbe> read(core::Json const& json);
};

/// The query for items of this project, type and title that we made at or after `since`, newest first. The
/// service's clock may be up to two minutes behind ours. Of a marked item its tag says it all.
ado::WiqlQuery created_items_query(CreationProbe const& probe, core::SystemTime since);

/// True when the item's type, title and description are those looked for, as far as the service keeps texts
/// as they were.
bool is_item_of(CreationProbe const& probe, ado::WorkItem const& item);

/// The newest item that is what the write would have made and is not among the ids in `known`. A query sees
/// an item as soon as it was made; the search index would not. References outlive the task; cancelling
/// (terminal) aborts the request.
core::Task<core::Result<std::optional<ado::WorkItem>>>
find_created_item(ado::Client const& client,
                  CreationProbe const& probe,
                  core::SystemTime since,
                  std::vector<std::string> const& known,
                  core::CallContext const& ctx);

/// create_work_item's structured answer, without `created`. What the item leaves open is taken from the
/// probe.
core::Json describe_created(ado::Organization const& organization,
                            CreationProbe const& probe,
                            ado::WorkItem const& item);

} // namespace server

#pragma once

#include "ado/client.hpp"
#include "ado/comments.hpp"
#include "core/clock.hpp"
#include "core/result.hpp"
#include "core/task.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace server {

/// What a comment is recognised by that may have been written: kept in the journal.
class CommentProbe {
public:
    std::string project;
    std::int64_t item = 0;
    std::vector<std::string> text_sha256; ///< one of them is that of the stored text

    core::Json to_json() const;
    /// nullopt when it was written by something else.
    static std::optional<CommentProbe> read(core::Json const& json);
};

/// Of the comments of this text that we wrote at or after `since` the oldest that is not among `known`. The
/// service's clock may be up to two minutes behind ours. References outlive the task.
core::Task<core::Result<std::optional<ado::Comment>>>
find_written_comment(ado::Client const& client,
                     CommentProbe const& probe,
                     core::SystemTime since,
                     std::vector<std::string> const& known,
                     core::CallContext const& ctx);

/// `12/5001`: comments are known by their item and their own id.
std::string comment_resource(CommentProbe const& probe, ado::Comment const& comment);

/// add_work_item_comment's structured answer, without `created`.
core::Json describe_comment(ado::Organization const& organization,
                            CommentProbe const& probe,
                            ado::Comment const& comment);

} // namespace server

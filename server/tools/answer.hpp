#pragma once

#include "core/error.hpp"
#include "core/json.hpp"
#include "server/config/limits.hpp"
#include "server/tools/call_scope.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Lines around text that others wrote, with a delimiter that text cannot know: new for every answer.
class ContentMarker {
public:
    ContentMarker();
    std::string const& begin() const noexcept { return begin_; } ///< ends with a line end
    std::string const& end() const noexcept { return end_; }

private:
    std::string begin_;
    std::string end_;
};

/// The answer's budget: `max_bytes` if given, else `usual`, never more than the daemon's own limit.
std::size_t answer_budget(core::Json const& args, std::size_t usual, Limits const& limits);

/// Bytes of a cleaned text inside a JSON string, quotes not counted.
std::size_t json_text_bytes(std::string_view text) noexcept;

/// Sentences of our own as lines; empty when there are none.
std::string note_lines(std::vector<std::string> const& notes);

/// `1a2b3c4` of a commit.
std::string_view short_commit(std::string_view commit) noexcept;

/// `refs/heads/x` and `x` are the same branch.
std::string_view bare_branch(std::string_view branch) noexcept;

/// An argument that is wrong before anything was sent.
core::Error wrong_argument(std::string message, std::string fix = {});

/// The project a call means: the argument, else the connector's default, else the only one it allows; may be
/// empty.
std::string chosen_project(core::Json const& args, ConnectorPolicy const& policy);

/// Names go into the path of a request: `.` and `..` would step out of the organization there.
bool is_usable_name(std::string_view name) noexcept;

/// An id names a project or a repository wherever it is, whatever stands beside it.
bool is_uuid(std::string_view text) noexcept;

} // namespace server

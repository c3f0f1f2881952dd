#pragma once

#include "core/json.hpp"
#include "core/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ado {

class Comment {
public:
    Comment() = default;

    std::int64_t id = 0;
    std::string text; ///< HTML or Markdown
    bool is_markdown = false;
    std::string author;
    std::string author_id;      ///< of the identity; may be empty
    std::string author_account; ///< user@example.com; may be empty
    std::string created;        ///< RFC 3339
};

class CommentPage {
public:
    CommentPage() = default;

    std::vector<Comment> comments;
    std::int64_t total = 0; ///< of the item
};

/// One comment, as adding it answers.
core::Result<Comment> read_comment(core::Json& json);

/// The list is a member `comments`, not `value`.
core::Result<CommentPage> read_comments(core::Json& json);

} // namespace ado

#include "ado/comments.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "core/http/http_message.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {

namespace {

Comment to_comment(core::Json& json) {
    Comment comment;
    comment.id = core::find_int(json, "id").value_or(0);
    comment.text = take_string(json, "text");
    comment.is_markdown = core::iequals(take_string(json, "format"), "markdown");
    comment.created = take_string(json, "createdDate");
    if (core::Json* const author = member_object(json, "createdBy")) {
        comment.author = take_string(*author, "displayName");
        comment.author_id = take_string(*author, "id");
        comment.author_account = take_string(*author, "uniqueName");
    }
    return comment;
}

} // namespace

core::Result<Comment> read_comment(core::Json& json) {
    Comment comment = to_comment(json);
    if (comment.id <= 0) {
        return core::fail(unreadable_answer("a comment without an id"));
    }
    return comment;
}

core::Result<CommentPage> read_comments(core::Json& json) {
    core::Json* const list = member_array(json, "comments");
    if (list == nullptr) {
        return core::fail(unreadable_answer("comments without a list"));
    }
    CommentPage page;
    page.comments.reserve(list->size());
    for (core::Json& entry : *list) {
        if (core::find_bool(entry, "isDeleted").value_or(false)) {
            continue;
        }
        page.comments.push_back(to_comment(entry));
    }
    page.total = core::find_int(json, "totalCount").value_or(static_cast<std::int64_t>(page.comments.size()));
    return page;
}

} // namespace ado

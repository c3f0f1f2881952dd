#include "ado/comments.hpp"

#include "ado/fetch.hpp"
#include "ado/readers.hpp"
#include "core/http/http_message.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ado {

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
        Comment comment;
        comment.id = core::find_int(entry, "id").value_or(0);
        comment.text = take_string(entry, "text");
        comment.is_markdown = core::iequals(take_string(entry, "format"), "markdown");
        comment.created = take_string(entry, "createdDate");
        if (core::Json* const author = member_object(entry, "createdBy")) {
            comment.author = take_string(*author, "displayName");
        }
        page.comments.push_back(std::move(comment));
    }
    page.total = core::find_int(json, "totalCount").value_or(static_cast<std::int64_t>(page.comments.size()));
    return page;
}

} // namespace ado

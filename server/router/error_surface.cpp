#include "server/router/error_surface.hpp"

#include "core/log.hpp"
#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"

#include <algorithm>
#include <string_view>

namespace server {

namespace {
constexpr std::size_t kCodeBytes = 120;
/// Room for a few words of the reason between their marks.
constexpr std::size_t kReasonBytes = 200;
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";

/// Azure DevOps' own words in the message of an error: what it begins with before them is ours. Codes of ours
/// are in lower case; other services' words are none of its.
std::string_view quoted_part(core::Error const& error) noexcept {
    std::string_view const message = error.message();
    bool const own_code = !error.code().empty() && (error.code().front() < 'A' || error.code().front() > 'Z');
    if (error.status() == 0 || own_code || error.code().starts_with("AADSTS")) {
        return {};
    }
    if (!message.starts_with("Azure DevOps ")) {
        return message;
    }
    std::size_t const colon = message.find(": ");
    std::string_view const rest =
        colon == std::string_view::npos ? std::string_view() : message.substr(colon + 2);
    return rest.starts_with("there is no such organization") ? std::string_view() : rest;
}

} // namespace

std::string error_text(core::Error const& error, std::size_t max_bytes) {
    std::string references;
    auto const add = [&references](std::string_view label, std::string const& value) {
        if (!value.empty()) {
            references.append(references.empty() ? " (" : ", ").append(label).append(" ").append(value);
        }
    };
    // The upstream's word for what is wrong, of whatever length.
    add("code", std::string(core::utf8_prefix(error.code(), kCodeBytes)));
    if (error.status() != 0) {
        add("HTTP", std::to_string(error.status()));
    }
    add("activity id", error.activity_id());
    if (error.retry_after()) {
        add("retry after", std::to_string(error.retry_after()->count()) + " s");
    }
    if (!references.empty()) {
        references += ")";
    }
    std::string fix = error.fix().empty() ? std::string() : " What to do: " + error.fix();
    // Names of what there is may make it long. The reason keeps a part of a small budget.
    std::size_t const reason = std::min(max_bytes / 2, std::max(max_bytes / 8, kReasonBytes));
    std::size_t const kept = references.size() + reason;
    std::size_t const fix_room = max_bytes > kept ? max_bytes - kept : 0;
    if (fix.size() > fix_room) {
        fix = std::string(core::utf8_prefix(fix, fix_room - std::min(fix_room, kEllipsis.size())));
        fix += fix_room < kEllipsis.size() ? std::string_view() : kEllipsis;
    }
    // The reason may be an upstream's page-long text; the fix and the references are ours and always fit.
    std::size_t const reserved = references.size() + fix.size();
    std::size_t const room = max_bytes > reserved ? max_bytes - reserved : 0;
    auto const shown = [](std::string_view words, std::size_t most) {
        std::string const text = core::to_valid_utf8(core::log::mask_secrets(words));
        return std::string(core::utf8_prefix(text, most));
    };
    std::string_view const message = error.message();
    std::string_view const quoted = quoted_part(error);
    ContentMarker const marker;
    std::size_t const frame = marker.begin().size() + marker.end().size() + 2;
    if (quoted.empty() || room <= frame + message.size() - quoted.size()) {
        return shown(quoted.empty() ? message : message.substr(0, message.size() - quoted.size()), room) +
               references + fix;
    }
    std::string text = shown(message.substr(0, message.size() - quoted.size()), room);
    if (text.ends_with(' ')) {
        text.back() = '\n';
    }
    text += marker.begin();
    text += shown(quoted, room - std::min(room, text.size() + marker.end().size() + 1));
    text += "\n" + marker.end();
    std::string rest = references + fix;
    if (rest.starts_with(' ')) {
        rest.erase(0, 1);
    }
    return text + rest;
}

protocol::ToolResult error_result(core::Error const& error, std::size_t max_bytes) {
    return protocol::ToolResult::error(error_text(error, max_bytes));
}

} // namespace server

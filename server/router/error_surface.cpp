#include "server/router/error_surface.hpp"

#include "core/log.hpp"
#include "core/text/utf8.hpp"

#include <algorithm>
#include <string_view>

namespace server {

namespace {
constexpr std::size_t kCodeBytes = 120;
constexpr std::string_view kEllipsis = "\xE2\x80\xA6";
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
    std::size_t const kept = references.size() + max_bytes / 8;
    std::size_t const fix_room = max_bytes > kept ? max_bytes - kept : 0;
    if (fix.size() > fix_room) {
        fix = std::string(core::utf8_prefix(fix, fix_room - std::min(fix_room, kEllipsis.size())));
        fix += fix_room < kEllipsis.size() ? std::string_view() : kEllipsis;
    }
    // The reason may be an upstream's page-long text; the fix and the references are ours and always fit.
    std::size_t const reserved = references.size() + fix.size();
    std::size_t const room = max_bytes > reserved ? max_bytes - reserved : 0;
    std::string text = core::to_valid_utf8(core::log::mask_secrets(error.message()));
    if (text.size() > room) {
        text = std::string(core::utf8_prefix(text, room));
    }
    return text + references + fix;
}

protocol::ToolResult error_result(core::Error const& error, std::size_t max_bytes) {
    return protocol::ToolResult::error(error_text(error, max_bytes));
}

} // namespace server

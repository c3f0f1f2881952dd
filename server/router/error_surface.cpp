#include "server/router/error_surface.hpp"

#include "core/log.hpp"
#include "core/text/utf8.hpp"

namespace server {

std::string error_text(core::Error const& error, std::size_t max_bytes) {
    std::string references;
    auto const add = [&references](std::string_view label, std::string const& value) {
        if (!value.empty()) {
            references.append(references.empty() ? " (" : ", ").append(label).append(" ").append(value);
        }
    };
    add("code", error.code());
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
    std::string const fix = error.fix().empty() ? std::string() : " What to do: " + error.fix();
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

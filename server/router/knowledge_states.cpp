#include "server/router/knowledge_states.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace server {

core::Json describe_index(std::optional<SourceIndexState> const& state) {
    core::Json json = core::Json::object();
    if (!state) {
        json["state"] = "never_synced";
        return json;
    }
    json["state"] = state->syncing     ? "syncing"
                    : state->failed_at ? "failed"
                    : state->synced_at ? "synced"
                                       : "never_synced";
    if (state->synced_at) {
        json["synced_at"] = core::format_utc(*state->synced_at);
        json["commit"] = state->mark.commit;
        json["branch"] = state->mark.branch;
        json["left_out"] = state->left_out;
    }
    if (state->synced_at || state->syncing || state->files > 0) {
        json["files"] = state->files;
    }
    if (state->failed_at) {
        json["failed_at"] = core::format_utc(*state->failed_at);
        for (auto const& [member, text] : {std::pair("reason", &state->reason),
                                           std::pair("code", &state->code),
                                           std::pair("fix", &state->fix)}) {
            if (!text->empty()) {
                json[member] = *text;
            }
        }
    }
    return json;
}

} // namespace server

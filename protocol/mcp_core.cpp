#include "protocol/mcp_core.hpp"

#include "protocol/json_writer.hpp"
#include "protocol/render.hpp"
#include "protocol/task_engine.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>

namespace protocol {
namespace {

namespace asio = boost::asio;

constexpr std::array<std::string_view, 27> kMethods{"server/discover",
                                                    "initialize",
                                                    "ping",
                                                    "tools/list",
                                                    "tools/call",
                                                    "prompts/list",
                                                    "prompts/get",
                                                    "resources/list",
                                                    "resources/templates/list",
                                                    "resources/read",
                                                    "resources/subscribe",
                                                    "resources/unsubscribe",
                                                    "resources/directory/read",
                                                    "completion/complete",
                                                    "logging/setLevel",
                                                    "subscriptions/listen",
                                                    "skills/list",
                                                    "skills/get",
                                                    "tasks/get",
                                                    "tasks/update",
                                                    "tasks/cancel",
                                                    "notifications/initialized",
                                                    "notifications/cancelled",
                                                    "notifications/progress",
                                                    "notifications/roots/list_changed",
                                                    "GET",
                                                    "DELETE"};

constexpr std::chrono::milliseconds kTick{250};
constexpr std::chrono::milliseconds kLazyTick{1'000};
constexpr std::chrono::milliseconds kPrune{10'000};
constexpr std::chrono::milliseconds kListTtl{0}; ///< resources follow the connectors

} // namespace

RpcReply failure(RequestId const& id, RpcError const& error) {
    return RpcReply(error_response(id, error), error.code, true);
}

RpcReply invalid_params(RequestId const& id, std::string message) {
    return failure(id, RpcError(rpc_code::invalid_params, "Invalid params: " + std::move(message)));
}

McpCore::McpCore(ServerFeatures features, ServerParts parts)
    : features_(std::move(features)), parts_(std::move(parts)),
      catalogue_(std::make_shared<Catalogue const>(features_, parts_.limits.list_page)),
      server_info_(render_server_info(features_.identity, kModernRevision)),
      discover_(render_discover(features_)) {
    for (Revision const revision : kRevisions) {
        initialize_[index_of(revision)] = is_modern(revision) ? "" : render_initialize(features_, revision);
    }
    if (features_.tasks != nullptr) {
        tasks_ = std::make_unique<TaskEngine>(*this, *features_.tasks);
    }
}

McpCore::~McpCore() = default;

void McpCore::set_tools(std::vector<ToolHandler*> tools) {
    features_.tools = std::move(tools);
    catalogue_ = std::make_shared<Catalogue const>(features_, parts_.limits.list_page);
    parts_.hub.publish(ChangeEvent(ChangeEvent::Kind::tools));
}

void McpCore::set_prompts(std::vector<PromptHandler*> prompts) {
    features_.prompts = std::move(prompts);
    catalogue_ = std::make_shared<Catalogue const>(features_, parts_.limits.list_page);
    parts_.hub.publish(ChangeEvent(ChangeEvent::Kind::prompts));
}

std::string_view McpCore::known_method(std::string_view method) noexcept {
    auto const it = std::find(kMethods.begin(), kMethods.end(), method);
    return it == kMethods.end() ? std::string_view() : *it;
}

bool McpCore::can_subscribe(std::string_view uri) const noexcept {
    return features_.subscriptions &&
           std::any_of(features_.resources.begin(),
                       features_.resources.end(),
                       [uri](ResourceSource const* s) { return s->owns(uri) && s->can_subscribe(uri); });
}

std::vector<ResourceDescriptor> McpCore::listed_resources() const {
    std::vector<ResourceDescriptor> all;
    for (ResourceSource const* source : features_.resources) {
        auto some = source->resources();
        std::move(some.begin(), some.end(), std::back_inserter(all));
    }
    return all;
}

RpcReply McpCore::list_reply(RpcMessage const& request,
                             std::string_view name,
                             std::vector<ListItem> const& items,
                             Revision revision) const {
    Json const* cursor = core::find(request.params, "cursor");
    std::optional<std::string_view> text;
    if (cursor != nullptr && !cursor->is_null()) {
        if (!cursor->is_string()) {
            return invalid_params(request.id, "params.cursor must be a string");
        }
        text = cursor->get_ref<std::string const&>();
    }
    auto const page = page_of(name, items, text, parts_.limits.list_page, parts_.sealer);
    if (!page) {
        return invalid_params(request.id, "params.cursor was not handed out by this list");
    }
    ResultTail end = tail(revision);
    // What resources there are depends on who may see which connector.
    end.is_private = name == "resources";
    end.ttl = name == "tools" || name == "prompts" ? std::chrono::milliseconds(300'000) : kListTtl;
    std::string body = begin_result(request.id, 1024);
    body += '{';
    append_page(body, name, items, *page);
    end_result(body, end, Json(), false);
    body += '}';
    return RpcReply(std::move(body), 0, false);
}

std::optional<RpcReply> McpCore::answer_at_once(RpcMessage const& request, Revision revision) const {
    std::string const& method = request.method;
    bool const modern = is_modern(revision);
    auto const result = [&request](std::string_view text) {
        return RpcReply(result_response(request.id, text), 0, false);
    };
    if (method == "tools/list") {
        if (!features_.tools.empty()) {
            std::string const& whole = catalogue_->tool_lists[index_of(revision)];
            bool const first = core::find(request.params, "cursor") == nullptr;
            return first && !whole.empty()
                       ? result(whole)
                       : list_reply(request, "tools", catalogue_->tool_items[index_of(revision)], revision);
        }
    } else if (method == "ping") {
        if (!modern) {
            return result("{}");
        }
    } else if (method == "server/discover") {
        if (modern) {
            return result(discover_);
        }
    } else if (method == "initialize") {
        if (!modern) {
            return result(initialize_[index_of(revision)]);
        }
    } else if (method == "prompts/list") {
        if (!features_.prompts.empty()) {
            return list_reply(request, "prompts", catalogue_->prompt_items[index_of(revision)], revision);
        }
    } else if (method == "resources/list") {
        if (!features_.resources.empty()) {
            return list_reply(request, "resources", render_resources(listed_resources(), revision), revision);
        }
    } else if (method == "resources/templates/list") {
        if (!features_.resources.empty()) {
            std::vector<ResourceTemplate> all;
            for (ResourceSource const* source : features_.resources) {
                auto some = source->templates();
                std::move(some.begin(), some.end(), std::back_inserter(all));
            }
            return list_reply(request, "resourceTemplates", render_templates(all, revision), revision);
        }
    } else if (features_.skills != nullptr && modern) {
        if (auto skills = answer_skills(request, revision)) {
            return skills;
        }
    }
    bool const needs_handler =
        (method == "tools/call" && !features_.tools.empty()) ||
        (method == "prompts/get" && !features_.prompts.empty()) ||
        (method == "resources/read" && !features_.resources.empty()) ||
        (method == "completion/complete" && features_.completer != nullptr &&
         revision >= Revision::v2025_03_26) ||
        (modern && tasks_ && (method == "tasks/get" || method == "tasks/update" || method == "tasks/cancel"));
    if (needs_handler) {
        return std::nullopt;
    }
    return failure(request.id,
                   RpcError(rpc_code::method_not_found, "Method not found: " + json_quoted(method)));
}

std::optional<RpcReply> McpCore::answer_skills(RpcMessage const& request, Revision revision) const {
    auto const uri = core::find_string(request.params, "uri");
    if (request.method == "skills/list") {
        std::vector<ListItem> items;
        for (Json const& entry : features_.skills->entries()) {
            std::string text;
            append_json(text, entry);
            items.emplace_back(std::string(core::find_string(entry, "uri").value_or("")), std::move(text));
        }
        return list_reply(request, "skills", items, revision);
    }
    if (request.method == "skills/get") {
        Json const* entry = uri ? features_.skills->find(*uri) : nullptr;
        if (entry == nullptr) {
            return uri ? resource_missing(request.id, *uri, revision)
                       : invalid_params(request.id, "params.uri must be a string");
        }
        std::string body = begin_result(request.id, 1024);
        body += R"({"skill":)";
        append_json(body, *entry);
        ResultTail end = tail(revision);
        end.ttl = std::chrono::milliseconds(300'000);
        end_result(body, end, Json(), false);
        body += '}';
        return RpcReply(std::move(body), 0, false);
    }
    if (request.method == "resources/directory/read") {
        auto const children = uri ? features_.skills->directory(*uri) : std::nullopt;
        if (!children) {
            return uri ? resource_missing(request.id, *uri, revision)
                       : invalid_params(request.id, "params.uri must be a string");
        }
        return list_reply(request, "resources", render_resources(*children, revision), revision);
    }
    return std::nullopt;
}

RpcReply McpCore::resource_missing(RequestId const& id, std::string_view uri, Revision revision) const {
    Json data = Json::object();
    data["uri"] = std::string(uri);
    return failure(id,
                   RpcError(is_modern(revision) ? rpc_code::invalid_params : rpc_code::resource_not_found,
                            "Resource not found: " + json_quoted(uri, 256),
                            std::move(data)));
}

core::Task<void> McpCore::tend() {
    co_await asio::this_coro::throw_if_cancelled(false);
    core::SteadyTime pruned = parts_.clock.now();
    asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    while (state.cancelled() == asio::cancellation_type::none) {
        bool const busy = !running_.empty();
        co_await parts_.clock.sleep_for(busy ? kTick : kLazyTick);
        state = co_await asio::this_coro::cancellation_state;
        running_.tick(parts_.limits.heartbeat, parts_.limits.stream_after);
        for (auto const& hook : ticks_) {
            hook();
        }
        if (parts_.clock.now() - pruned >= kPrune) {
            pruned = parts_.clock.now();
            sessions_.prune();
        }
    }
}

core::Task<void> McpCore::stop(core::Deadline deadline) {
    if (tasks_) {
        co_await tasks_->stop(deadline);
    }
}

std::unique_ptr<McpServer> make_mcp_server(ServerFeatures features, ServerParts parts) {
    return std::make_unique<McpCore>(std::move(features), std::move(parts));
}

} // namespace protocol

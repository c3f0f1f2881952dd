#include "protocol/listen_stream.hpp"

#include "protocol/json_writer.hpp"
#include "protocol/render.hpp"
#include "protocol/task_engine.hpp"

#include <utility>

namespace protocol {
namespace {

constexpr std::string_view kSubscriptionId = "io.modelcontextprotocol/subscriptionId";
/// One listen must not stand for unbounded work at every change.
constexpr std::size_t kMostKeys = 1'000;

RpcError malformed(std::string_view what) {
    return RpcError(rpc_code::invalid_params, "Invalid params: params.notifications" + std::string(what));
}

tl::expected<std::set<std::string, std::less<>>, RpcError> read_keys(Json const& wanted, char const* member) {
    std::set<std::string, std::less<>> keys;
    Json const* list = core::find(wanted, member);
    if (list == nullptr || list->is_null()) {
        return keys;
    }
    if (!list->is_array() || list->size() > kMostKeys) {
        return tl::unexpected<RpcError>(malformed("." + std::string(member) +
                                                  " must be an array of at most " +
                                                  std::to_string(kMostKeys) + " strings"));
    }
    for (Json const& item : *list) {
        if (!item.is_string()) {
            return tl::unexpected<RpcError>(
                malformed("." + std::string(member) + " must be an array of strings"));
        }
        keys.insert(item.get<std::string>());
    }
    return keys;
}

char const* method_of(ChangeEvent::Kind kind) {
    switch (kind) {
    case ChangeEvent::Kind::tools:
        return "notifications/tools/list_changed";
    case ChangeEvent::Kind::prompts:
        return "notifications/prompts/list_changed";
    case ChangeEvent::Kind::resources:
        return "notifications/resources/list_changed";
    case ChangeEvent::Kind::resource:
        return "notifications/resources/updated";
    case ChangeEvent::Kind::task:
        break;
    }
    return "notifications/tasks";
}

} // namespace

tl::expected<SubscriptionFilter, RpcError> SubscriptionFilter::read(Json const& params, McpCore const& core) {
    Json const* wanted = core::find_object(params, "notifications");
    if (wanted == nullptr) {
        return tl::unexpected<RpcError>(malformed(" must be an object"));
    }
    for (char const* flag : {"toolsListChanged", "promptsListChanged", "resourcesListChanged"}) {
        Json const* value = core::find(*wanted, flag);
        if (value != nullptr && !value->is_boolean()) {
            return tl::unexpected<RpcError>(malformed("." + std::string(flag) + " must be true or false"));
        }
    }
    ServerFeatures const& features = core.features();
    SubscriptionFilter filter;
    filter.tools = features.tools_change && core::find_bool(*wanted, "toolsListChanged").value_or(false);
    filter.prompts =
        features.prompts_change && core::find_bool(*wanted, "promptsListChanged").value_or(false);
    filter.resources =
        features.resources_change && core::find_bool(*wanted, "resourcesListChanged").value_or(false);
    auto uris = read_keys(*wanted, "resourceSubscriptions");
    if (!uris) {
        return tl::unexpected<RpcError>(uris.error());
    }
    for (std::string const& uri : *uris) {
        if (core.can_subscribe(uri)) {
            filter.uris.insert(uri);
        }
    }
    auto tasks = read_keys(*wanted, "taskIds");
    if (!tasks) {
        return tl::unexpected<RpcError>(tasks.error());
    }
    if (features.tasks != nullptr) {
        for (std::string const& id : *tasks) {
            filter.tasks.emplace(id, 0);
        }
    }
    return filter;
}

Json SubscriptionFilter::to_json() const {
    Json json = Json::object();
    if (tools) {
        json["toolsListChanged"] = true;
    }
    if (prompts) {
        json["promptsListChanged"] = true;
    }
    if (resources) {
        json["resourcesListChanged"] = true;
    }
    if (!uris.empty()) {
        json["resourceSubscriptions"] = uris;
    }
    if (!tasks.empty()) {
        Json& ids = json["taskIds"] = Json::array();
        for (auto const& [id, version] : tasks) {
            ids.push_back(id);
        }
    }
    return json;
}

bool SubscriptionFilter::wants(ChangeEvent const& event) const {
    switch (event.kind) {
    case ChangeEvent::Kind::tools:
        return tools;
    case ChangeEvent::Kind::prompts:
        return prompts;
    case ChangeEvent::Kind::resources:
        return resources;
    case ChangeEvent::Kind::resource:
        return uris.contains(event.key);
    case ChangeEvent::Kind::task:
        return tasks.contains(event.key);
    }
    return false;
}

std::string change_notification(ChangeEvent const& event, std::string_view meta) {
    std::string text = R"({"jsonrpc":"2.0","method":")";
    text += method_of(event.kind);
    text += '"';
    std::string params;
    if (event.kind == ChangeEvent::Kind::resource) {
        params += R"("uri":)";
        append_json_string(params, event.key);
    } else if (event.payload.is_object()) {
        append_json(params, event.payload);
        params = params.substr(1, params.size() - 2);
    }
    if (!meta.empty()) {
        params += params.empty() ? R"("_meta":)" : R"(,"_meta":)";
        params += meta;
    }
    if (!params.empty()) {
        text += R"(,"params":{)";
        text += params;
        text += '}';
    }
    text += '}';
    return text;
}

ListenStream::ListenStream(McpCore& core, RequestId const& id, SubscriptionFilter filter, Outlet& outlet)
    : core_(core), id_(id), filter_(std::move(filter)), outlet_(outlet) {
    meta_ = "{";
    append_json_string(meta_, kSubscriptionId);
    meta_ += ':';
    id_.append_to(meta_);
    meta_ += '}';
    core_.parts().hub.add(*this);
    for (auto const& [task, version] : filter_.tasks) {
        core_.tasks()->watch(task, version);
    }
}

ListenStream::~ListenStream() {
    core_.parts().hub.remove(*this);
    for (auto const& [task, version] : filter_.tasks) {
        core_.tasks()->unwatch(task);
    }
}

void ListenStream::acknowledge() {
    std::string text =
        R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":)";
    append_json(text, filter_.to_json());
    text += R"(,"_meta":)";
    text += meta_;
    text += "}}";
    outlet_.notify(std::move(text));
}

void ListenStream::changed(ChangeEvent const& event) {
    if (filter_.wants(event)) {
        outlet_.notify(change_notification(event, meta_));
    }
}

std::string ListenStream::closing_response() const {
    Json meta = Json::parse(meta_);
    std::string text = begin_result(id_, 256);
    text += '{';
    end_result(text, ResultTail(kModernRevision, core_.server_info()), meta, true);
    text += '}';
    return text;
}

core::Task<std::optional<RpcError>>
keep_own_tasks(SubscriptionFilter& filter, McpCore& core, RequestScope const& scope) {
    if (filter.tasks.empty()) {
        co_return std::optional<RpcError>();
    }
    if (!scope.features.tasks) {
        co_return std::optional<RpcError>(TaskEngine::extension_missing());
    }
    std::map<std::string, std::int64_t, std::less<>> own;
    for (auto const& [id, unknown] : filter.tasks) {
        std::optional<std::int64_t> const version = co_await core.tasks()->version(id, scope.caller.id);
        if (version) {
            own.emplace(id, *version);
        }
    }
    filter.tasks = std::move(own);
    co_return std::optional<RpcError>();
}

} // namespace protocol

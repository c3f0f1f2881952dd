#include "protocol/input_request.hpp"

namespace protocol {
namespace {

constexpr std::string_view kElicit = "elicitation/create";

bool is_url_mode(InputRequest const& request) noexcept {
    return request.method == kElicit && core::find_string(request.params, "mode") == "url";
}

} // namespace

InputRequest ask_form(std::string key, std::string message, Json schema) {
    Json params = Json::object();
    params["mode"] = "form";
    params["message"] = std::move(message);
    params["requestedSchema"] = std::move(schema);
    return InputRequest(std::move(key), std::string(kElicit), std::move(params));
}

InputRequest ask_url(std::string key, std::string message, std::string url) {
    Json params = Json::object();
    params["mode"] = "url";
    params["message"] = std::move(message);
    params["url"] = std::move(url);
    return InputRequest(std::move(key), std::string(kElicit), std::move(params));
}

bool can_answer(ClientFeatures const& client, InputRequest const& request) noexcept {
    if (request.method == kElicit) {
        return is_url_mode(request) ? client.url_elicitation : client.form_elicitation;
    }
    return request.method == "roots/list" ? client.roots : client.sampling;
}

Json capability_for(InputRequest const& request) {
    Json needed = Json::object();
    if (request.method == kElicit) {
        needed["elicitation"] = Json::object();
        needed["elicitation"][is_url_mode(request) ? "url" : "form"] = Json::object();
    } else {
        needed[request.method == "roots/list" ? "roots" : "sampling"] = Json::object();
    }
    return needed;
}

std::optional<ElicitAnswer> ElicitAnswer::of(Json const& inputs, std::string_view key) {
    Json const* given = core::find_object(inputs, key);
    auto const action = given != nullptr ? core::find_string(*given, "action") : std::nullopt;
    ElicitAnswer answer;
    answer.content = Json::object();
    if (action == "accept") {
        answer.action = Action::accept;
        if (Json const* content = core::find_object(*given, "content")) {
            answer.content = *content;
        }
        return answer;
    }
    if (action == "decline" || action == "cancel") {
        answer.action = action == "decline" ? Action::decline : Action::cancel;
        return answer;
    }
    return std::nullopt;
}

std::string ElicitAnswer::text(std::string_view field) const {
    return std::string(core::find_string(content, field).value_or(std::string_view()));
}

bool ElicitAnswer::flag(std::string_view field) const {
    return core::find_bool(content, field).value_or(false);
}

} // namespace protocol

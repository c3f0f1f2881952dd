#include "server/front/rest/rest_request.hpp"

#include "core/http/http_message.hpp"
#include "server/front/problem.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace server {
namespace {

constexpr std::size_t kDepth = 16;
constexpr std::size_t kMostTags = 32;

core::Error invalid(std::string code, std::string message) {
    return core::Error(core::ErrorKind::invalid_argument, std::move(message)).with_code(std::move(code));
}

/// Takes one entity tag off the front; nullopt when there is none. Weak ones come out empty.
std::optional<std::string> take_tag(std::string_view& text) {
    bool const weak = text.starts_with("W/");
    std::string_view rest = text.substr(weak ? 2 : 0);
    if (!rest.starts_with('"')) {
        return std::nullopt;
    }
    std::size_t const end = rest.find('"', 1);
    if (end == std::string_view::npos) {
        return std::nullopt;
    }
    std::string tag(rest.substr(0, end + 1));
    text = core::trim_ows(rest.substr(end + 1));
    return weak ? std::string() : tag;
}

core::Result<void> read_tags(std::string_view text, WriteCondition& condition) {
    auto const refuse = [] {
        return core::fail(
            invalid("invalid_if_match", "If-Match is no list of entity tags.")
                .with_fix("Write it as it came in the ETag field, with its quotes: If-Match: \"7\"."));
    };
    std::size_t count = 0;
    for (text = core::trim_ows(text); !text.empty() && count < kMostTags; ++count) {
        std::optional<std::string> tag = take_tag(text);
        if (!tag || (!text.empty() && !text.starts_with(','))) {
            return refuse();
        }
        if (!tag->empty()) {
            condition.etags.push_back(std::move(*tag));
        }
        text = text.empty() ? text : core::trim_ows(text.substr(1));
    }
    return text.empty() && count > 0 ? core::Result<void>() : refuse();
}

} // namespace

core::Result<core::Json> read_json_object(InboundRequest const& request) {
    std::string const type = request.media_type();
    bool const json = type == "application/json" || type.ends_with("+json");
    if (!json) {
        return core::fail(invalid("unsupported_media_type", "The body must be JSON, said so by Content-Type.")
                              .with_status(415));
    }
    core::JsonLimits limits;
    limits.max_depth = kDepth;
    core::Result<core::Json> object = core::parse_json(request.body, limits);
    if (!object || !object->is_object()) {
        // The parser's words may quote what it stumbled over.
        return core::fail(invalid("invalid_body", "The body is not a JSON object."));
    }
    return object;
}

core::Result<WriteCondition> read_condition(InboundRequest const& request) {
    WriteCondition condition;
    for (auto const& [name, value] : request.headers.fields()) {
        std::string_view const text = core::trim_ows(value);
        if (core::iequals(name, "If-Match")) {
            condition.says_match = true;
            condition.any = condition.any || text == "*";
            if (text != "*") {
                ADOMCPD_TRY_VOID(read_tags(text, condition));
            }
        } else if (core::iequals(name, "If-None-Match")) {
            if (text != "*") {
                return core::fail(invalid("invalid_if_none_match", "If-None-Match takes only * here.")
                                      .with_fix("Send `If-None-Match: *` to make sure that it is new."));
            }
            condition.must_be_new = true;
        }
    }
    return condition;
}

core::Result<ResourceChange> read_change(InboundRequest const& request) {
    ResourceChange change;
    ADOMCPD_TRY(change.document, read_json_object(request));
    ADOMCPD_TRY(change.condition, read_condition(request));
    return change;
}

std::string resource_name(InboundRequest const& request) {
    return std::string(request.parameter("name"));
}

HttpReply
resource_reply(int status, core::Json const& body, std::string const& etag, std::string const& created_at) {
    HttpReply reply = json_reply(status, body);
    reply.headers.add("ETag", etag);
    if (!created_at.empty()) {
        reply.headers.add("Location", created_at);
    }
    return reply;
}

HttpReply rest_problem(core::Error const& error) {
    Problem problem = problem_of(error);
    if (error.code() == "precondition_failed") {
        problem.status = 412;
    } else if (error.code() == "precondition_required") {
        problem.status = 428;
    } else if (error.code() == "unsupported_media_type") {
        problem.status = 415;
    } else if (error.code() == "store_limit_reached") {
        problem.status = 409;
    }
    return problem_reply(problem);
}

void put_text(core::Json& object, char const* name, std::string const& value) {
    if (!value.empty()) {
        object[name] = value;
    }
}

void put_time(core::Json& object, char const* name, std::optional<core::SystemTime> const& value) {
    if (value) {
        object[name] = core::format_utc(*value);
    }
}

core::Json describe_method(CredentialMethodStatus const& status) {
    core::Json object = {{"method", status.method}, {"state", status.state}};
    put_time(object, "since", status.since);
    put_text(object, "identity", status.identity);
    put_text(object, "tenant", status.tenant);
    put_time(object, "expires_at", status.expires_at);
    if (status.all_organizations) {
        object["all_organizations"] = true;
    }
    put_time(object, "last_refresh", status.last_refresh);
    if (!status.last_error.empty()) {
        core::Json error = {{"message", status.last_error}};
        put_text(error, "code", status.last_error_code);
        put_text(error, "fix", status.fix);
        object["last_error"] = std::move(error);
    }
    return object;
}

} // namespace server

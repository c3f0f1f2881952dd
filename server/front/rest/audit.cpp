#include "server/front/rest/audit.hpp"

#include "core/crypto/digest.hpp"
#include "core/text/percent_encoding.hpp"
#include "server/config/expiry.hpp"
#include "server/front/problem.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace server {
namespace {

constexpr std::size_t kMostRecords = 1000;

core::Error invalid(std::string_view name, std::string_view expected) {
    return core::Error(core::ErrorKind::invalid_argument,
                       "'" + std::string(name) + "' is not " + std::string(expected) + ".")
        .with_code("invalid_query")
        .with_fix("GET /api/v1/audit takes organization, event, since, limit and cursor.");
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    Number value = 0;
    auto const [stop, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    return ec == std::errc() && stop == text.data() + text.size() && value > 0 ? std::optional(value)
                                                                               : std::nullopt;
}

/// Organizations are kept by their name in lower case.
std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

core::Result<void>
take_pair(AuditQuery& query, std::string_view name, std::string const& value, core::SystemTime now) {
    if (name == "organization") {
        query.organization = lower_case(value);
    } else if (name == "event") {
        query.event = value;
    } else if (name == "since") {
        query.since = parse_since(value, now);
        if (!query.since) {
            return core::fail(
                invalid(name, "a date, a time or a span, as 2027-03-01, 2027-03-01T12:00:00Z or 7d"));
        }
    } else if (name == "limit") {
        auto const limit = number_of<std::size_t>(value);
        if (!limit || *limit > kMostRecords) {
            return core::fail(invalid(name, "a number from 1 to 1000"));
        }
        query.limit = *limit;
    } else if (name == "cursor") {
        query.before = number_of<std::int64_t>(value);
        if (!query.before) {
            return core::fail(invalid(name, "a cursor of an earlier answer"));
        }
    } else {
        return core::fail(invalid(name, "known here"));
    }
    return {};
}

core::Result<AuditQuery> read_query(std::string_view text, std::size_t page, core::SystemTime now) {
    AuditQuery query;
    query.limit = page;
    std::optional<core::QueryPairs> const pairs = core::parse_query(text);
    if (!pairs) {
        return core::fail(invalid("query", "well-formed"));
    }
    for (auto const& [name, value] : *pairs) {
        ADOMCPD_TRY_VOID(take_pair(query, name, value, now));
    }
    return query;
}

void put(core::Json& object, char const* name, std::string const& value) {
    if (!value.empty()) {
        object[name] = value;
    }
}

} // namespace

core::Json audit_record_json(AuditRecord const& record) {
    AuditEvent const& event = record.event;
    core::Json object = {{"sequence", record.sequence},
                         {"time", core::format_utc(record.at)},
                         {"event", event.event},
                         {"outcome", std::string(to_string(event.outcome))}};
    core::Json principal = {{"id", event.actor.id}};
    put(principal, "name", event.actor.name);
    object["principal"] = std::move(principal);
    put(object, "organization", event.organization);
    put(object, "method", event.method);
    put(object, "identity", event.identity);
    put(object, "subject", event.subject);
    put(object, "error_code", event.error_code);
    put(object, "correlation_id", event.actor.correlation_id);
    put(object, "fingerprint", event.fingerprint);
    object["key_id"] = record.key_id;
    object["hash"] = core::hex_encode(record.hash);
    return object;
}

void AuditRoutes::add_to(RouteTable& routes) {
    routes.add(
        Route("GET", "/api/v1/audit", core::Role::administrator, [this](auto& request, auto const& ctx) {
            return list(request, ctx);
        }));
}

core::Task<HttpReply> AuditRoutes::list(InboundRequest& request, core::CallContext const& /*ctx*/) {
    core::Result<AuditQuery> query = read_query(request.query, page_, clock_.system_now());
    if (!query) {
        co_return problem_reply(problem_of(query.error()));
    }
    AuditQuery asked = std::move(*query);
    core::Result<AuditPage> const page = co_await log_.list(std::move(asked));
    if (!page) {
        co_return problem_reply(problem_of(page.error()));
    }
    core::Json records = core::Json::array();
    for (AuditRecord const& record : page->records) {
        records.push_back(audit_record_json(record));
    }
    core::Json body = core::Json::object();
    body["records"] = std::move(records);
    body["cursor"] = page->before ? core::Json(std::to_string(*page->before)) : core::Json();
    co_return json_reply(200, body);
}

} // namespace server

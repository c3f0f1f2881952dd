#include "openapi/openapi_check.hpp"

#include "core/http/http_message.hpp"
#include "protocol/schema.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>

namespace test {
namespace {

using core::Json;

std::vector<std::string> segments_of(std::string_view path) {
    std::vector<std::string> segments;
    path = path.substr(0, path.find('?'));
    while (!path.empty()) {
        path.remove_prefix(1);
        std::size_t const slash = std::min(path.find('/'), path.size());
        segments.emplace_back(path.substr(0, slash));
        path.remove_prefix(slash);
    }
    if (!segments.empty() && segments.back().empty()) {
        segments.pop_back();
    }
    return segments;
}

/// How many segments are literal; -1 when it does not fit.
int fit(std::string const& pattern, std::vector<std::string> const& path) {
    std::vector<std::string> const wanted = segments_of(pattern);
    if (wanted.size() != path.size()) {
        return -1;
    }
    int literal = 0;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (wanted[i].starts_with('{')) {
            continue;
        }
        if (!core::iequals(wanted[i], path[i])) {
            return -1;
        }
        ++literal;
    }
    return literal;
}

/// nullptr when the document does not know it. A literal path wins, unless only the other has the method.
Json const* find_operation(std::string method, std::string_view path) {
    std::vector<std::string> const segments = segments_of(path);
    std::transform(method.begin(), method.end(), method.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    Json const* found = nullptr;
    int best = -1;
    for (auto const& [pattern, item] : openapi_document().at("paths").items()) {
        int const literal = fit(pattern, segments);
        if (literal > best && item.contains(method)) {
            best = literal;
            found = &item.at(method);
        }
    }
    return found;
}

bool is_ours(std::string_view path) {
    return core::iequals(path.substr(0, 5), "/api/");
}

/// A schema of the document with what its references lead to.
std::vector<std::string> check(Json const& schema, std::string const& text, std::string const& where) {
    Json const value = Json::parse(text, nullptr, false);
    if (value.is_discarded()) {
        return {where + ": the body is no JSON"};
    }
    Json whole = Json::object();
    whole["$schema"] = "https://json-schema.org/draft/2020-12/schema";
    whole["components"] = openapi_document().at("components");
    whole["allOf"] = Json::array({schema});
    std::vector<std::string> problems;
    for (protocol::SchemaProblem const& problem : protocol::validate(whole, value)) {
        problems.push_back(where + ": " + protocol::to_string(problem));
    }
    return problems;
}

} // namespace

Json const& openapi_document() {
    static Json const document = [] {
        std::ifstream file(OPENAPI_FILE);
        std::string const text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
        Json parsed = Json::parse(text, nullptr, false);
        if (parsed.is_discarded()) {
            throw std::runtime_error("server/front/rest/openapi.json is no JSON");
        }
        return parsed;
    }();
    return document;
}

std::vector<std::string> openapi_violations(std::string const& method,
                                            std::string_view path,
                                            int status,
                                            std::string_view content_type,
                                            std::string const& body) {
    if (!is_ours(path)) {
        return {};
    }
    std::string const where = method + " " + std::string(path) + " " + std::to_string(status);
    Json const* const operation = find_operation(method == "HEAD" ? "GET" : method, path);
    std::string const type(content_type.substr(0, content_type.find(';')));
    if (operation == nullptr) {
        // A path or method there is none of is refused as everything else is.
        bool const refused = status >= 400 && type == "application/problem+json";
        return refused ? check(Json{{"$ref", "#/components/schemas/Problem"}}, body, where)
                       : std::vector<std::string>{where + ": the document has no such operation"};
    }
    Json const& responses = operation->at("responses");
    std::string const code = std::to_string(status);
    if (!responses.contains(code) && status < 400) {
        return {where + ": the document has no such status"};
    }
    Json const& response = responses.contains(code) ? responses.at(code) : responses.at("default");
    Json const content = response.value("content", Json::object());
    if (!content.contains(type)) {
        return {where + ": the document has no media type '" + type + "'"};
    }
    if (method == "HEAD" || !type.ends_with("json")) {
        return {};
    }
    return check(content.at(type).at("schema"), body, where);
}

std::vector<std::string>
openapi_request_violations(std::string const& method, std::string_view path, std::string const& json_body) {
    Json const* const operation = find_operation(method, path);
    std::string const where = method + " " + std::string(path) + " (request)";
    if (operation == nullptr || !operation->contains("requestBody")) {
        return {where + ": the document has no such operation with a body"};
    }
    return check(
        operation->at("requestBody").at("content").at("application/json").at("schema"), json_body, where);
}

std::vector<std::string> openapi_operations() {
    std::vector<std::string> all;
    for (auto const& [pattern, item] : openapi_document().at("paths").items()) {
        for (auto const& [method, operation] : item.items()) {
            if (method == "parameters") {
                continue;
            }
            std::string upper = method;
            std::transform(upper.begin(), upper.end(), upper.begin(), [](char c) {
                return static_cast<char>(c - 'a' + 'A');
            });
            all.push_back(upper + " " + pattern);
        }
    }
    std::sort(all.begin(), all.end());
    return all;
}

} // namespace test

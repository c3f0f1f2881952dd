#include "server/router/ado_uri.hpp"

#include "core/text/percent_encoding.hpp"
#include "core/text/utf8.hpp"
#include "server/tools/answer.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace server {
namespace {

constexpr std::size_t kMaxUri = 4096;

core::Error written_wrongly(std::string_view what) {
    return wrong_argument("This ado:// URI " + std::string(what) + ".",
                          "Its form is " + std::string(kAdoFileTemplate) + ", each part percent-encoded.");
}

core::Error names_nothing() {
    return core::Error(core::ErrorKind::not_found, "There is no such resource.").with_not_sent();
}

/// One part of a path: a name that stays where it was put.
core::Result<std::string> decode_part(std::string_view part) {
    std::optional<std::string> name = core::percent_decode(part);
    if (!name || !core::is_valid_utf8(*name)) {
        return core::fail(written_wrongly("has a broken percent-escape"));
    }
    if (!is_usable_name(*name) || name->find_first_of("/\\") != std::string::npos) {
        return core::fail(written_wrongly("has a part that is empty, `.` or `..`, or holds a slash or a "
                                          "control character"));
    }
    return std::move(*name);
}

core::Result<std::string> decode_version(std::string_view query) {
    std::optional<core::QueryPairs> pairs = core::parse_query(query);
    if (!pairs || pairs->size() > 1 || (pairs->size() == 1 && pairs->front().first != "version")) {
        return core::fail(written_wrongly("has something else than one `version` in its query"));
    }
    std::string version = pairs->empty() ? std::string() : std::move(pairs->front().second);
    if (!version.empty() && (!is_usable_name(version) || !core::is_valid_utf8(version))) {
        return core::fail(written_wrongly("has an unusable version"));
    }
    return version;
}

std::vector<std::string_view> split(std::string_view text) {
    std::vector<std::string_view> parts;
    for (;;) {
        std::size_t const slash = text.find('/');
        parts.push_back(text.substr(0, slash));
        if (slash == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(slash + 1);
    }
}

} // namespace

core::Result<AdoUri> parse_ado_uri(std::string_view uri) {
    if (!uri.starts_with(kAdoScheme)) {
        return core::fail(names_nothing());
    }
    if (uri.size() > kMaxUri || uri.find('#') != std::string_view::npos) {
        return core::fail(written_wrongly("is too long or has a fragment"));
    }
    uri.remove_prefix(kAdoScheme.size());
    std::size_t const question = uri.find('?');
    AdoUri parsed;
    if (question != std::string_view::npos) {
        ADOMCPD_TRY(parsed.version, decode_version(uri.substr(question + 1)));
    }
    std::vector<std::string> parts;
    for (std::string_view const part : split(uri.substr(0, question))) {
        ADOMCPD_TRY(std::string name, decode_part(part));
        parts.push_back(std::move(name));
    }
    bool const is_organization = parts.size() == 1 && question == std::string_view::npos;
    if (!is_organization && parts.size() < 4) {
        return core::fail(names_nothing());
    }
    parsed.organization = std::move(parts[0]);
    if (is_organization) {
        return parsed;
    }
    parsed.project = std::move(parts[1]);
    parsed.repository = std::move(parts[2]);
    for (std::size_t i = 3; i < parts.size(); ++i) {
        parsed.path += "/" + parts[i];
    }
    return parsed;
}

std::string organization_uri(std::string_view organization) {
    return std::string(kAdoScheme) + core::percent_encode(organization);
}

} // namespace server

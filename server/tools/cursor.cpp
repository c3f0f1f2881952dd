#include "server/tools/cursor.hpp"

#include "core/crypto/digest.hpp"
#include "core/text/base64.hpp"

#include <nlohmann/json.hpp>

#include <optional>

namespace server {

namespace {

constexpr std::size_t kCheckBytes = 8;
constexpr std::int64_t kMaxPlace = 4'000'000'000; ///< ids of work items have 31 bits

std::string check(std::string_view text, std::string_view subject) {
    std::string covered(text);
    covered.push_back('\n');
    covered += subject;
    return core::sha256(covered).substr(0, kCheckBytes);
}

tl::unexpected<core::Error> bad_cursor() {
    return core::fail(
        core::Error(core::ErrorKind::invalid_argument, "`cursor` is not one that this call returned")
            .with_code("bad_cursor")
            .with_fix("Repeat the arguments of the call that returned it unchanged, or leave `cursor` "
                      "out to start over")
            .with_not_sent());
}

} // namespace

std::string cursor_subject(std::string_view tool, std::string_view organization, core::Json const& args) {
    core::Json subject = args.is_object() ? args : core::Json::object();
    for (char const* const name : {"cursor", "max_bytes", "top", "organization"}) {
        subject.erase(name);
    }
    return std::string(tool) + '\n' + std::string(organization) + '\n' + core::dump_json(subject);
}

std::string write_cursor(CursorPosition const& position, std::string_view subject) {
    core::Json json{{"item", position.item}, {"part", position.part}};
    if (!position.after.empty()) {
        json["after"] = position.after;
    }
    std::string const text = core::dump_json(json);
    return core::base64url_encode(check(text, subject) + text);
}

core::Result<CursorPosition> read_cursor(std::string_view text, std::string_view subject) {
    std::optional<std::string> const bytes = core::base64url_decode(text);
    if (!bytes || bytes->size() <= kCheckBytes) {
        return bad_cursor();
    }
    std::string_view const json_text = std::string_view(*bytes).substr(kCheckBytes);
    if (bytes->substr(0, kCheckBytes) != check(json_text, subject)) {
        return bad_cursor();
    }
    core::Result<core::Json> const json = core::parse_json(json_text, core::JsonLimits());
    std::optional<std::int64_t> const item = json ? core::find_int(*json, "item") : std::nullopt;
    std::optional<std::int64_t> const part = json ? core::find_int(*json, "part") : std::nullopt;
    if (!item || !part || *item < 0 || *part < 0 || *item > kMaxPlace || *part > kMaxPlace) {
        return bad_cursor();
    }
    CursorPosition position;
    position.item = static_cast<std::uint64_t>(*item);
    position.part = static_cast<std::uint64_t>(*part);
    position.after = std::string(core::find_string(*json, "after").value_or(std::string_view()));
    return position;
}

} // namespace server

#include "server/config/load_config.hpp"

#include "core/check.hpp"
#include "protocol/schema.hpp"
#include "server/config/config_reader.hpp"
#include "server/config/config_yaml.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace server {
namespace {

using core::Json;

constexpr std::size_t kMaxFileBytes = 1024 * 1024;
constexpr std::size_t kMaxProblems = 100;

bool schema_allows(Json const& schema, std::string_view type) {
    Json const* types = core::find(schema, "type");
    if (types == nullptr) {
        return false;
    }
    if (types->is_string()) {
        return types->get_ref<std::string const&>() == type;
    }
    for (Json const& one : *types) {
        if (one.is_string() && one.get_ref<std::string const&>() == type) {
            return true;
        }
    }
    return false;
}

/// What came out of the environment takes the type its key wants, quoted or not: a project named 2024 is no
/// number, and
/// '${CALLS}', which has to be quoted between braces, may be one.
void settle_expanded(Json const& schema,
                     Json& value,
                     std::string const& pointer,
                     ConfigProblems const& problems) {
    if (value.is_object()) {
        Json const* properties = core::find_object(schema, "properties");
        for (auto const& [key, member] : value.items()) {
            if (Json const* property =
                    properties != nullptr ? core::find_object(*properties, key) : nullptr) {
                settle_expanded(*property, member, pointer_child(pointer, key), problems);
            }
        }
    } else if (value.is_array()) {
        Json const* items = core::find_object(schema, "items");
        for (std::size_t i = 0; items != nullptr && i < value.size(); ++i) {
            settle_expanded(*items, value[i], pointer_child(pointer, i), problems);
        }
    } else if (SourceMark const* mark = problems.mark(pointer); mark != nullptr && mark->expanded) {
        value = schema_allows(schema, "string") ? Json(mark->text) : plain_scalar(mark->text);
    }
}

/// Secrets written into the YAML, refused before anything could quote them.
void refuse_inline_secrets(Json const& value, std::string const& pointer, ConfigProblems& problems) {
    if (value.is_array()) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            refuse_inline_secrets(value[i], pointer_child(pointer, i), problems);
        }
    }
    if (!value.is_object()) {
        return;
    }
    for (auto const& [key, member] : value.items()) {
        std::string const child = pointer_child(pointer, key);
        if (key == "pat" || key == "client_secret") {
            problems.add_at_key(
                child,
                "a secret in the configuration itself",
                key + "_file with the path of a file that holds it (mode 0600); secrets never stand in "
                      "the YAML");
        } else {
            refuse_inline_secrets(member, child, problems);
        }
    }
}

void check_schema(Json const& document, ConfigProblems& problems) {
    for (protocol::SchemaProblem const& problem :
         protocol::validate(config_schema(), document, kMaxProblems)) {
        bool const unknown = problem.found == "an unknown property";
        std::string expected = unknown ? "a key of this section" : problem.expected;
        if (!problem.hint.empty()) {
            expected += "; " + problem.hint;
        }
        if (unknown) {
            problems.add_at_key(problem.pointer, "an unknown key", std::move(expected));
        } else {
            problems.add(problem.pointer, problem.found, std::move(expected));
        }
    }
}

tl::unexpected<ConfigProblems> unreadable(std::string const& path, std::string found) {
    ConfigProblems problems(path);
    problems.add_at(0, 0, "", std::move(found), "a configuration file this program can read");
    return tl::unexpected<ConfigProblems>(std::move(problems));
}

} // namespace

Json const& config_schema() {
    static Json const schema = [] {
        core::Result<Json> parsed = core::parse_json(config_schema_text(), core::JsonLimits{});
        ADOMCPD_CHECK(parsed.has_value());
        return std::move(*parsed);
    }();
    return schema;
}

tl::expected<Config, ConfigProblems> parse_config(std::string const& text,
                                                  std::string const& source,
                                                  std::string const& folder,
                                                  Environment const& environment) {
    ConfigProblems problems(source);
    Json document = read_yaml(text, environment, problems);
    refuse_inline_secrets(document, "", problems);
    settle_expanded(config_schema(), document, "", problems);
    check_schema(document, problems);
    protocol::normalize_integers(config_schema(), document);
    Config config = read_config(document, folder, problems);
    check_config(config, problems);
    if (!problems.empty()) {
        return tl::unexpected<ConfigProblems>(std::move(problems));
    }
    config.source = source;
    return config;
}

tl::expected<Config, ConfigProblems> load_config_from(std::optional<std::string> const& path,
                                                      Environment const& environment) {
    std::optional<std::string> file = path;
    if (!file) {
        file = environment(kConfigVariable);
    }
    if (!file) {
        std::error_code ignored;
        if (!std::filesystem::exists(kDefaultConfigPath, ignored)) {
            return parse_config("", kBuiltInDefaults, ".", environment);
        }
        file = kDefaultConfigPath;
    }
    std::error_code no_status;
    if (!std::filesystem::exists(*file, no_status)) {
        return unreadable(*file, "no such file");
    }
    if (std::filesystem::is_directory(*file, no_status)) {
        return unreadable(*file, "a folder");
    }
    std::ifstream stream(*file, std::ios::binary);
    std::string text;
    if (stream) {
        text.resize(kMaxFileBytes + 1);
        stream.read(text.data(), static_cast<std::streamsize>(text.size()));
        text.resize(static_cast<std::size_t>(stream.gcount()));
    }
    if (!stream.is_open() || stream.bad()) {
        return unreadable(*file, "a file that cannot be read");
    }
    if (text.size() > kMaxFileBytes) {
        return unreadable(*file, "more than 1 MiB");
    }
    std::string folder = std::filesystem::path(*file).parent_path().string();
    return parse_config(text, *file, folder.empty() ? "." : folder, environment);
}

core::Result<Config> load_config(std::optional<std::string> const& path) {
    auto loaded = load_config_from(path, process_environment());
    if (!loaded) {
        return core::fail(loaded.error().to_error());
    }
    return std::move(*loaded);
}

} // namespace server

#include "protocol/schema_references.hpp"

#include "core/text/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace protocol {
namespace {

/// `scheme:` and `//authority` are kept with their marks, so that joining them gives the text back.
class UriParts {
public:
    explicit UriParts(std::string_view text) {
        text = split_fragment(text).first;
        std::size_t const colon = text.find(':');
        if (colon != std::string_view::npos && colon != 0 && text.find_first_of("/?") > colon) {
            scheme = text.substr(0, colon + 1);
            text.remove_prefix(colon + 1);
        }
        if (text.starts_with("//")) {
            authority = text.substr(0, text.find_first_of("/?", 2));
            text.remove_prefix(authority.size());
        }
        path = text.substr(0, text.find('?'));
        query = text.substr(path.size());
    }

    std::string_view scheme;
    std::string_view authority;
    std::string_view path;
    std::string_view query;
};

std::string without_dots(std::string_view path) {
    bool const rooted = path.starts_with('/');
    std::vector<std::string_view> kept;
    bool folder = false;
    for (std::size_t at = rooted ? 1 : 0; at <= path.size();) {
        std::size_t const end = std::min(path.find('/', at), path.size());
        std::string_view const segment = path.substr(at, end - at);
        folder = segment == "." || segment == "..";
        if (segment == "..") {
            if (!kept.empty()) {
                kept.pop_back();
            }
        } else if (segment != ".") {
            kept.push_back(segment);
        }
        at = end + 1;
    }
    std::string text;
    for (std::size_t i = 0; i < kept.size(); ++i) {
        text += (i == 0 && !rooted ? "" : "/") + std::string(kept[i]);
    }
    return folder ? text + "/" : text;
}

} // namespace

std::pair<std::string_view, std::string_view> split_fragment(std::string_view reference) {
    std::size_t const mark = reference.find('#');
    if (mark == std::string_view::npos) {
        return {reference, {}};
    }
    return {reference.substr(0, mark), reference.substr(mark + 1)};
}

std::string resolve_uri(std::string_view base, std::string_view reference) {
    UriParts const from(base);
    UriParts const to(reference);
    std::string const tail(to.query);
    if (!to.scheme.empty()) {
        // A path without a root (urn:uuid:…) has no segments to tidy.
        std::string const path = to.path.starts_with('/') ? without_dots(to.path) : std::string(to.path);
        return std::string(to.scheme) + std::string(to.authority) + path + tail;
    }
    if (!to.authority.empty()) {
        return std::string(from.scheme) + std::string(to.authority) + without_dots(to.path) + tail;
    }
    std::string const head = std::string(from.scheme) + std::string(from.authority);
    if (to.path.empty()) {
        return head + std::string(from.path) + (to.query.empty() ? std::string(from.query) : tail);
    }
    if (to.path.starts_with('/')) {
        return head + without_dots(to.path) + tail;
    }
    std::size_t const last = from.path.rfind('/');
    std::string folder(last == std::string_view::npos ? std::string_view() : from.path.substr(0, last + 1));
    if (folder.empty() && !from.authority.empty()) {
        folder = "/";
    }
    return head + without_dots(folder + std::string(to.path)) + tail;
}

SchemaDialect dialect_named(std::string_view uri) noexcept {
    for (std::string_view const prefix : {"http://", "https://"}) {
        if (uri.starts_with(prefix)) {
            uri.remove_prefix(prefix.size());
            break;
        }
    }
    if (uri.ends_with('#')) {
        uri.remove_suffix(1);
    }
    if (uri == "json-schema.org/draft/2020-12/schema") {
        return SchemaDialect::draft_2020_12;
    }
    return uri == "json-schema.org/draft-07/schema" ? SchemaDialect::draft_07 : SchemaDialect::unknown;
}

PointerTarget follow_pointer(Json const& start, std::string_view fragment) {
    PointerTarget target;
    auto const decoded = core::percent_decode(fragment);
    if (!decoded || !(decoded->empty() || decoded->starts_with('/'))) {
        return target;
    }
    target.step = *decoded;
    Json const* at = &start;
    for (std::string_view rest = *decoded; !rest.empty() && at != nullptr;) {
        target.way.push_back(at);
        rest.remove_prefix(1); // the slash
        std::string_view const raw = rest.substr(0, rest.find('/'));
        rest.remove_prefix(raw.size());
        std::string name;
        for (std::size_t i = 0; i < raw.size(); ++i) {
            bool const escaped = raw[i] == '~' && i + 1 < raw.size();
            name += !escaped ? raw[i] : raw[++i] == '1' ? '/' : '~';
        }
        if (at->is_array()) {
            std::size_t index = 0;
            auto const read = std::from_chars(name.data(), name.data() + name.size(), index);
            bool const good = read.ec == std::errc() && read.ptr == name.data() + name.size();
            at = good && index < at->size() ? &(*at)[index] : nullptr;
        } else {
            at = core::find(*at, name);
        }
    }
    target.value = at;
    return target;
}

namespace {

/// Those that apply to the same value whenever the node does, or may.
Branches same_value_branches(SchemaNode const& node) {
    Branches out;
    if (node.combined) {
        CombinedRules const& rules = *node.combined;
        for (Branches const* group : {&rules.all, &rules.any, &rules.one}) {
            out.insert(out.end(), group->begin(), group->end());
        }
        for (SchemaNode const* one :
             {rules.reference, rules.excluded, rules.condition, rules.consequence, rules.alternative}) {
            if (one != nullptr) {
                out.push_back(one);
            }
        }
    }
    if (node.object) {
        for (auto const& [name, schema] : node.object->dependent_schemas) {
            out.push_back(schema);
        }
    }
    return out;
}

} // namespace

SchemaNode const* endless_reference(SchemaProgram const& program) {
    enum class State { open, done };
    class Visit {
    public:
        SchemaNode const* node;
        Branches branches;
    };
    std::unordered_map<SchemaNode const*, State> states;
    for (SchemaNode const& start : program.nodes) {
        if (states.count(&start) != 0) {
            continue;
        }
        std::vector<Visit> path{Visit{&start, same_value_branches(start)}};
        states[&start] = State::open;
        while (!path.empty()) {
            if (path.back().branches.empty()) {
                states[path.back().node] = State::done;
                path.pop_back();
                continue;
            }
            SchemaNode const* next = path.back().branches.back();
            path.back().branches.pop_back();
            auto const [it, fresh] = states.try_emplace(next, State::open);
            if (fresh) {
                path.push_back(Visit{next, same_value_branches(*next)});
            } else if (it->second == State::open) {
                return path.back().node;
            }
        }
    }
    return nullptr;
}

} // namespace protocol

#include "server/config/config_yaml.hpp"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace server {
namespace {

using core::Json;

constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxNodes = 100'000; ///< aliases can make a small file a huge document

class Reader {
public:
    Reader(Environment const& environment, ConfigProblems& problems)
        : environment_(environment), problems_(problems), marks_(problems.marks()) {}

    Json read(YAML::Node const& node, std::string const& pointer, YAML::Mark key_mark, std::size_t depth) {
        SourceMark& mark = marks_[pointer];
        mark.key_line = static_cast<std::size_t>(key_mark.line + 1);
        mark.key_column = static_cast<std::size_t>(key_mark.column + 1);
        // A block that begins on the line after its key is best found by the key.
        YAML::Mark const own = node.IsScalar() ? node.Mark() : key_mark;
        mark.line = static_cast<std::size_t>(own.line + 1);
        mark.column = static_cast<std::size_t>(own.column + 1);
        if (depth > kMaxDepth || ++nodes_ > kMaxNodes) {
            problems_.add_at(
                mark.line, mark.column, "", "a document nested too deep or too large", "a configuration");
            return Json();
        }
        switch (node.Type()) {
        case YAML::NodeType::Map:
            return read_map(node, pointer, depth);
        case YAML::NodeType::Sequence:
            return read_sequence(node, pointer, depth);
        case YAML::NodeType::Scalar:
            return read_scalar(node, pointer, mark);
        case YAML::NodeType::Null:
        case YAML::NodeType::Undefined:
            break;
        }
        return Json();
    }

private:
    Json read_map(YAML::Node const& node, std::string const& pointer, std::size_t depth) {
        Json out = Json::object();
        for (auto const& entry : node) {
            YAML::Mark const at = entry.first.Mark();
            if (!entry.first.IsScalar()) {
                problems_.add_at(
                    line(at), column(at), key_path(pointer), "a key that is not a word", "a plain key");
                continue;
            }
            std::string const& key = entry.first.Scalar();
            std::string const child = pointer_child(pointer, key);
            if (marks_.contains(child)) {
                problems_.add_at(
                    line(at), column(at), key_path(child), "the key a second time", "each key once");
                continue;
            }
            Json value = read(entry.second, child, at, depth + 1);
            if (!value.is_null()) {
                out[key] = std::move(value);
            }
        }
        return out;
    }

    Json read_sequence(YAML::Node const& node, std::string const& pointer, std::size_t depth) {
        Json out = Json::array();
        for (std::size_t i = 0; i < node.size(); ++i) {
            YAML::Node const item = node[i];
            std::string const child = pointer_child(pointer, i);
            Json value = read(item, child, item.Mark(), depth + 1);
            if (value.is_null()) {
                problems_.add(child, "an empty item", "a value");
            }
            out.push_back(std::move(value));
        }
        return out;
    }

    Json read_scalar(YAML::Node const& node, std::string const& pointer, SourceMark& mark) {
        std::string const& tag = node.Tag();
        bool const plain = tag == "?" || tag.empty();
        if (!plain && tag != "!" && tag != "tag:yaml.org,2002:str") {
            problems_.add(pointer, "the tag " + tag, "a value without a tag");
            return Json();
        }
        // An alias is one node in several places: it is expanded once for each.
        Expansion expansion = expand_environment(node.Scalar(), environment_);
        if (!expansion.problem.empty()) {
            problems_.add(pointer,
                          std::move(expansion.problem),
                          "a variable that is set, or ${NAME:-default}; $${ stands for a literal ${");
            return Json();
        }
        mark.text = expansion.text;
        mark.expanded = expansion.expanded;
        if (expansion.expanded && expansion.text.empty()) {
            return Json(); // an empty variable switches a key off, quoted or not
        }
        return plain ? plain_scalar(expansion.text) : Json(std::move(expansion.text));
    }

    static std::size_t line(YAML::Mark const& mark) { return static_cast<std::size_t>(mark.line + 1); }
    static std::size_t column(YAML::Mark const& mark) { return static_cast<std::size_t>(mark.column + 1); }

    Environment const& environment_;
    ConfigProblems& problems_;
    std::map<std::string, SourceMark>& marks_;
    std::size_t nodes_ = 0;
};

/// Words that a YAML reader takes for themselves when unquoted.
bool is_plain_safe(std::string const& text) {
    if (text.empty() || !plain_scalar(text).is_string() || text.find(": ") != std::string::npos ||
        text.find(" #") != std::string::npos || text.back() == ':' || text.back() == ' ') {
        return false;
    }
    if (std::string_view("-?:,[]{}#&*!|>'\"%@` ").find(text.front()) != std::string_view::npos) {
        return false;
    }
    for (char const c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == '$' || c == 0x7F) {
            return false;
        }
    }
    return true;
}

void write_value(Json const& value, std::string const& indent, std::string& out);

void write_scalar(Json const& value, std::string& out) {
    if (value.is_string() && is_plain_safe(value.get_ref<std::string const&>())) {
        out += value.get_ref<std::string const&>();
    } else {
        out += core::dump_json(value); // JSON is YAML
    }
}

void write_map(Json const& value, std::string const& indent, bool first_inline, std::string& out) {
    bool first = first_inline;
    for (auto const& [key, member] : value.items()) {
        out += first ? "" : indent;
        first = false;
        out += key + ":";
        write_value(member, indent, out);
    }
}

/// Behind `key:`; ends with a line break.
void write_value(Json const& value, std::string const& indent, std::string& out) {
    if (value.is_object() && !value.empty()) {
        out += "\n";
        write_map(value, indent + "  ", false, out);
        return;
    }
    if (value.is_array() && !value.empty()) {
        out += "\n";
        for (Json const& item : value) {
            out += indent + "  - ";
            if (item.is_object() && !item.empty()) {
                write_map(item, indent + "    ", true, out);
            } else {
                write_scalar(item, out);
                out += "\n";
            }
        }
        return;
    }
    out += " ";
    write_scalar(value, out);
    out += "\n";
}

} // namespace

Json plain_scalar(std::string const& text) {
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
        return Json();
    }
    if (text == "true" || text == "True" || text == "TRUE") {
        return Json(true);
    }
    if (text == "false" || text == "False" || text == "FALSE") {
        return Json(false);
    }
    char const* const begin = text.data() + (text.front() == '+' ? 1 : 0);
    char const* const end = text.data() + text.size();
    std::int64_t integer = 0;
    if (auto const [stop, ec] = std::from_chars(begin, end, integer); ec == std::errc() && stop == end) {
        return Json(integer);
    }
    double number = 0;
    if (text.find_first_not_of("+-0123456789.eE") == std::string::npos) {
        if (auto const [stop, ec] = std::from_chars(begin, end, number); ec == std::errc() && stop == end) {
            return Json(number);
        }
    }
    return Json(text);
}

Json read_yaml(std::string const& text, Environment const& environment, ConfigProblems& problems) {
    Json root = Json::object();
    try {
        std::vector<YAML::Node> const all = YAML::LoadAll(text);
        if (all.size() > 1) {
            YAML::Mark const at = all[1].Mark();
            problems.add_at(static_cast<std::size_t>(at.line + 1),
                            1,
                            "",
                            "a second document",
                            "one document in the file");
        }
        if (!all.empty() && !all.front().IsNull()) {
            Reader reader(environment, problems);
            root = reader.read(all.front(), "", all.front().Mark(), 0);
        }
    } catch (YAML::Exception const& e) {
        problems.add_at(static_cast<std::size_t>(e.mark.line + 1),
                        static_cast<std::size_t>(e.mark.column + 1),
                        "",
                        "text that is not YAML (" + e.msg + ")",
                        "YAML");
    }
    return root;
}

std::string write_yaml(Json const& value) {
    std::string out;
    write_map(value, "", false, out);
    return out;
}

} // namespace server

#include "auth/auth_challenge.hpp"

#include "core/http/http_message.hpp"

namespace auth {
namespace {

bool is_token_char(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

/// Reads a field value from the front.
class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool at_end() const noexcept { return text_.empty(); }
    void skip(std::string_view characters) noexcept {
        while (!text_.empty() && characters.find(text_.front()) != std::string_view::npos) {
            text_.remove_prefix(1);
        }
    }
    bool take(char c) noexcept {
        if (text_.empty() || text_.front() != c) {
            return false;
        }
        text_.remove_prefix(1);
        return true;
    }
    std::string_view token() noexcept {
        std::size_t length = 0;
        while (length < text_.size() && is_token_char(text_[length])) {
            ++length;
        }
        std::string_view const found = text_.substr(0, length);
        text_.remove_prefix(length);
        return found;
    }
    /// A quoted string, or everything up to the next comma: URLs are often left unquoted.
    std::string value() {
        std::string out;
        if (take('"')) {
            while (!text_.empty() && !take('"')) {
                if (text_.front() == '\\' && text_.size() > 1) {
                    text_.remove_prefix(1);
                }
                out.push_back(text_.front());
                text_.remove_prefix(1);
            }
            return out;
        }
        std::size_t const end = std::min(text_.find_first_of(", \t"), text_.size());
        out.assign(text_.substr(0, end));
        text_.remove_prefix(end);
        return out;
    }
    void drop_one() noexcept { text_.remove_prefix(1); }

private:
    std::string_view text_;
};

void append_parameter(std::string& challenge, std::string_view name, std::string_view value) {
    if (value.empty()) {
        return;
    }
    challenge.append(", ").append(name).append("=\"");
    for (char const c : value) {
        // RFC 6750 §3: no quotes, no backslashes, nothing beyond ASCII in here.
        bool const allowed = c >= ' ' && c < '\x7f' && c != '"' && c != '\\';
        challenge.push_back(allowed ? c : '?');
    }
    challenge.push_back('"');
}

} // namespace

std::optional<std::string_view> AuthChallenge::parameter(std::string_view name) const noexcept {
    for (auto const& [key, value] : parameters) {
        if (core::iequals(key, name)) {
            return std::string_view(value);
        }
    }
    return std::nullopt;
}

std::vector<AuthChallenge> parse_challenges(std::string_view field_value) {
    std::vector<AuthChallenge> challenges;
    Scanner scan(field_value);
    while (true) {
        scan.skip(" \t,");
        if (scan.at_end()) {
            return challenges;
        }
        std::string_view const name = scan.token();
        if (name.empty()) {
            scan.drop_one();
            continue;
        }
        // `name =` is a parameter of the challenge before it, a name alone opens the next one.
        Scanner ahead = scan;
        ahead.skip(" \t");
        if (ahead.take('=') && !challenges.empty()) {
            ahead.skip(" \t");
            scan = ahead;
            challenges.back().parameters.emplace_back(std::string(name), scan.value());
        } else {
            challenges.emplace_back(std::string(name));
        }
    }
}

std::string bearer_challenge(BearerHint const& hint) {
    std::string value = R"(Bearer realm="ado-mcpd")";
    append_parameter(value, "resource_metadata", hint.resource_metadata);
    append_parameter(value, "scope", hint.scope);
    return value;
}

std::string refusal_challenge(std::string_view error, std::string_view description, BearerHint const& hint) {
    std::string value = bearer_challenge(hint);
    append_parameter(value, "error", error);
    append_parameter(value, "error_description", description);
    return value;
}

} // namespace auth

#include "simulator/search_query.hpp"
#include "simulator/text.hpp"

#include <array>
#include <utility>

namespace simulator {
namespace {

class Token {
public:
    enum class Kind { word, quoted, open, close, end };
    Kind kind = Kind::end;
    std::string text;
    std::string prefix; ///< of `file:x` or `class:"a b"`
};

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Token next() {
        while (!text_.empty() && (text_.front() == ' ' || text_.front() == '\t' || text_.front() == '\n' ||
                                  text_.front() == '\r')) {
            text_.remove_prefix(1);
        }
        if (text_.empty()) {
            return {};
        }
        if (text_.front() == '(' || text_.front() == ')') {
            auto const kind = text_.front() == '(' ? Token::Kind::open : Token::Kind::close;
            text_.remove_prefix(1);
            return {kind, "", ""};
        }
        if (text_.front() == '"') {
            return {Token::Kind::quoted, quoted(), ""};
        }
        auto const end = text_.find_first_of(" \t\r\n()\":");
        std::string word(text_.substr(0, end));
        text_.remove_prefix(word.size());
        if (text_.starts_with(':') && !word.empty()) {
            text_.remove_prefix(1);
            if (text_.starts_with('"')) {
                return {Token::Kind::quoted, quoted(), lower(word)};
            }
            auto const value_end = text_.find_first_of(" \t\r\n()");
            std::string const value(text_.substr(0, value_end));
            text_.remove_prefix(value.size());
            return {Token::Kind::word, value, lower(word)};
        }
        if (word.empty()) {
            text_.remove_prefix(1); // a lone colon
            return next();
        }
        return {Token::Kind::word, std::move(word), ""};
    }

private:
    std::string quoted() {
        std::string out;
        text_.remove_prefix(1);
        while (!text_.empty() && text_.front() != '"') {
            if (text_.front() == '\\' && text_.size() > 1) {
                text_.remove_prefix(1);
            }
            out += text_.front();
            text_.remove_prefix(1);
        }
        if (!text_.empty()) {
            text_.remove_prefix(1);
        }
        return out;
    }

    std::string_view text_;
};

using NodePtr = std::unique_ptr<QueryNode>;

class Parser {
public:
    explicit Parser(std::string_view text) : lexer_(text), token_(lexer_.next()) {}

    ParsedQuery parse() {
        ParsedQuery out;
        out.root = any_of();
        out.info_code = info_code_;
        if (token_.kind != Token::Kind::end) {
            out.error = "The search text has unbalanced parentheses.";
        }
        return out;
    }

private:
    bool at_operator(std::string_view name) const {
        return token_.kind == Token::Kind::word && token_.prefix.empty() && token_.text == name;
    }
    void advance() { token_ = lexer_.next(); }

    static NodePtr combine(QueryKind kind, std::vector<NodePtr> children) {
        if (children.empty()) {
            return nullptr;
        }
        if (children.size() == 1 && kind != QueryKind::none_of) {
            return std::move(children.front());
        }
        auto node = std::make_unique<QueryNode>();
        node->kind = kind;
        node->children = std::move(children);
        return node;
    }

    NodePtr any_of() {
        std::vector<NodePtr> children;
        while (true) {
            if (auto child = all_of()) {
                children.push_back(std::move(child));
            }
            if (!at_operator("OR")) {
                break;
            }
            advance();
        }
        return combine(QueryKind::any_of, std::move(children));
    }

    NodePtr all_of() {
        std::vector<NodePtr> children;
        while (token_.kind != Token::Kind::end && token_.kind != Token::Kind::close && !at_operator("OR")) {
            if (at_operator("AND")) {
                advance();
                continue;
            }
            auto child = unary();
            for (auto const* name : {"NEAR", "BEFORE", "AFTER"}) {
                if (at_operator(name) && child != nullptr) {
                    advance();
                    std::vector<NodePtr> pair;
                    pair.push_back(std::move(child));
                    if (auto right = unary()) {
                        pair.push_back(std::move(right));
                    }
                    child = combine(QueryKind::near, std::move(pair));
                    child->near_operator = name;
                }
            }
            if (child != nullptr) {
                children.push_back(std::move(child));
            }
        }
        return combine(QueryKind::all_of, std::move(children));
    }

    NodePtr unary() {
        if (at_operator("NOT")) {
            advance();
            std::vector<NodePtr> children;
            if (auto child = unary()) {
                children.push_back(std::move(child));
            }
            return combine(QueryKind::none_of, std::move(children));
        }
        if (token_.kind == Token::Kind::open) {
            advance();
            auto inner = any_of();
            if (token_.kind == Token::Kind::close) {
                advance();
            }
            return inner;
        }
        return leaf();
    }

    NodePtr leaf() {
        Token const token = std::exchange(token_, lexer_.next());
        static constexpr std::array<std::string_view, 5> kFilters = {"proj", "repo", "path", "file", "ext"};
        for (auto const name : kFilters) {
            if (token.prefix == name) {
                auto node = std::make_unique<QueryNode>();
                node->kind = QueryKind::filter;
                node->filter = name;
                node->filter_value = lower(token.text);
                return node;
            }
        }
        std::uint32_t const elements = element_bit(token.prefix);
        std::string text = token.text;
        if (!token.prefix.empty() && elements == 0) {
            text = token.prefix + " " + text; // an unknown filter is just words
        }
        bool const has_wildcard =
            token.kind == Token::Kind::word && text.find_first_of("*?") != std::string::npos;
        auto const words = word_count(text);
        if (elements != 0) {
            info_code_ = has_wildcard                                     ? 20
                         : token.kind == Token::Kind::quoted && words > 1 ? 19
                         : words > 1                                      ? 5
                                                                          : info_code_;
        }
        if (has_wildcard && (text.front() == '*' || text.front() == '?')) {
            info_code_ = 4;
        }
        auto node = std::make_unique<QueryNode>();
        node->elements = elements;
        node->text = folded(utf8_to_utf16(text));
        node->kind = has_wildcard ? QueryKind::wildcard
                     : token.kind == Token::Kind::quoted || words != 1 || !all_word(node->text)
                         ? QueryKind::phrase
                         : QueryKind::term;
        return node->text.empty() ? nullptr : std::move(node);
    }

    static bool all_word(std::u16string const& text) {
        for (char16_t const c : text) {
            if (!is_word(c)) {
                return false;
            }
        }
        return true;
    }

    static int word_count(std::string const& text) {
        int words = 0;
        bool inside = false;
        for (char16_t const c : utf8_to_utf16(text)) {
            bool const now = is_word(c) || c == u'*' || c == u'?';
            words += now && !inside ? 1 : 0;
            inside = now;
        }
        return words;
    }

    Lexer lexer_;
    Token token_;
    int info_code_ = 0;
};

} // namespace

ParsedQuery parse_query(std::string_view text) {
    return Parser(text).parse();
}

} // namespace simulator

#include "simulator/wiql.hpp"

#include "simulator/work_item_types.hpp"

#include <utility>

namespace simulator {
namespace {

class WiqlToken {
public:
    enum class Kind { word, field, text, number, symbol, macro, end };
    Kind kind = Kind::end;
    std::string text;
};

class WiqlLexer {
public:
    explicit WiqlLexer(std::string_view text) : text_(text) {}

    WiqlToken next() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos) {
            ++at_;
        }
        if (at_ >= text_.size()) {
            return {};
        }
        char const c = text_[at_];
        if (c == '[') {
            return {WiqlToken::Kind::field, until(']')};
        }
        if (c == '\'' || c == '"') {
            return {WiqlToken::Kind::text, quoted(c)};
        }
        if (c == '@') {
            ++at_;
            return {WiqlToken::Kind::macro,
                    lower(run("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))};
        }
        if (c >= '0' && c <= '9') {
            return {WiqlToken::Kind::number, run("0123456789.")};
        }
        for (auto const symbol : {"<>", ">=", "<=", "=", "<", ">", "(", ")", ",", "-", "+"}) {
            if (text_.substr(at_).starts_with(symbol)) {
                at_ += std::string_view(symbol).size();
                return {WiqlToken::Kind::symbol, symbol};
            }
        }
        std::string word = run("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
        if (word.empty()) {
            ++at_;
            return {WiqlToken::Kind::symbol, std::string(1, c)};
        }
        return {WiqlToken::Kind::word, std::move(word)};
    }

private:
    std::string until(char close) {
        auto const end = text_.find(close, at_);
        std::string const out(text_.substr(at_ + 1, end == std::string_view::npos ? end : end - at_ - 1));
        at_ = end == std::string_view::npos ? text_.size() : end + 1;
        return out;
    }

    std::string quoted(char quote) {
        std::string out;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == quote) {
                if (at_ + 1 >= text_.size() || text_[at_ + 1] != quote) {
                    break;
                }
                ++at_; // doubled: one of them
            }
            out += text_[at_];
        }
        ++at_;
        return out;
    }

    std::string run(std::string_view set) {
        auto end = text_.find_first_not_of(set, at_);
        end = end == std::string_view::npos ? text_.size() : end;
        std::string out(text_.substr(at_, end - at_));
        at_ = end;
        return out;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

class WiqlParser {
public:
    explicit WiqlParser(std::string_view text) : lexer_(text), token_(lexer_.next()) {}

    WiqlQuery parse() {
        expect_word("select");
        columns();
        expect_word("from");
        from();
        if (accept_word("where")) {
            query_.where = any_of();
        }
        if (accept_word("order")) {
            expect_word("by");
            order();
        }
        if (accept_word("asof")) {
            advance();
        }
        if (accept_word("mode")) {
            accept_symbol("(");
            query_.link_mode = lower(token_.text);
            advance();
            accept_symbol(")");
        }
        if (token_.kind != WiqlToken::Kind::end) {
            fail("Expecting end of string. The error is caused by \xC2\xAB" + token_.text + "\xC2\xBB.");
        }
        return std::move(query_);
    }

private:
    void advance() { token_ = lexer_.next(); }
    void fail(std::string message) {
        if (query_.error.empty()) {
            query_.error = std::move(message);
        }
        token_ = {};
    }
    bool at_word(std::string_view word) const {
        return token_.kind == WiqlToken::Kind::word && iequals(token_.text, word);
    }
    bool accept_word(std::string_view word) {
        if (!at_word(word)) {
            return false;
        }
        advance();
        return true;
    }
    bool accept_symbol(std::string_view symbol) {
        if (token_.kind != WiqlToken::Kind::symbol || token_.text != symbol) {
            return false;
        }
        advance();
        return true;
    }
    void expect_word(std::string_view word) {
        if (!accept_word(word)) {
            fail("Expecting " + std::string(word) + ". The error is caused by \xC2\xAB" + token_.text +
                 "\xC2\xBB.");
        }
    }

    /// A field by name; link queries put Source or Target before it.
    std::string field(std::string* side = nullptr) {
        if (at_word("source") || at_word("target")) {
            if (side != nullptr) {
                *side = lower(token_.text);
            }
            advance();
        } else if (token_.kind == WiqlToken::Kind::word && side != nullptr &&
                   (istarts_with(token_.text, "Source.") || istarts_with(token_.text, "Target."))) {
            *side = lower(token_.text.substr(0, 6));
            advance();
        }
        if (token_.text == ".") {
            advance();
        }
        bool const plain = token_.kind == WiqlToken::Kind::field || token_.kind == WiqlToken::Kind::word;
        if (!plain) {
            fail("Expecting field name. The error is caused by \xC2\xAB" + token_.text + "\xC2\xBB.");
            return {};
        }
        std::string const name = token_.text;
        if (iequals(name, "System.Links.LinkType")) {
            advance();
            return "System.Links.LinkType";
        }
        auto const* definition = find_field(name);
        if (definition == nullptr) {
            fail("TF51005: The query references a field that does not exist. The error is caused by "
                 "\xC2\xAB[" +
                 name + "]\xC2\xBB.");
            return {};
        }
        advance();
        return definition->reference_name;
    }

    void columns() {
        do {
            query_.columns.push_back(field());
        } while (accept_symbol(","));
    }

    void from() {
        if (accept_word("workitems")) {
            return;
        }
        if (accept_word("workitemlinks") || accept_word("links")) {
            query_.links = true;
            return;
        }
        fail("The FROM clause must name WorkItems or WorkItemLinks.");
    }

    void order() {
        do {
            WiqlOrder entry;
            std::string side;
            entry.field = field(&side);
            entry.descending = accept_word("desc");
            if (!entry.descending) {
                accept_word("asc");
            }
            query_.order.push_back(std::move(entry));
        } while (accept_symbol(","));
    }

    using Node = std::unique_ptr<WiqlCondition>;

    static Node combine(WiqlKind kind, std::vector<Node> children) {
        if (children.size() == 1 && kind != WiqlKind::none_of) {
            return std::move(children.front());
        }
        auto node = std::make_unique<WiqlCondition>();
        node->kind = kind;
        node->children = std::move(children);
        return node;
    }

    Node any_of() {
        std::vector<Node> children;
        do {
            children.push_back(all_of());
        } while (accept_word("or"));
        return combine(WiqlKind::any_of, std::move(children));
    }

    Node all_of() {
        std::vector<Node> children;
        do {
            children.push_back(unary());
        } while (accept_word("and"));
        return combine(WiqlKind::all_of, std::move(children));
    }

    Node unary() {
        if (accept_word("not")) {
            std::vector<Node> children;
            children.push_back(unary());
            return combine(WiqlKind::none_of, std::move(children));
        }
        if (accept_symbol("(")) {
            auto inner = any_of();
            if (!accept_symbol(")")) {
                fail("Expecting closing parenthesis.");
            }
            return inner;
        }
        return comparison();
    }

    Node comparison() {
        auto node = std::make_unique<WiqlCondition>();
        node->field = field(&node->side);
        std::string prefix;
        if (accept_word("not")) {
            prefix = "not ";
        }
        if (accept_word("ever")) {
            // "EVER x" has an operator of its own or none.
            node->op = "ever";
            accept_symbol("=");
            node->values.push_back(value());
            return node;
        }
        if (accept_word("is")) {
            node->op = accept_word("not") ? "is not empty" : "is empty";
            expect_word("empty");
            return node;
        }
        if (accept_word("in")) {
            node->op = prefix + (accept_word("group") ? "in group" : "in");
            if (accept_symbol("(")) {
                do {
                    node->values.push_back(value());
                } while (accept_symbol(","));
                accept_symbol(")");
            } else {
                node->values.push_back(value());
            }
            return node;
        }
        if (accept_word("contains")) {
            node->op = prefix + (accept_word("words") ? "contains words" : "contains");
        } else if (accept_word("under")) {
            node->op = prefix + "under";
        } else if (token_.kind == WiqlToken::Kind::symbol &&
                   (token_.text.find_first_not_of("<>=") == std::string::npos)) {
            node->op = token_.text;
            advance();
        } else {
            fail("Expecting comparison operator. The error is caused by \xC2\xAB" + token_.text +
                 "\xC2\xBB.");
            return node;
        }
        node->values.push_back(value());
        return node;
    }

    WiqlValue value() {
        WiqlValue out;
        switch (token_.kind) {
        case WiqlToken::Kind::text:
            out.text = token_.text;
            break;
        case WiqlToken::Kind::number:
            out.text = token_.text;
            out.is_number = true;
            break;
        case WiqlToken::Kind::field:
            out.text = token_.text;
            out.is_field = true;
            break;
        case WiqlToken::Kind::macro:
            out.macro = token_.text;
            break;
        case WiqlToken::Kind::word:
            if (iequals(token_.text, "true") || iequals(token_.text, "false")) {
                out.text = lower(token_.text);
                break;
            }
            [[fallthrough]];
        case WiqlToken::Kind::symbol:
        case WiqlToken::Kind::end:
            if (token_.text == "-") {
                advance();
                out.is_number = true;
                out.text = "-" + token_.text;
                break;
            }
            fail("Expecting value. The error is caused by \xC2\xAB" + token_.text + "\xC2\xBB.");
            return out;
        }
        bool const macro = !out.macro.empty();
        advance();
        if (macro && token_.text == "(") { // @StartOfDay('-1d') and the like
            advance();
            if (token_.kind == WiqlToken::Kind::text) {
                to_int(std::string_view(token_.text).substr(0, token_.text.find_first_of("dwmyh")),
                       out.offset);
                advance();
            }
            accept_symbol(")");
        }
        if (macro && token_.kind == WiqlToken::Kind::symbol && (token_.text == "-" || token_.text == "+")) {
            bool const minus = token_.text == "-";
            advance();
            to_int(token_.text, out.offset);
            out.offset = minus ? -out.offset : out.offset;
            advance();
        }
        return out;
    }

    WiqlLexer lexer_;
    WiqlToken token_;
    WiqlQuery query_;
};

} // namespace

WiqlQuery parse_wiql(std::string_view text) {
    return WiqlParser(text).parse();
}

} // namespace simulator

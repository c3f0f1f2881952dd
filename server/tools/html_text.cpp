#include "server/tools/html_text.hpp"

#include "core/http/http_message.hpp"
#include "core/text/utf8.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

namespace server {

namespace {

struct Entity {
    std::string_view name;
    std::string_view text;
};
constexpr std::array kEntities = {Entity{"amp", "&"},
                                  Entity{"lt", "<"},
                                  Entity{"gt", ">"},
                                  Entity{"quot", "\""},
                                  Entity{"apos", "'"},
                                  Entity{"nbsp", " "},
                                  Entity{"ndash", "\xE2\x80\x93"},
                                  Entity{"mdash", "\xE2\x80\x94"},
                                  Entity{"hellip", "\xE2\x80\xA6"},
                                  Entity{"bull", "\xE2\x80\xA2"},
                                  Entity{"lsquo", "\xE2\x80\x98"},
                                  Entity{"rsquo", "\xE2\x80\x99"},
                                  Entity{"ldquo", "\xE2\x80\x9C"},
                                  Entity{"rdquo", "\xE2\x80\x9D"},
                                  Entity{"copy", "\xC2\xA9"},
                                  Entity{"euro", "\xE2\x82\xAC"}};
constexpr std::size_t kLongestEntity = 10;

/// The code point of `#8211` or `#x2013`.
std::optional<std::uint32_t> numeric_entity(std::string_view name) {
    bool const hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    std::string_view const digits = name.substr(hex ? 2 : 1);
    std::uint32_t code = 0;
    for (char const c : digits) {
        std::uint32_t digit = 0;
        if (c >= '0' && c <= '9') {
            digit = static_cast<std::uint32_t>(c - '0');
        } else if (hex && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
            digit = static_cast<std::uint32_t>((c | 0x20) - 'a' + 10);
        } else {
            return std::nullopt;
        }
        code = code * (hex ? 16U : 10U) + digit;
        if (code > 0x10FFFF) {
            return std::nullopt;
        }
    }
    bool const surrogate = code >= 0xD800 && code <= 0xDFFF;
    return digits.empty() || code == 0 || surrogate ? std::nullopt : std::optional(code);
}

/// Appends what the entity at the front of `text` stands for; how many bytes of it that took, at least one.
std::size_t append_entity(std::string& out, std::string_view text) {
    std::size_t const end = text.substr(0, kLongestEntity + 2).find(';');
    if (end != std::string_view::npos && end > 1) {
        std::string_view const name = text.substr(1, end - 1);
        if (name.front() == '#') {
            if (auto const code = numeric_entity(name)) {
                core::append_utf8(out, *code == 0xA0 ? 0x20 : *code);
                return end + 1;
            }
        }
        for (Entity const& entity : kEntities) {
            if (entity.name == name) {
                out += entity.text;
                return end + 1;
            }
        }
    }
    out.push_back('&');
    return 1;
}

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == '&') {
            at += append_entity(out, text.substr(at));
        } else {
            out.push_back(text[at]);
            ++at;
        }
    }
    return out;
}

constexpr bool is_space(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Tag {
public:
    std::string name; ///< lower case
    std::string_view attributes;
    bool closing = false;
};

/// The value of an attribute, decoded; empty when absent.
std::string attribute(std::string_view attributes, std::string_view wanted) {
    std::size_t at = 0;
    auto const skip_space = [&] {
        while (at < attributes.size() && (is_space(attributes[at]) || attributes[at] == '/')) {
            ++at;
        }
    };
    for (skip_space(); at < attributes.size(); skip_space()) {
        std::size_t const name_end = std::min(attributes.find_first_of("= \t\r\n/", at), attributes.size());
        std::string_view const name = attributes.substr(at, name_end - at);
        at = std::max(name_end, at + 1);
        std::string_view value;
        if (name_end < attributes.size() && attributes[name_end] == '=') {
            at = name_end + 1;
            char const quote = at < attributes.size() ? attributes[at] : '\0';
            bool const quoted = quote == '"' || quote == '\'';
            at += quoted ? 1 : 0;
            std::size_t const end =
                std::min(quoted ? attributes.find(quote, at) : attributes.find_first_of(" \t\r\n", at),
                         attributes.size());
            value = attributes.substr(std::min(at, attributes.size()), end - std::min(at, end));
            at = end + (quoted ? 1 : 0);
        }
        if (core::iequals(name, wanted)) {
            return decoded(value);
        }
    }
    return {};
}

class Converter {
public:
    explicit Converter(std::string_view html) : html_(html) {}

    std::string convert() {
        while (at_ < html_.size()) {
            char const c = html_[at_];
            if (c == '<' && begins_tag()) {
                take_tag();
            } else if (c == '&') {
                std::string text;
                at_ += append_entity(text, html_.substr(at_));
                append(text);
            } else if (is_space(c) && !verbatim_) {
                space_ = true;
                ++at_;
            } else {
                append(html_.substr(at_, 1));
                ++at_;
            }
        }
        out_.erase(out_.find_last_not_of(" \n") + 1);
        return std::move(out_);
    }

private:
    /// A `<` that begins no tag is text.
    bool begins_tag() const {
        char const next = at_ + 1 < html_.size() ? html_[at_ + 1] : '\0';
        bool const letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
        return letter || next == '/' || next == '!';
    }

    void append(std::string_view text) {
        if (space_ && !out_.empty() && out_.back() != '\n' && out_.back() != ' ') {
            out_.push_back(' ');
        }
        space_ = false;
        out_ += text;
    }

    void end_line() {
        while (!out_.empty() && out_.back() == ' ') {
            out_.pop_back();
        }
        if (!out_.empty() && out_.back() != '\n') {
            out_.push_back('\n');
        }
        space_ = false;
    }

    void take_tag() {
        if (html_.substr(at_).starts_with("<!--")) {
            std::size_t const end = html_.find("-->", at_);
            at_ = end == std::string_view::npos ? html_.size() : end + 3;
            return;
        }
        std::size_t const end = tag_end();
        Tag tag;
        std::string_view inside = html_.substr(at_ + 1, end - at_ - 1);
        at_ = std::min(end + 1, html_.size());
        tag.closing = inside.starts_with('/');
        inside.remove_prefix(tag.closing ? 1 : 0);
        std::size_t const name_end = std::min(inside.find_first_of(" \t\r\n/"), inside.size());
        tag.name = core::to_lower_ascii(inside.substr(0, name_end));
        tag.attributes = inside.substr(name_end);
        apply(tag);
    }

    /// Where the tag's `>` stands; one inside quotes does not count.
    std::size_t tag_end() const {
        char quote = '\0';
        for (std::size_t i = at_; i < html_.size(); ++i) {
            char const c = html_[i];
            if (quote != '\0') {
                quote = c == quote ? '\0' : quote;
            } else if (c == '>') {
                return i;
            } else if ((c == '"' || c == '\'') && html_[i - 1] == '=') {
                quote = c;
            }
        }
        return html_.size();
    }

    void apply(Tag const& tag) {
        std::string const& name = tag.name;
        bool const block = name == "p" || name == "div" || name == "ul" || name == "ol" || name == "table" ||
                           name == "tr" || name == "blockquote" ||
                           (name.size() == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6');
        if (name == "br") {
            while (!out_.empty() && out_.back() == ' ') {
                out_.pop_back();
            }
            // Two breaks leave an empty line, more leave no more.
            if (!out_.empty() && !out_.ends_with("\n\n")) {
                out_.push_back('\n');
            }
            space_ = false;
        } else if (name == "li") {
            end_line();
            if (!tag.closing) {
                out_ += "- ";
            }
        } else if (name == "pre") {
            end_line();
            verbatim_ = !tag.closing;
        } else if ((name == "td" || name == "th") && !tag.closing) {
            if (!out_.empty() && out_.back() != '\n') {
                append(" | ");
            }
        } else if (name == "a") {
            take_link(tag);
        } else if (name == "img" && !tag.closing) {
            append("[image: " + attribute(tag.attributes, "src") + "]");
        } else if ((name == "script" || name == "style") && !tag.closing) {
            skip_to_end_of(name);
        } else if (block) {
            end_line();
        }
    }

    void take_link(Tag const& tag) {
        if (!tag.closing) {
            link_ = attribute(tag.attributes, "href");
            link_begin_ = out_.size();
            return;
        }
        bool const shown = link_begin_ <= out_.size() &&
                           std::string_view(out_).substr(link_begin_).find(link_) != std::string_view::npos;
        if (!link_.empty() && !shown) {
            append(" (" + link_ + ")");
        }
        link_.clear();
    }

    void skip_to_end_of(std::string const& name) {
        for (std::size_t end = html_.find("</", at_); end != std::string_view::npos;
             end = html_.find("</", end + 2)) {
            if (core::iequals(html_.substr(end + 2, name.size()), name)) {
                at_ = end;
                return;
            }
        }
        at_ = html_.size();
    }

    std::string_view html_;
    std::size_t at_ = 0;
    std::string out_;
    std::string link_;
    std::size_t link_begin_ = 0;
    bool space_ = false;
    bool verbatim_ = false;
};

} // namespace

std::string html_text(std::string_view html) {
    return Converter(html).convert();
}

} // namespace server

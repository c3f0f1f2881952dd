#include "core/http/http_message.hpp"

#include <algorithm>
#include <charconv>

namespace core {
namespace {

/// Most messages of our own fit; those of Azure DevOps take one or two blocks more.
constexpr std::size_t kFirstBytes = 512;
constexpr std::size_t kFirstFields = 8;

constexpr char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Characters a host may have here: names, IPv4 and (in brackets) IPv6 literals. Everything else, user info
/// included, is refused.
bool is_host(std::string_view host, bool bracketed) noexcept {
    return !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
        bool const name =
            (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        return bracketed ? (c >= 'a' && c <= 'f') || (c >= '0' && c <= '9') || c == ':' || c == '.' : name;
    });
}

std::optional<std::uint16_t> parse_port(std::string_view text) noexcept {
    std::uint16_t port = 0;
    auto const [end, ec] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (ec != std::errc() || end != text.data() + text.size() || port == 0) {
        return std::nullopt;
    }
    return port;
}

} // namespace

bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    for (char const *x = a.data(), *y = b.data(); x != a.data() + a.size(); ++x, ++y) {
        if (*x != *y && lower(*x) != lower(*y)) {
            return false;
        }
    }
    return true;
}

std::string to_lower_ascii(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), lower);
    return out;
}

std::string_view trim_ows(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
        text.remove_prefix(1);
    }
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) {
        text.remove_suffix(1);
    }
    return text;
}

void HttpHeaders::add(std::string_view name, std::string_view value) {
    std::size_t const begin = text_.size();
    std::size_t const end = begin + name.size() + value.size();
    // Name and value may be views of what is kept here already: the old block stays until they are copied.
    std::vector<char> old;
    if (end > text_.capacity()) {
        old.swap(text_);
        text_.reserve(std::max(kFirstBytes, 2 * end));
        text_.assign(old.begin(), old.end());
    }
    text_.resize(end);
    name.copy(text_.data() + begin, name.size());
    value.copy(text_.data() + begin + name.size(), value.size());
    if (places_.size() == places_.capacity()) {
        places_.reserve(std::max<std::size_t>(kFirstFields, 4 * places_.size()));
    }
    places_.push_back({begin, name.size(), value.size()});
}

void HttpHeaders::set(std::string_view name, std::string_view value) {
    std::erase_if(places_, [&](Place const& place) { return iequals(name_of(place), name); });
    add(name, value);
}

std::optional<std::string_view> HttpHeaders::get(std::string_view name) const noexcept {
    for (Place const& place : places_) {
        if (place.name_size == name.size() && iequals(name_of(place), name)) {
            return trim_ows(value_of(place));
        }
    }
    return std::nullopt;
}

std::size_t HttpHeaders::count(std::string_view name) const noexcept {
    return static_cast<std::size_t>(std::count_if(
        places_.begin(), places_.end(), [&](Place const& place) { return iequals(name_of(place), name); }));
}

std::string Origin::authority() const {
    std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (!is_default_port()) {
        text += ":" + std::to_string(port);
    }
    return text;
}

std::optional<Url> Url::parse(std::string_view text) {
    std::size_t const colon = text.find("://");
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    std::string scheme = to_lower_ascii(text.substr(0, colon));
    if (scheme != "http" && scheme != "https") {
        return std::nullopt;
    }
    std::uint16_t port = scheme == "https" ? 443 : 80;
    text.remove_prefix(colon + 3);
    text = text.substr(0, text.find('#'));
    std::size_t const path = std::min(text.find_first_of("/?"), text.size());
    std::string_view authority = text.substr(0, path);
    std::string target(text.substr(path));
    if (target.empty() || target.front() != '/') {
        target.insert(target.begin(), '/');
    }
    bool const printable =
        std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7F' && c != '\\'; });
    if (!printable) {
        return std::nullopt;
    }

    bool const bracketed = authority.starts_with('[');
    std::size_t const host_end = bracketed ? authority.find(']') : authority.find(':');
    if (bracketed && host_end == std::string_view::npos) {
        return std::nullopt;
    }
    std::string host =
        to_lower_ascii(authority.substr(bracketed ? 1 : 0, bracketed ? host_end - 1 : host_end));
    if (!is_host(host, bracketed)) {
        return std::nullopt;
    }
    authority = host_end == std::string_view::npos ? std::string_view()
                                                   : authority.substr(bracketed ? host_end + 1 : host_end);
    if (!authority.empty()) {
        auto const given = authority.front() == ':' ? parse_port(authority.substr(1)) : std::nullopt;
        if (!given) {
            return std::nullopt;
        }
        port = *given;
    }
    return Url(Origin(std::move(scheme), std::move(host), port), std::move(target));
}

} // namespace core

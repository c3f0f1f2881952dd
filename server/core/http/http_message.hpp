#pragma once

#include "core/auth_scheme.hpp"
#include "core/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace core {

/// ASCII, as HTTP header names and schemes compare.
bool iequals(std::string_view a, std::string_view b) noexcept;
std::string to_lower_ascii(std::string_view text);
std::string_view trim_ows(std::string_view text) noexcept;

/// Fields in the order they came; names compare without case, several fields of one name are kept apart. All
/// of it lies in one block: a message of Azure DevOps has about 25 fields, and two strings for each would
/// cost more than parsing them. What get() and fields() show is gone with the next add() or set(); it
/// survives a move.
class HttpHeaders {
public:
    using Field = std::pair<std::string_view, std::string_view>;
    class Fields;

    void add(std::string_view name, std::string_view value);
    void set(std::string_view name, std::string_view value);
    /// First value, without surrounding white space; nullopt when absent.
    std::optional<std::string_view> get(std::string_view name) const noexcept;
    std::size_t count(std::string_view name) const noexcept;
    /// A range of Field.
    Fields fields() const noexcept;

private:
    struct Place {
        std::size_t begin; ///< of the name; the value follows it
        std::size_t name_size;
        std::size_t value_size;
    };

    std::string_view name_of(Place const& place) const noexcept {
        return {text_.data() + place.begin, place.name_size};
    }
    std::string_view value_of(Place const& place) const noexcept {
        return {text_.data() + place.begin + place.name_size, place.value_size};
    }

    std::vector<char> text_; ///< no string: a short one would move its bytes with it
    std::vector<Place> places_;
};

class HttpHeaders::Fields {
public:
    class Iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using value_type = Field;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = Field;

        Iterator(HttpHeaders const& headers, Place const* place) noexcept
            : headers_(&headers), place_(place) {}
        Field operator*() const noexcept { return {headers_->name_of(*place_), headers_->value_of(*place_)}; }
        Iterator& operator++() noexcept {
            ++place_;
            return *this;
        }
        bool operator==(Iterator const& other) const noexcept { return place_ == other.place_; }

    private:
        HttpHeaders const* headers_;
        Place const* place_;
    };

    explicit Fields(HttpHeaders const& headers) noexcept : headers_(&headers) {}
    Iterator begin() const noexcept { return {*headers_, headers_->places_.data()}; }
    Iterator end() const noexcept { return {*headers_, headers_->places_.data() + size()}; }
    std::size_t size() const noexcept { return headers_->places_.size(); }

private:
    HttpHeaders const* headers_;
};

inline HttpHeaders::Fields HttpHeaders::fields() const noexcept {
    return Fields(*this);
}

/// scheme://host[:port]; host in lower case, IPv6 without brackets.
class Origin {
public:
    Origin(std::string scheme_, std::string host_, std::uint16_t port_)
        : scheme(std::move(scheme_)), host(std::move(host_)), port(port_) {}
    bool is_tls() const noexcept { return scheme == "https"; }
    bool is_default_port() const noexcept { return port == (is_tls() ? 443 : 80); }
    /// `host` or `host:port`, as the Host header and URLs write it.
    std::string authority() const;
    std::string to_string() const { return scheme + "://" + authority(); }
    friend bool operator==(Origin const&, Origin const&) = default;
    friend auto operator<=>(Origin const&, Origin const&) = default;

    std::string scheme;
    std::string host;
    std::uint16_t port;
};

/// An absolute http or https URL, split. `target` is path and query, begins with `/`, no fragment, already
/// encoded.
class Url {
public:
    Url(Origin origin_, std::string target_) : origin(std::move(origin_)), target(std::move(target_)) {}
    static std::optional<Url> parse(std::string_view text);
    std::string to_string() const { return origin.to_string() + target; }

    Origin origin;
    std::string target;
};

class HttpRequest {
public:
    HttpRequest(std::string method_, Url url_) : method(std::move(method_)), url(std::move(url_)) {}

    std::string method;
    Url url;
    HttpHeaders headers; ///< Host, Content-Length and Connection are written by the client
    std::string body;
    /// The credential, when there is one: the client writes it as the Authorization header, by `auth_scheme`,
    /// into a buffer that is wiped after use.
    Secret credential;
    AuthScheme auth_scheme = AuthScheme::bearer;
    /// Body that holds a secret (token requests); used instead of `body` when not empty, and wiped by its
    /// type.
    Secret secret_body;
    /// The caller's mark that sending twice does no harm. Only such requests are repeated on a stale
    /// connection.
    bool idempotent = false;
    std::size_t max_response_bytes = 8U * 1024 * 1024;
};

class HttpResponse {
public:
    int status = 0;
    HttpHeaders headers;
    std::string body;
    /// True when the request went out on a connection that had served others before.
    bool reused_connection = false;
};

} // namespace core

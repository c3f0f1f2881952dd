#include "auth/form_body.hpp"

#include <utility>

namespace auth {
namespace {

bool is_unreserved(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

/// Into room that was reserved before: core::percent_encode would leave a copy of a secret behind.
void append_encoded(std::string& out, std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    for (char const c : text) {
        if (is_unreserved(c)) {
            out.push_back(c);
            continue;
        }
        unsigned const byte = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(kHex[byte >> 4U]);
        out.push_back(kHex[byte & 15U]);
    }
}

} // namespace

std::string_view FormBody::Field::text() const noexcept {
    return secret != nullptr ? secret->expose() : value;
}

void FormBody::add(std::string_view name, std::string value) {
    Field field;
    field.name = name;
    field.value = std::move(value);
    fields_.push_back(std::move(field));
}

void FormBody::add(std::string_view name, core::Secret const& value) {
    Field field;
    field.name = name;
    field.secret = &value;
    fields_.push_back(std::move(field));
}

core::Secret FormBody::encode() const {
    std::size_t room = 0;
    for (Field const& field : fields_) {
        room += 3 * (field.name.size() + field.text().size()) + 2;
    }
    std::string out;
    out.reserve(room);
    for (Field const& field : fields_) {
        if (!out.empty()) {
            out.push_back('&');
        }
        append_encoded(out, field.name);
        out.push_back('=');
        append_encoded(out, field.text());
    }
    core::Secret body(out);
    core::wipe(out.data(), out.size());
    return body;
}

} // namespace auth

#include "protocol/schema_values.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace protocol {
namespace {

constexpr std::array<std::pair<std::string_view, TypeBits>, 7> kTypeNames{
    std::pair{std::string_view("null"), kNullType},
    std::pair{std::string_view("boolean"), kBooleanType},
    std::pair{std::string_view("integer"), kIntegerType},
    std::pair{std::string_view("number"), kNumberType},
    std::pair{std::string_view("string"), kStringType},
    std::pair{std::string_view("array"), kArrayType},
    std::pair{std::string_view("object"), kObjectType}};

__extension__ typedef unsigned __int128 Wide;

/// digits * 10^exponent, the sign left out; no trailing zeros.
class Decimal {
public:
    std::uint64_t digits = 0;
    int exponent = 0;
};

Decimal decimal_of_double(double number) noexcept {
    Decimal decimal;
    std::array<char, 32> text{};
    auto const written = std::to_chars(
        text.data(), text.data() + text.size(), std::abs(number), std::chars_format::scientific);
    char const* at = text.data();
    bool fraction = false;
    for (; at != written.ptr && *at != 'e'; ++at) {
        if (*at == '.') {
            fraction = true;
        } else {
            decimal.digits = decimal.digits * 10 + static_cast<std::uint64_t>(*at - '0');
            decimal.exponent -= fraction ? 1 : 0;
        }
    }
    int exponent = 0;
    if (at != written.ptr) {
        at += at[1] == '+' ? 2 : 1;
        std::from_chars(at, written.ptr, exponent);
    }
    decimal.exponent += exponent;
    return decimal;
}

Decimal decimal_of(Json const& number) noexcept {
    Decimal decimal;
    if (number.is_number_unsigned()) {
        decimal.digits = number.get<std::uint64_t>();
    } else if (number.is_number_integer()) {
        auto const value = number.get<std::int64_t>();
        decimal.digits = value < 0 ? std::uint64_t{0} - static_cast<std::uint64_t>(value)
                                   : static_cast<std::uint64_t>(value);
    } else {
        decimal = decimal_of_double(number.get<double>());
    }
    while (decimal.digits != 0 && decimal.digits % 10 == 0) {
        decimal.digits /= 10;
        ++decimal.exponent;
    }
    return decimal;
}

/// For ordering: integers and other numbers are one kind.
int rank(Json const& value) noexcept {
    switch (value.type()) {
    case Json::value_t::null:
        return 0;
    case Json::value_t::boolean:
        return 1;
    case Json::value_t::string:
        return 3;
    case Json::value_t::array:
        return 4;
    case Json::value_t::object:
        return 5;
    default:
        return value.is_number() ? 2 : 6;
    }
}

int sign(int value) noexcept {
    return value < 0 ? -1 : value > 0 ? 1 : 0;
}

int compare_numbers(Json const& a, Json const& b) noexcept {
    if (a.is_number_unsigned() && b.is_number_unsigned()) {
        auto const left = a.get<std::uint64_t>();
        auto const right = b.get<std::uint64_t>();
        return left < right ? -1 : left > right ? 1 : 0;
    }
    long double const left = exact_number(a);
    long double const right = exact_number(b);
    return left < right ? -1 : left > right ? 1 : 0;
}

using Pairs = std::vector<std::pair<Json const*, Json const*>>;

/// What can be said without looking into members; those that decide next go on `pending`.
int compare_shallow(Json const& a, Json const& b, Pairs* pending) {
    int const left = rank(a);
    if (int const right = rank(b); left != right) {
        return left < right ? -1 : 1;
    }
    if (left == 1) {
        return static_cast<int>(a.get<bool>()) - static_cast<int>(b.get<bool>());
    }
    if (left == 2) {
        return compare_numbers(a, b);
    }
    if (left == 3) {
        return sign(a.get_ref<std::string const&>().compare(b.get_ref<std::string const&>()));
    }
    if (left < 4 || left > 5) {
        return 0;
    }
    if (a.size() != b.size()) {
        return a.size() < b.size() ? -1 : 1;
    }
    if (left == 5) {
        for (auto x = a.begin(), y = b.begin(); x != a.end(); ++x, ++y) {
            if (int const order = sign(x.key().compare(y.key())); order != 0) {
                return order;
            }
        }
    }
    auto const first = static_cast<std::ptrdiff_t>(pending->size());
    for (auto x = a.begin(), y = b.begin(); x != a.end(); ++x, ++y) {
        pending->emplace_back(&*x, &*y);
    }
    std::reverse(pending->begin() + first, pending->end());
    return 0;
}

} // namespace

TypeBits type_named(std::string_view name) noexcept {
    for (auto const& [known, bits] : kTypeNames) {
        if (known == name) {
            return bits;
        }
    }
    return 0;
}

TypeBits types_of(Json const& value) noexcept {
    switch (value.type()) {
    case Json::value_t::null:
        return kNullType;
    case Json::value_t::boolean:
        return kBooleanType;
    case Json::value_t::string:
        return kStringType;
    case Json::value_t::array:
        return kArrayType;
    case Json::value_t::object:
        return kObjectType;
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
        return kIntegerType | kNumberType;
    case Json::value_t::number_float: {
        double const number = value.get<double>();
        bool const whole = std::isfinite(number) && std::trunc(number) == number;
        return whole ? kIntegerType | kNumberType : kNumberType;
    }
    default:
        return 0;
    }
}

long double exact_number(Json const& number) noexcept {
    if (number.is_number_unsigned()) {
        return static_cast<long double>(number.get<std::uint64_t>());
    }
    if (number.is_number_integer()) {
        return static_cast<long double>(number.get<std::int64_t>());
    }
    return static_cast<long double>(number.get<double>());
}

std::optional<std::size_t> count_of(Json const& value) noexcept {
    if (!value.is_number() || (types_of(value) & kIntegerType) == 0) {
        return std::nullopt;
    }
    long double const number = exact_number(value);
    if (number < 0 || number > static_cast<long double>(std::numeric_limits<std::size_t>::max())) {
        return std::nullopt;
    }
    return static_cast<std::size_t>(number);
}

bool is_multiple(Json const& number, Json const& divisor) noexcept {
    Decimal const whole = decimal_of(number);
    Decimal const part = decimal_of(divisor);
    if (whole.digits == 0 || part.digits == 0) {
        return whole.digits == 0;
    }
    Wide const modulus = part.digits;
    if (int power = whole.exponent - part.exponent; power >= 0) {
        Wide rest = whole.digits % modulus;
        Wide base = 10 % modulus;
        for (; power != 0; power /= 2) {
            rest = power % 2 != 0 ? rest * base % modulus : rest;
            base = base * base % modulus;
        }
        return rest == 0;
    }
    Wide scaled = modulus;
    for (int power = part.exponent - whole.exponent; power > 0; --power) {
        scaled *= 10;
        if (scaled > whole.digits) {
            return false;
        }
    }
    return whole.digits % scaled == 0;
}

int compare_json(Json const& a, Json const& b) {
    if (!a.is_structured() || !b.is_structured()) {
        return compare_shallow(a, b, nullptr);
    }
    Pairs pending{{&a, &b}};
    while (!pending.empty()) {
        auto const [left, right] = pending.back();
        pending.pop_back();
        if (int const order = compare_shallow(*left, *right, &pending); order != 0) {
            return order;
        }
    }
    return 0;
}

std::optional<std::pair<std::size_t, std::size_t>> equal_items(Json const& array) {
    std::vector<Json const*> order;
    order.reserve(array.size());
    for (Json const& item : array) {
        order.push_back(&item);
    }
    // Equal ones by their place in the array, so that the answer does not depend on the sort.
    std::sort(order.begin(), order.end(), [](Json const* x, Json const* y) {
        int const by_value = compare_json(*x, *y);
        return by_value != 0 ? by_value < 0 : x < y;
    });
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (same_json(*order[i - 1], *order[i])) {
            Json const* first = &array.front();
            return std::pair{static_cast<std::size_t>(order[i - 1] - first),
                             static_cast<std::size_t>(order[i] - first)};
        }
    }
    return std::nullopt;
}

std::size_t code_points(std::string_view text) noexcept {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

} // namespace protocol

#pragma once

#include "core/secret.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace auth {

/// An application/x-www-form-urlencoded body that may hold secrets: encoded once into a buffer that is wiped.
class FormBody {
public:
    void add(std::string_view name, std::string value);
    /// `value` must outlive encode().
    void add(std::string_view name, core::Secret const& value);
    core::Secret encode() const;

private:
    class Field {
    public:
        std::string name;
        std::string value;
        core::Secret const* secret = nullptr;
        std::string_view text() const noexcept;
    };
    std::vector<Field> fields_;
};

} // namespace auth

#pragma once

#include <cstddef>

namespace ado {

/// The parts of an organization that are served by hosts of their own.
enum class Service { core, search, identity };
inline constexpr std::size_t kServices = 3;

} // namespace ado

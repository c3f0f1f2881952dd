#pragma once

#include <cstddef>
#include <string>

namespace core {

/// From the operating system's generator (OpenSSL RAND_bytes). Aborts when there is none: nothing safe could
/// follow.
std::string random_bytes(std::size_t count);
/// The same generator, drawn from in blocks that stay in memory: for what will be public (request ids,
/// delimiters), never for keys, tokens or nonces of a cipher.
std::string random_public_bytes(std::size_t count);
std::string random_uuid(); ///< RFC 4122 version 4, lower case
double random_unit();      ///< [0, 1); for jitter

} // namespace core

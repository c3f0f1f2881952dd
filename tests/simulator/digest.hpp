#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace simulator {

std::string hex(std::string_view bytes);
std::string sha1_hex(std::string_view bytes);
std::string sha1_bytes(std::string_view bytes);
std::string sha256_bytes(std::string_view bytes);
/// What git computes: SHA-1 over "<type> <size>\0<content>".
std::string git_object_id(std::string_view type, std::string_view content);
/// The same GUID for the same seed and name, so that a world can be built again.
std::string guid_from(std::uint64_t seed, std::string_view name);
/// A new GUID, for activity and trace ids. Unpredictability is not needed.
std::string next_guid();
std::string random_token(std::size_t characters);

} // namespace simulator

#include "core/crypto/sealer.hpp"

#include "core/check.hpp"
#include "core/crypto/aead.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/text/base64.hpp"

#include <algorithm>
#include <cstddef>

namespace core {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kHeadBytes = 1 + kKeyIdBytes;

/// The lengths keep `purpose` and `bound` from running together to the same bytes as others would.
std::string associated_data(std::string_view purpose, std::string_view bound) {
    std::string out(1, kVersion);
    out += std::to_string(purpose.size());
    out += ':';
    out += purpose;
    out += bound;
    return out;
}

} // namespace

Sealer::Sealer(std::vector<Key> keys) : keys_(std::move(keys)) {
    ADOMCPD_CHECK(!keys_.empty() && std::all_of(keys_.begin(), keys_.end(), [](Key const& key) {
        return key.id.size() == kKeyIdBytes && key.bytes.size() == kAeadKeyBytes;
    }));
}

Sealer Sealer::ephemeral() {
    std::string bytes = random_bytes(kAeadKeyBytes);
    std::vector<Key> keys;
    keys.emplace_back(hex_encode(sha256(bytes)).substr(0, kKeyIdBytes), Secret(bytes));
    wipe(bytes.data(), bytes.size());
    return Sealer(std::move(keys));
}

std::string Sealer::seal(std::string_view purpose, std::string_view bound, std::string_view plain) const {
    Key const& key = keys_.front();
    std::optional<std::string> const sealed =
        aead_seal(key.bytes.expose(), associated_data(purpose, bound), plain);
    ADOMCPD_CHECK(sealed.has_value());
    return base64url_encode(std::string(1, kVersion) + key.id + *sealed);
}

std::optional<std::string>
Sealer::open(std::string_view purpose, std::string_view bound, std::string_view token) const {
    std::optional<std::string> const bytes = base64url_decode(token);
    if (!bytes || bytes->size() < kHeadBytes || bytes->front() != kVersion) {
        return std::nullopt;
    }
    std::string_view const id = std::string_view(*bytes).substr(1, kKeyIdBytes);
    auto const key =
        std::find_if(keys_.begin(), keys_.end(), [id](Key const& known) { return known.id == id; });
    PlainText plain;
    if (key == keys_.end() || !aead_open(key->bytes.expose(),
                                         associated_data(purpose, bound),
                                         std::string_view(*bytes).substr(kHeadBytes),
                                         plain)) {
        return std::nullopt;
    }
    return plain.bytes;
}

} // namespace core

#include "core/crypto/sealer.hpp"

#include "core/check.hpp"
#include "core/crypto/aead.hpp"
#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/text/base64.hpp"

#include <algorithm>
#include <cstddef>
#include <mutex>

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

class Sealer::Keys {
public:
    using List = std::shared_ptr<std::vector<Key> const>;

    void set(std::vector<Key> keys) {
        ADOMCPD_CHECK(!keys.empty() && std::all_of(keys.begin(), keys.end(), [](Key const& key) {
            return key.id.size() == kKeyIdBytes && key.bytes.size() == kAeadKeyBytes;
        }));
        auto list = std::make_shared<std::vector<Key> const>(std::move(keys));
        std::lock_guard const lock(mutex_);
        list_ = std::move(list);
    }
    /// Whoever holds the list may use it on after it was replaced.
    List get() const {
        std::lock_guard const lock(mutex_);
        return list_;
    }

private:
    mutable std::mutex mutex_;
    List list_;
};

Sealer::Sealer(std::vector<Key> keys) : keys_(std::make_shared<Keys>()) {
    keys_->set(std::move(keys));
}

void Sealer::replace_keys(std::vector<Key> keys) {
    keys_->set(std::move(keys));
}

Sealer Sealer::ephemeral() {
    std::string bytes = random_bytes(kAeadKeyBytes);
    std::vector<Key> keys;
    keys.emplace_back(hex_encode(sha256(bytes)).substr(0, kKeyIdBytes), Secret(bytes));
    wipe(bytes.data(), bytes.size());
    return Sealer(std::move(keys));
}

std::string Sealer::seal(std::string_view purpose, std::string_view bound, std::string_view plain) const {
    Keys::List const keys = keys_->get();
    Key const& key = keys->front();
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
    Keys::List const keys = keys_->get();
    auto const key =
        std::find_if(keys->begin(), keys->end(), [id](Key const& known) { return known.id == id; });
    PlainText plain;
    if (key == keys->end() || !aead_open(key->bytes.expose(),
                                         associated_data(purpose, bound),
                                         std::string_view(*bytes).substr(kHeadBytes),
                                         plain)) {
        return std::nullopt;
    }
    return plain.bytes;
}

} // namespace core

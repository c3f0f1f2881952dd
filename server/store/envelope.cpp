#include "server/store/envelope.hpp"

#include "core/crypto/aead.hpp"
#include "core/crypto/random.hpp"

#include <cstddef>
#include <optional>

namespace server {
namespace {

constexpr char kVersion = 1;
constexpr std::size_t kKeyIdBytes = 8;
constexpr std::size_t kSealedKeyBytes = core::kAeadNonceBytes + core::kAeadKeyBytes + core::kAeadTagBytes;
constexpr std::size_t kHeadBytes = 1 + kKeyIdBytes;
constexpr std::size_t kLeastBytes =
    kHeadBytes + kSealedKeyBytes + core::kAeadNonceBytes + core::kAeadTagBytes;

void append_size(std::string& out, std::size_t size) {
    for (unsigned shift = 32; shift != 0;) {
        shift -= 8;
        out += static_cast<char>(static_cast<unsigned char>(size >> shift));
    }
}

/// Every part with its length in front, so that no two names run together to the same bytes.
std::string associated_data(char const* purpose, std::string_view key_id, RecordName const& record) {
    std::string out(1, kVersion);
    auto const append = [&out](std::string_view part) {
        append_size(out, part.size());
        out += part;
    };
    append(purpose);
    append(key_id);
    append(record.kind);
    append(record.organization);
    append(std::to_string(record.generation));
    for (std::string const& part : record.bound) {
        append(part);
    }
    return out;
}

tl::unexpected<core::Error> refused(RecordName const& record, std::string code, std::string why) {
    return core::fail(
        core::Error(core::ErrorKind::internal, record.describe() + " cannot be decrypted: " + why)
            .with_code(std::move(code)));
}

std::optional<std::vector<core::Secret>> split(std::string_view plain) {
    std::vector<core::Secret> out;
    while (!plain.empty()) {
        if (plain.size() < 4) {
            return std::nullopt;
        }
        std::size_t size = 0;
        for (char const c : plain.substr(0, 4)) {
            size = (size << 8U) | static_cast<unsigned char>(c);
        }
        plain.remove_prefix(4);
        if (size > plain.size()) {
            return std::nullopt;
        }
        out.emplace_back(plain.substr(0, size));
        plain.remove_prefix(size);
    }
    return out;
}

} // namespace

std::string_view envelope_key_id(std::string_view envelope) noexcept {
    return envelope.size() < kLeastBytes || envelope.front() != kVersion ? std::string_view()
                                                                         : envelope.substr(1, kKeyIdBytes);
}

core::Result<std::string>
seal_envelope(KeyRing const& keys, RecordName const& record, std::span<core::Secret const* const> secrets) {
    std::size_t size = 0;
    for (core::Secret const* secret : secrets) {
        size += 4 + secret->size();
    }
    core::PlainText plain;
    plain.bytes.reserve(size); // it must not move: what it leaves behind would not be wiped
    for (core::Secret const* secret : secrets) {
        append_size(plain.bytes, secret->size());
        plain.bytes += secret->expose();
    }
    core::PlainText data_key;
    data_key.bytes = core::random_bytes(core::kAeadKeyBytes);
    KeyRing::Key const& wrapping = keys.first();
    auto const sealed_key =
        core::aead_seal(wrapping.bytes.expose(), associated_data("key", wrapping.id, record), data_key.bytes);
    auto const sealed =
        core::aead_seal(data_key.bytes, associated_data("secrets", wrapping.id, record), plain.bytes);
    if (!sealed_key || !sealed) {
        return core::fail(core::ErrorKind::internal, record.describe() + " could not be encrypted");
    }
    return std::string(1, kVersion) + wrapping.id + *sealed_key + *sealed;
}

core::Result<std::vector<core::Secret>>
open_envelope(KeyRing const& keys, RecordName const& record, std::string_view envelope) {
    if (envelope.size() < kLeastBytes) {
        return refused(record, "envelope_malformed", "it is cut short");
    }
    if (envelope.front() != kVersion) {
        return refused(record,
                       "envelope_version",
                       "its format version is " +
                           std::to_string(static_cast<unsigned char>(envelope.front())) +
                           ", this program knows 1");
    }
    std::string_view const key_id = envelope_key_id(envelope);
    KeyRing::Key const* wrapping = keys.find(key_id);
    if (wrapping == nullptr) {
        return refused(record, "envelope_unknown_key", "its key is not in the key file");
    }
    core::PlainText data_key;
    if (!core::aead_open(wrapping->bytes.expose(),
                         associated_data("key", key_id, record),
                         envelope.substr(kHeadBytes, kSealedKeyBytes),
                         data_key)) {
        return refused(record, "envelope_tampered", "it was changed, or belongs to another record");
    }
    core::PlainText plain;
    if (!core::aead_open(data_key.bytes,
                         associated_data("secrets", key_id, record),
                         envelope.substr(kHeadBytes + kSealedKeyBytes),
                         plain)) {
        return refused(record, "envelope_tampered", "it was changed, or belongs to another record");
    }
    auto secrets = split(plain.bytes);
    if (!secrets) {
        return refused(record, "envelope_malformed", "its content has another form");
    }
    return std::move(*secrets);
}

} // namespace server

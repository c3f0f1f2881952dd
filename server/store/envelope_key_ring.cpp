#include "server/store/envelope_key_ring.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/http/http_message.hpp"
#include "core/text/base64.hpp"
#include "server/config/private_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace server {
namespace {

constexpr std::size_t kKeyBytes = 32;

tl::unexpected<core::Error> bad_key(std::string const& source, std::size_t line, std::string const& why) {
    return core::fail(
        core::Error(core::ErrorKind::invalid_argument, source + ":" + std::to_string(line) + ": " + why)
            .with_code("key_file_invalid")
            .with_fix(
                "write 32 random bytes in base64 on each line, as `openssl rand -base64 32` prints them"));
}

std::string key_id_of(std::string_view key) {
    return core::hex_encode(core::sha256(key)).substr(0, 8);
}

/// The credential a service manager hands over, when it does.
std::string credential_path() {
    char const* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0') {
        return {};
    }
    std::string path = std::string(folder) + "/store.key";
    std::error_code ignored;
    return std::filesystem::exists(path, ignored) ? path : std::string();
}

core::Result<KeyRing> read_ring(std::string const& path) {
    ADOMCPD_TRY(core::Secret const text, read_private_file(path, PrivateFile::key));
    return KeyRing::parse(text, path);
}

} // namespace

core::Result<KeyRing> KeyRing::parse(core::Secret const& text, std::string const& source) {
    KeyRing ring;
    std::string_view rest = text.expose();
    for (std::size_t line = 1; !rest.empty(); ++line) {
        std::string_view const raw = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), raw.size() + 1));
        std::string_view const encoded =
            core::trim_ows(raw.ends_with('\r') ? raw.substr(0, raw.size() - 1) : raw);
        if (encoded.empty() || encoded.starts_with('#')) {
            continue;
        }
        std::optional<std::string> key = core::base64_decode(encoded);
        if (!key || key->size() != kKeyBytes) {
            if (key) {
                core::wipe(key->data(), key->size());
            }
            return bad_key(source, line, "not a key");
        }
        std::string id = key_id_of(*key);
        bool const known = ring.find(id) != nullptr;
        if (!known) {
            ring.keys_.emplace_back(std::move(id), core::Secret(*key));
        }
        core::wipe(key->data(), key->size());
        if (known) {
            return bad_key(source, line, "the same key a second time");
        }
    }
    if (ring.keys_.empty()) {
        return bad_key(source, 1, "no key in the file");
    }
    return ring;
}

core::Sealer KeyRing::sealer() const {
    std::vector<core::Sealer::Key> derived;
    derived.reserve(keys_.size());
    for (Key const& key : keys_) {
        std::string bytes = core::hmac_sha256(key.bytes.expose(), "ado-mcpd sealer 1");
        derived.emplace_back(key.id, core::Secret(bytes));
        core::wipe(bytes.data(), bytes.size());
    }
    return core::Sealer(std::move(derived));
}

core::Secret KeyRing::generate() {
    std::string key = core::random_bytes(kKeyBytes);
    std::string text = core::base64_encode(key);
    text += '\n';
    core::Secret out(text);
    core::wipe(key.data(), key.size());
    core::wipe(text.data(), text.size());
    return out;
}

KeyRing::Key const* KeyRing::find(std::string_view id) const noexcept {
    auto const it = std::find_if(keys_.begin(), keys_.end(), [id](Key const& key) { return key.id == id; });
    return it == keys_.end() ? nullptr : &*it;
}

core::Result<KeyRing> load_key_ring(std::string const& key_file, bool store_is_new) {
    if (std::string const credential = credential_path(); !credential.empty()) {
        return read_ring(credential);
    }
    core::Result<KeyRing> ring = read_ring(key_file);
    if (ring || ring.error().kind() != core::ErrorKind::not_found) {
        return ring;
    }
    if (!store_is_new) {
        return core::fail(
            core::Error(core::ErrorKind::not_found,
                        "the key file " + key_file + " is missing, and the store already exists")
                .with_code("key_file_missing")
                .with_fix("restore " + key_file + " from its backup, or set store.key_file to where it is"));
    }
    core::Result<void> const made = write_private_file(key_file, KeyRing::generate(), WriteMode::create);
    // Another process that started at the same moment may have been first: its key is the one.
    if (!made && made.error().kind() != core::ErrorKind::conflict) {
        core::Error error = made.error();
        return core::fail(std::move(error).with_fix(
            "make its folder writable for this program, or set store.key_file to a place that is"));
    }
    return read_ring(key_file);
}

} // namespace server

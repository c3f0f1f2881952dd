#include "server/store/envelope_key_ring.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/http/http_message.hpp"
#include "core/text/base64.hpp"
#include "server/config/private_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>
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

core::Result<core::Secret> read_text(std::string const& path) {
    if (credential_path().empty()) {
        // Who may write to the folder could put another key in its place.
        ADOMCPD_TRY_VOID(check_private_folder("the key file's folder", path));
    }
    return read_private_file(path, PrivateFile::key);
}

core::Result<KeyRing> read_ring(std::string const& path) {
    ADOMCPD_TRY(core::Secret const text, read_text(path));
    return KeyRing::parse(text, path);
}

/// The file with another text, unless it is not ours to write.
core::Result<void> rewrite(std::string const& key_file, std::string& text) {
    core::Secret const content(text);
    core::wipe(text.data(), text.size());
    if (key_ring_is_credential()) {
        return core::fail(
            core::Error(
                core::ErrorKind::invalid_argument,
                "the key ring is the service manager's credential store.key, which this program cannot "
                "change")
                .with_code("key_ring_read_only")
                .with_fix(
                    "change the credential, restart the service, and run `ado-mcpd key rotate` again: it "
                    "brings the records under the first key"));
    }
    return write_private_file(key_file, content, WriteMode::replace);
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
    return core::Sealer(sealer_keys());
}

std::vector<core::Sealer::Key> KeyRing::sealer_keys() const {
    std::vector<core::Sealer::Key> derived;
    derived.reserve(keys_.size());
    for (Key const& key : keys_) {
        std::string bytes = core::hmac_sha256(key.bytes.expose(), "ado-mcpd sealer 1");
        derived.emplace_back(key.id, core::Secret(bytes));
        core::wipe(bytes.data(), bytes.size());
    }
    return derived;
}

std::vector<std::string> KeyRing::ids() const {
    std::vector<std::string> out;
    std::transform(
        keys_.begin(), keys_.end(), std::back_inserter(out), [](Key const& key) { return key.id; });
    return out;
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

std::string key_ring_path(std::string const& key_file) {
    std::string credential = credential_path();
    return credential.empty() ? key_file : credential;
}

bool key_ring_is_credential() {
    return !credential_path().empty();
}

core::Result<std::string> prepend_new_key(std::string const& key_file) {
    ADOMCPD_TRY(core::Secret const before, read_text(key_ring_path(key_file)));
    core::Secret const added = KeyRing::generate();
    ADOMCPD_TRY(KeyRing const ring, KeyRing::parse(added, key_file));
    std::string text;
    text.reserve(added.size() + before.size() + 1); // it must not move: what it leaves would not be wiped
    text.append(added.expose()).append(before.expose()).append("\n");
    ADOMCPD_TRY_VOID(rewrite(key_file, text));
    return ring.first().id;
}

core::Result<std::vector<std::string>> drop_keys(std::string const& key_file,
                                                 std::vector<std::string> const& needed) {
    ADOMCPD_TRY(KeyRing const ring, read_ring(key_ring_path(key_file)));
    std::vector<std::string> dropped;
    std::string text;
    text.reserve(ring.size() * 64);
    for (std::string const& id : ring.ids()) {
        if (id != ring.first().id && std::find(needed.begin(), needed.end(), id) == needed.end()) {
            dropped.push_back(id);
            continue;
        }
        std::string line = core::base64_encode(ring.find(id)->bytes.expose());
        text.append(line).append("\n");
        core::wipe(line.data(), line.size());
    }
    if (dropped.empty()) {
        core::wipe(text.data(), text.size());
        return dropped;
    }
    ADOMCPD_TRY_VOID(rewrite(key_file, text));
    return dropped;
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

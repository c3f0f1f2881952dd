#include "server/store/audit_keys.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "core/log.hpp"

#include <algorithm>
#include <array>

namespace server {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kIdBytes = 4;
constexpr std::size_t kFingerprintDigits = 16;

core::Secret derive(core::Secret const& master, std::string_view purpose) {
    std::string bytes = core::hmac_sha256(master.expose(), purpose);
    core::Secret out(bytes);
    core::wipe(bytes.data(), bytes.size());
    return out;
}

RecordName name_of(std::string const& id) {
    return RecordName("audit key", id, 0);
}

core::Result<std::string> insert_key(SQLite::Database& database, LiveKeyRing& keys, core::SystemTime now) {
    std::string id = core::hex_encode(core::random_bytes(kIdBytes));
    std::string bytes = core::random_bytes(kKeyBytes);
    core::Secret const master(bytes);
    core::wipe(bytes.data(), bytes.size());
    std::array<core::Secret const*, 1> const secrets{&master};
    ADOMCPD_TRY(KeyRing const* const ring, keys.for_writing(database));
    ADOMCPD_TRY(std::string const envelope, seal_envelope(*ring, name_of(id), secrets));
    SQLite::Statement insert(database, "INSERT INTO audit_key VALUES (?, ?, ?)");
    insert.bind(1, id);
    insert.bind(2, to_column(now));
    bind_blob(insert, 3, envelope);
    insert.exec();
    return id;
}

} // namespace

AuditKeys::Key::Key(std::string id_, core::Secret const& master)
    : id(std::move(id_)), chain_(derive(master, "ado-mcpd audit chain 1")),
      fingerprints_(derive(master, "ado-mcpd audit fingerprint 1")) {}

std::string AuditKeys::Key::link(std::string_view previous_hash, std::string_view record) const {
    std::string input = "record";
    input.append(previous_hash).append(record);
    return core::hmac_sha256(chain_.expose(), input);
}

std::string AuditKeys::Key::seal_head(std::string_view head) const {
    return core::hmac_sha256(chain_.expose(), std::string("head").append(head));
}

std::string AuditKeys::Key::fingerprint(core::Secret const& secret) const {
    return core::hex_encode(core::hmac_sha256(fingerprints_.expose(), secret.expose()))
        .substr(0, kFingerprintDigits);
}

core::Result<void> AuditKeys::reload(SQLite::Database& database, LiveKeyRing& keys) {
    std::vector<std::shared_ptr<Key const>> found;
    SQLite::Statement row(database, "SELECT id, envelope FROM audit_key ORDER BY rowid");
    while (row.executeStep()) {
        std::string id = row.getColumn(0).getString();
        auto const opened = keys.open(name_of(id), blob_of(row.getColumn(1)));
        if (opened && opened->size() == 1) {
            found.push_back(std::make_shared<Key const>(std::move(id), opened->front()));
        } else if (auto known = find(id)) {
            found.push_back(std::move(known)); // a key file that was spoiled meanwhile takes nothing from us
        }
    }
    std::lock_guard const lock(mutex_);
    keys_ = std::move(found);
    return {};
}

core::Result<void> AuditKeys::load(SQLite::Database& database, LiveKeyRing& keys, core::SystemTime now) {
    ADOMCPD_TRY_VOID(reload(database, keys));
    if (current()) {
        return {};
    }
    SQLite::Transaction transaction(database, SQLite::TransactionBehavior::IMMEDIATE);
    ADOMCPD_TRY_VOID(reload(database, keys)); // another process may have been first
    if (current()) {
        return {};
    }
    ADOMCPD_TRY(std::string const id, insert_key(database, keys, now));
    transaction.commit();
    core::log::info("audit.key_made", {{"key_id", id}});
    return reload(database, keys);
}

std::string AuditKeys::fingerprint(core::Secret const& secret) const {
    auto const key = current();
    return key ? key->fingerprint(secret) : std::string();
}

std::shared_ptr<AuditKeys::Key const> AuditKeys::current() const {
    std::lock_guard const lock(mutex_);
    return keys_.empty() ? nullptr : keys_.back();
}

std::shared_ptr<AuditKeys::Key const> AuditKeys::find(std::string_view id) const {
    std::lock_guard const lock(mutex_);
    auto const it = std::find_if(keys_.begin(), keys_.end(), [id](auto const& key) { return key->id == id; });
    return it == keys_.end() ? nullptr : *it;
}

} // namespace server

#include "ado/zip_archive.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>

#include <zlib.h>

namespace ado {
namespace {

constexpr std::uint32_t kLocalHead = 0x04034b50;
constexpr std::uint32_t kDirectoryHead = 0x02014b50;
constexpr std::uint32_t kDirectoryEnd = 0x06054b50;
constexpr std::size_t kLocalHeadBytes = 30;
constexpr std::size_t kDirectoryHeadBytes = 46;
constexpr std::size_t kDirectoryEndBytes = 22;
constexpr std::size_t kLongestComment = 0xFFFF;
constexpr std::uint16_t kStored = 0;
constexpr std::uint16_t kDeflated = 8;

core::Error broken(std::string const& what) {
    return core::Error(core::ErrorKind::upstream, "Azure DevOps sent an archive that cannot be read: " + what)
        .with_code("unreadable_answer")
        .with_fix("Try again later.");
}

/// `count` little-endian bytes; the caller has checked that they are there.
std::uint32_t number_at(std::string_view bytes, std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = count; i > 0; --i) {
        value = (value << 8U) | static_cast<unsigned char>(bytes[at + i - 1]);
    }
    return value;
}

std::optional<std::size_t> find_directory_end(std::string_view archive) {
    if (archive.size() < kDirectoryEndBytes) {
        return std::nullopt;
    }
    std::size_t const last = archive.size() - kDirectoryEndBytes;
    std::size_t const first = last - std::min(last, kLongestComment);
    for (std::size_t at = last + 1; at-- > first;) {
        if (number_at(archive, at, 4) == kDirectoryEnd) {
            return at;
        }
    }
    return std::nullopt;
}

core::Result<std::string> inflate_raw(std::string_view packed, std::size_t size) {
    std::string out(size, '\0');
    z_stream stream{};
    if (packed.size() > std::numeric_limits<uInt>::max() || size > std::numeric_limits<uInt>::max() ||
        inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
        return core::fail(broken("an entry is too large"));
    }
    // zlib reads through a pointer to non-const and leaves what it points at alone.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(size);
    int const state = inflate(&stream, Z_FINISH);
    bool const whole = state == Z_STREAM_END && stream.avail_out == 0;
    inflateEnd(&stream);
    if (!whole) {
        return core::fail(broken("an entry does not unpack to its size"));
    }
    return out;
}

class Entry {
public:
    std::string_view packed;
    std::uint16_t method = kStored;
    std::uint32_t crc = 0;
    std::size_t size = 0;
};

core::Result<std::string> unpack(Entry const& entry) {
    core::Result<std::string> content = core::fail(core::ErrorKind::internal, "not unpacked");
    if (entry.method == kDeflated) {
        content = inflate_raw(entry.packed, entry.size);
    } else if (entry.method == kStored && entry.packed.size() == entry.size) {
        content = std::string(entry.packed);
    } else {
        content = core::fail(broken("an entry is packed by an unknown method"));
    }
    if (content) {
        uLong const crc =
            crc32(0, reinterpret_cast<Bytef const*>(content->data()), static_cast<uInt>(content->size()));
        if (crc != entry.crc) {
            return core::fail(broken("an entry's checksum is wrong"));
        }
    }
    return content;
}

} // namespace

core::Result<std::vector<std::string>> read_zip(std::string_view archive, std::size_t max_bytes) {
    std::optional<std::size_t> const end = find_directory_end(archive);
    if (!end) {
        return core::fail(broken("it has no directory"));
    }
    std::size_t const entries = number_at(archive, *end + 10, 2);
    std::size_t at = number_at(archive, *end + 16, 4);
    std::vector<std::string> files;
    std::size_t left = max_bytes;
    for (std::size_t i = 0; i < entries; ++i) {
        if (at > *end || *end - at < kDirectoryHeadBytes || number_at(archive, at, 4) != kDirectoryHead) {
            return core::fail(broken("its directory is damaged"));
        }
        Entry entry;
        bool const encrypted = (number_at(archive, at + 8, 2) & 1U) != 0;
        entry.method = static_cast<std::uint16_t>(number_at(archive, at + 10, 2));
        entry.crc = number_at(archive, at + 16, 4);
        std::size_t const packed_size = number_at(archive, at + 20, 4);
        entry.size = number_at(archive, at + 24, 4);
        std::size_t const name_size = number_at(archive, at + 28, 2);
        std::size_t const more = number_at(archive, at + 30, 2) + number_at(archive, at + 32, 2);
        std::size_t const local = number_at(archive, at + 42, 4);
        std::string_view const name = archive.substr(at + kDirectoryHeadBytes, name_size);
        at += kDirectoryHeadBytes + name_size + more;
        if (encrypted) {
            return core::fail(broken("an entry is encrypted"));
        }
        if (name.ends_with('/')) {
            continue;
        }
        if (entry.size > left) {
            return core::fail(
                core::Error(core::ErrorKind::upstream,
                            "The archive unpacks to more than " + std::to_string(max_bytes) + " bytes.")
                    .with_code("response_too_large"));
        }
        if (local > *end || *end - local < kLocalHeadBytes || number_at(archive, local, 4) != kLocalHead) {
            return core::fail(broken("an entry is not where its directory says"));
        }
        // The name and what follows it may be of another length here than in the directory.
        std::size_t const content =
            local + kLocalHeadBytes + number_at(archive, local + 26, 2) + number_at(archive, local + 28, 2);
        if (content > *end || packed_size > *end - content) {
            return core::fail(broken("an entry is cut off"));
        }
        entry.packed = archive.substr(content, packed_size);
        ADOMCPD_TRY(std::string file, unpack(entry));
        left -= file.size();
        files.push_back(std::move(file));
    }
    return files;
}

} // namespace ado

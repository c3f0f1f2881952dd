#include "simulator/zip_writer.hpp"

#include <cstdint>

#include <zlib.h>

namespace simulator {
namespace {

void put16(std::string& out, std::uint32_t value) {
    out += static_cast<char>(value & 0xFFU);
    out += static_cast<char>((value >> 8U) & 0xFFU);
}

void put32(std::string& out, std::uint32_t value) {
    put16(out, value & 0xFFFFU);
    put16(out, value >> 16U);
}

std::string deflate_raw(std::string_view text) {
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

} // namespace

std::string write_zip(std::vector<std::pair<std::string, std::string_view>> const& files) {
    std::string out;
    std::string directory;
    for (auto const& [name, content] : files) {
        std::string const packed = deflate_raw(content);
        auto const crc = static_cast<std::uint32_t>(
            crc32(0, reinterpret_cast<Bytef const*>(content.data()), static_cast<uInt>(content.size())));
        // Sizes and checksum stand behind the content, as a writer that streams does it.
        std::string common;
        put16(common, 20);
        put16(common, 8); // flags: a data descriptor follows
        put16(common, 8); // deflated
        put32(common, 0x00210000);
        auto const offset = static_cast<std::uint32_t>(out.size());
        put32(out, 0x04034b50);
        out += common;
        put32(out, 0);
        put32(out, 0);
        put32(out, 0);
        put16(out, static_cast<std::uint32_t>(name.size()));
        put16(out, 0);
        out += name;
        out += packed;
        put32(out, 0x08074b50);
        put32(out, crc);
        put32(out, static_cast<std::uint32_t>(packed.size()));
        put32(out, static_cast<std::uint32_t>(content.size()));
        put32(directory, 0x02014b50);
        put16(directory, 20);
        directory += common;
        put32(directory, crc);
        put32(directory, static_cast<std::uint32_t>(packed.size()));
        put32(directory, static_cast<std::uint32_t>(content.size()));
        put16(directory, static_cast<std::uint32_t>(name.size()));
        put16(directory, 0);
        put16(directory, 0);
        put16(directory, 0);
        put16(directory, 0);
        put32(directory, 0);
        put32(directory, offset);
        directory += name;
    }
    auto const start = static_cast<std::uint32_t>(out.size());
    out += directory;
    put32(out, 0x06054b50);
    put16(out, 0);
    put16(out, 0);
    put16(out, static_cast<std::uint32_t>(files.size()));
    put16(out, static_cast<std::uint32_t>(files.size()));
    put32(out, static_cast<std::uint32_t>(directory.size()));
    put32(out, start);
    put16(out, 0);
    return out;
}

} // namespace simulator

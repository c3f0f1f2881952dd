#include "simulator/digest.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <random>

namespace simulator {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string digest(std::string_view bytes, EVP_MD const* algorithm) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    EVP_Digest(bytes.data(), bytes.size(), out.data(), &length, algorithm, nullptr);
    return {out.begin(), out.begin() + length};
}

std::string format_guid(std::string_view bytes) {
    std::string const digits = hex(bytes.substr(0, 16));
    return digits.substr(0, 8) + "-" + digits.substr(8, 4) + "-4" + digits.substr(13, 3) + "-a" +
           digits.substr(17, 3) + "-" + digits.substr(20, 12);
}

} // namespace

std::string hex(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size() * 2);
    for (char const c : bytes) {
        auto const byte = static_cast<unsigned char>(c);
        out += kHex[byte >> 4U];
        out += kHex[byte & 15U];
    }
    return out;
}

std::string sha1_bytes(std::string_view bytes) {
    return digest(bytes, EVP_sha1());
}
std::string sha1_hex(std::string_view bytes) {
    return hex(sha1_bytes(bytes));
}
std::string sha256_bytes(std::string_view bytes) {
    return digest(bytes, EVP_sha256());
}

std::string git_object_id(std::string_view type, std::string_view content) {
    std::string object(type);
    object += ' ';
    object += std::to_string(content.size());
    object += '\0';
    object += content;
    return sha1_hex(object);
}

std::string guid_from(std::uint64_t seed, std::string_view name) {
    return format_guid(sha1_bytes(std::to_string(seed) + "/" + std::string(name)));
}

std::string next_guid() {
    static std::mt19937_64 engine{std::random_device{}()};
    std::array<std::uint64_t, 2> const words{engine(), engine()};
    std::string bytes;
    for (auto word : words) {
        for (int i = 0; i < 8; ++i) {
            bytes += static_cast<char>(word & 255U);
            word >>= 8U;
        }
    }
    return format_guid(bytes);
}

std::string random_token(std::size_t characters) {
    static constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string out(characters, '\0');
    for (auto& c : out) {
        unsigned char byte = 0;
        RAND_bytes(&byte, 1);
        c = kAlphabet[byte & 63U];
    }
    return out;
}

} // namespace simulator

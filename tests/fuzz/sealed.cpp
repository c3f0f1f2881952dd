// What was sealed comes back unchanged or not at all.
#include "fuzz.hpp"

#include "core/crypto/sealer.hpp"

using fuzz::require;

namespace {

std::string filled(std::size_t size, char first) {
    std::string bytes(size, '\0');
    for (char& byte : bytes) {
        byte = first++;
    }
    return bytes;
}

core::Sealer const& sealer() {
    static core::Sealer const instance = [] {
        std::vector<core::Sealer::Key> keys;
        keys.emplace_back("key00002", core::Secret(filled(32, 'B')));
        keys.emplace_back("key00001", core::Secret(filled(32, 'a')));
        return core::Sealer(std::move(keys));
    }();
    return instance;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    fuzz::Input input(data, size);
    std::uint8_t const where = input.byte();
    std::uint8_t const flip = input.byte();
    std::string const purpose(input.until("\n"));
    std::string const bound(input.until("\n"));
    std::string const plain(input.rest());

    std::string token = sealer().seal(purpose, bound, plain);
    require(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
                std::string::npos,
            "a token is base64url");
    require(sealer().open(purpose, bound, token) == plain, "a token opens");
    require(!sealer().open(purpose + "x", bound, token), "not for another purpose");
    require(!sealer().open(purpose, bound + "x", token), "not for somebody else");
    require(!sealer().open(purpose + "\n", bound, token), "not for a purpose that ends differently");
    require(!sealer().open(purpose, bound, plain), "nothing is forged by chance");
    if (flip != 0) {
        std::size_t const at = where * token.size() / 256;
        token[at] = static_cast<char>(static_cast<std::uint8_t>(token[at]) ^ flip);
        require(!sealer().open(purpose, bound, token), "a changed token does not open");
    } else {
        token.resize(where * token.size() / 256);
        require(!sealer().open(purpose, bound, token), "a cut token does not open");
    }
    return 0;
}

#pragma once

#include <memory>
#include <string>
#include <utility>

namespace protocol {

/// Takes a map's entry out when its scope ends.
template <class Map>
class EraseAtEnd {
public:
    EraseAtEnd(Map& map, std::string key, typename Map::mapped_type value)
        : map_(map), key_(std::move(key)), value_(std::move(value)) {}
    EraseAtEnd(EraseAtEnd const&) = delete;
    EraseAtEnd& operator=(EraseAtEnd const&) = delete;
    ~EraseAtEnd() {
        auto const it = map_.find(key_);
        if (it != map_.end() && same(it->second, value_)) {
            map_.erase(it); // not one that took its place
        }
    }

private:
    template <class T>
    static bool same(std::shared_ptr<T> const& a, std::shared_ptr<T> const& b) {
        return a == b;
    }

    Map& map_;
    std::string key_;
    typename Map::mapped_type value_;
};

} // namespace protocol

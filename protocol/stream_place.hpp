#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace protocol {

/// A stream a principal holds open, counted.
class StreamPlace {
public:
    using Counts = std::unordered_map<std::string, std::size_t>;
    StreamPlace(Counts& counts, std::string principal) : counts_(&counts), principal_(std::move(principal)) {
        ++(*counts_)[principal_];
    }
    StreamPlace(StreamPlace const&) = delete;
    StreamPlace& operator=(StreamPlace const&) = delete;
    ~StreamPlace() {
        auto const it = counts_->find(principal_);
        if (--it->second == 0) {
            counts_->erase(it);
        }
    }

private:
    Counts* counts_;
    std::string principal_;
};

} // namespace protocol

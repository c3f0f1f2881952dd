#include "protocol/change_hub.hpp"

#include <algorithm>

namespace protocol {

void ChangeHub::remove(Listener& listener) noexcept {
    auto const it = std::find(listeners_.begin(), listeners_.end(), &listener);
    if (it == listeners_.end()) {
        return;
    }
    if (publishing_ != 0) {
        *it = nullptr; // the loop below goes by index
    } else {
        listeners_.erase(it);
    }
}

void ChangeHub::publish(ChangeEvent const& event) {
    ++publishing_;
    std::size_t const count = listeners_.size(); // who comes meanwhile hears the next one
    for (std::size_t i = 0; i < count; ++i) {
        if (listeners_[i] != nullptr) {
            listeners_[i]->changed(event);
        }
    }
    if (--publishing_ == 0) {
        std::erase(listeners_, nullptr);
    }
}

std::size_t ChangeHub::size() const noexcept {
    return listeners_.size() -
           static_cast<std::size_t>(std::count(listeners_.begin(), listeners_.end(), nullptr));
}

} // namespace protocol

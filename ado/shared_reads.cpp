#include "ado/shared_reads.hpp"

#include <functional>
#include <string_view>

namespace ado {

std::size_t SharedReads::key_of(core::HttpRequest const& request) noexcept {
    return std::hash<std::string_view>()(request.url.target);
}

std::shared_ptr<SharedRead>
SharedReads::find(std::size_t key, core::HttpRequest const& request, Lane lane) const noexcept {
    auto const place = flights_.find(key);
    if (place == flights_.end()) {
        return nullptr;
    }
    core::HttpRequest const& other = place->second->request;
    bool const same = other.url.target == request.url.target && other.url.origin == request.url.origin &&
                      other.method == request.method &&
                      other.headers.get("Accept") == request.headers.get("Accept") &&
                      place->second->identity == lane.identity && other.auth_scheme == request.auth_scheme &&
                      other.credential.equals(request.credential.expose());
    return same ? place->second : nullptr;
}

void SharedReads::remove(std::size_t key, SharedRead const& flight) noexcept {
    auto const place = flights_.find(key);
    if (place != flights_.end() && place->second.get() == &flight) {
        flights_.erase(place);
    }
}

} // namespace ado

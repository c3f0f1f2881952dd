#pragma once

#include "core/json.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace protocol {

/// Something a client may have asked to be told of.
class ChangeEvent {
public:
    enum class Kind { tools, prompts, resources, resource, task };

    explicit ChangeEvent(Kind kind_, std::string key_ = {}, core::Json payload_ = core::Json())
        : kind(kind_), key(std::move(key_)), payload(std::move(payload_)) {}

    Kind kind;
    std::string key;    ///< URI of the resource, id of the task; else empty
    core::Json payload; ///< the task as tasks/get shows it; else null
};

/// Passes changes on to whoever listens, in the order of subscription. One thread. A listener may leave while
/// it is called.
class ChangeHub {
public:
    class Listener {
    public:
        virtual ~Listener() = default;
        virtual void changed(ChangeEvent const& event) = 0;
    };

    void add(Listener& listener) { listeners_.push_back(&listener); }
    void remove(Listener& listener) noexcept;
    void publish(ChangeEvent const& event);
    std::size_t size() const noexcept;

private:
    std::vector<Listener*> listeners_; ///< nullptr: left during a publication
    std::size_t publishing_ = 0;
};

} // namespace protocol

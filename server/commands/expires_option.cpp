#include "server/commands/expires_option.hpp"

#include "server/config/expiry.hpp"

namespace server {

core::Result<std::optional<core::SystemTime>> parse_expires_option(std::string const& text,
                                                                   core::Clock const& clock) {
    if (text.empty()) {
        return std::optional<core::SystemTime>();
    }
    std::optional<core::SystemTime> when = parse_expiry(text);
    if (auto const span = parse_lifetime(text)) {
        when = clock.system_now() + *span;
    }
    if (!when || *when <= clock.system_now()) {
        return core::fail(core::Error(core::ErrorKind::invalid_argument,
                                      when ? "--expires lies in the past" : "--expires cannot be understood")
                              .with_code("usage")
                              .with_fix("write a span from now (90d, 12h) or a date to come (2027-03-01)"));
    }
    return when;
}

} // namespace server

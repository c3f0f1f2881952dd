#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fuzz {

/// An event as a client gets it.
class Event {
public:
    std::string id;
    std::string data;
    std::string retry;
};

/// As the HTML Living Standard says, for streams that end their lines with LF.
inline std::vector<Event> read_events(std::string_view stream) {
    std::vector<Event> events;
    Event event;
    bool any_data = false;
    while (!stream.empty()) {
        std::size_t const end = std::min(stream.find('\n'), stream.size());
        std::string_view const line = stream.substr(0, end);
        stream.remove_prefix(std::min(end + 1, stream.size()));
        if (line.empty()) {
            if (any_data || !event.id.empty()) {
                events.push_back(std::move(event));
            }
            event = Event();
            any_data = false;
            continue;
        }
        std::size_t const colon = std::min(line.find(':'), line.size());
        std::string_view value = line.substr(std::min(colon + 1, line.size()));
        value.remove_prefix(value.starts_with(' ') ? 1 : 0);
        if (line.substr(0, colon) == "data") {
            event.data += (any_data ? "\n" : "") + std::string(value);
            any_data = true;
        } else if (line.substr(0, colon) == "id") {
            event.id = value;
        } else if (line.substr(0, colon) == "retry") {
            event.retry = value;
        }
    }
    return events;
}

} // namespace fuzz

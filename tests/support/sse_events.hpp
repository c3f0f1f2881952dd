#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace test {

/// One event of a stream, as a client gets it.
class SseEvent {
public:
    std::string type;
    std::string id;
    std::string data;
    std::string retry;
};

/// What an event stream says, read as the HTML Living Standard asks for. Fails the test for what no server of
/// ours writes: fields it does not know, more than one `data:` line, a line that ends in CR.
class SseReader {
public:
    explicit SseReader(std::string_view stream) {
        SseEvent event;
        bool any = false;
        while (!stream.empty()) {
            std::size_t const end = stream.find('\n');
            EXPECT_NE(end, std::string_view::npos) << "half a line: " << stream;
            std::string_view const line = stream.substr(0, end);
            stream.remove_prefix(std::min(line.size() + 1, stream.size()));
            EXPECT_EQ(line.find('\r'), std::string_view::npos);
            if (line.empty()) {
                if (std::exchange(any, false)) {
                    events.push_back(std::exchange(event, SseEvent()));
                }
                continue;
            }
            if (line.front() == ':') {
                ++comments;
                continue;
            }
            any = true;
            take(line, event);
        }
        EXPECT_FALSE(any) << "the stream ends within an event";
    }

    std::vector<SseEvent> events;
    int comments = 0;

private:
    static void take(std::string_view line, SseEvent& event) {
        std::size_t const colon = std::min(line.find(':'), line.size());
        std::string_view const name = line.substr(0, colon);
        std::string_view value = line.substr(std::min(colon + 1, line.size()));
        value.remove_prefix(value.starts_with(' ') ? 1 : 0);
        if (name == "data") {
            EXPECT_EQ(event.data, "") << "a message is one data line";
            event.data = value;
        } else if (name == "event") {
            event.type = value;
        } else if (name == "id") {
            event.id = value;
        } else if (name == "retry") {
            event.retry = value;
        } else {
            ADD_FAILURE() << "unknown field: " << line;
        }
    }
};

} // namespace test

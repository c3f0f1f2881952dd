// Event frames as a client reads them, and the ids that come back in Last-Event-ID.
#include "fuzz.hpp"
#include "sse_reader.hpp"

#include "protocol/sse.hpp"

using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
    namespace sse = protocol::sse;
    fuzz::Input input(data, size);
    std::string_view const id_text = input.until("\n");
    if (auto const id = sse::EventId::parse(id_text)) {
        require(sse::EventId::format(id->stream, id->sequence) == id_text, "an event id has one spelling");
    }
    auto const json = core::parse_json(input.rest(), core::JsonLimits());
    if (!json) {
        return 0;
    }
    std::string const message = core::dump_json(*json);
    std::string const id = sse::EventId::format("0123456789abcdef", size);
    auto const parsed = sse::EventId::parse(id);
    require(parsed && parsed->sequence == size && parsed->stream == "0123456789abcdef",
            "our own event id is read");
    std::string stream = sse::priming(id, 2000);
    stream += sse::keep_alive();
    stream += sse::event(message);
    stream += sse::event(id, message);
    auto const events = fuzz::read_events(stream);
    require(events.size() == 3, "priming, and two messages");
    require(events[0].id == id && events[0].data.empty() && events[0].retry == "2000", "priming is read");
    require(events[1].id.empty() && events[1].data == message, "a message is read");
    require(events[2].id == id && events[2].data == message, "a message with an id is read");
    return 0;
}

#include "protocol/sse.hpp"

#include <charconv>
#include <system_error>

namespace protocol::sse {
namespace {

constexpr std::size_t kStreamDigits = 16;

} // namespace

std::string event(std::string_view message) {
    std::string frame;
    frame.reserve(message.size() + 32);
    frame += "event: message\ndata: ";
    frame += message;
    frame += "\n\n";
    return frame;
}

std::string event(std::string_view id, std::string_view message) {
    std::string frame;
    frame.reserve(id.size() + message.size() + 40);
    frame += "event: message\nid: ";
    frame += id;
    frame += "\ndata: ";
    frame += message;
    frame += "\n\n";
    return frame;
}

std::string priming(std::string_view id, std::int64_t retry_ms) {
    std::string frame = "id: ";
    frame += id;
    frame += "\nretry: " + std::to_string(retry_ms) + "\ndata: \n\n";
    return frame;
}

std::string_view keep_alive() noexcept {
    return ":\n\n";
}

std::string EventId::format(std::string_view stream, std::uint64_t sequence) {
    std::string text(stream);
    text += '-';
    text += std::to_string(sequence);
    return text;
}

std::optional<EventId> EventId::parse(std::string_view text) {
    if (text.size() < kStreamDigits + 2 || text[kStreamDigits] != '-') {
        return std::nullopt;
    }
    EventId id;
    id.stream = text.substr(0, kStreamDigits);
    if (id.stream.find_first_not_of("0123456789abcdef") != std::string::npos) {
        return std::nullopt;
    }
    std::string_view const number = text.substr(kStreamDigits + 1);
    auto const [end, problem] = std::from_chars(number.data(), number.data() + number.size(), id.sequence);
    bool const canonical = number.size() == 1 || number.front() != '0';
    if (problem != std::errc() || end != number.data() + number.size() || !canonical) {
        return std::nullopt;
    }
    return id;
}

} // namespace protocol::sse

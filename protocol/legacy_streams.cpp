#include "protocol/legacy_streams.hpp"

#include "core/crypto/digest.hpp"
#include "core/crypto/random.hpp"
#include "protocol/sse.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace protocol {

LegacyStream::LegacyStream(LegacyStreams& owner, std::string id, std::string session, Revision revision)
    : owner_(owner), id_(std::move(id)), session_(std::move(session)),
      primes_(revision >= Revision::v2025_11_25) {}

LegacyStream::~LegacyStream() {
    forget_events();
}

void LegacyStream::forget_events() noexcept {
    owner_.bytes_ -= bytes_;
    bytes_ = 0;
    events_.clear();
}

std::shared_ptr<core::Event> LegacyStream::attach(ReplyChannel& channel, std::uint64_t sequence) {
    if (channel_ != nullptr) {
        channel_->finish();
    }
    if (carried_) {
        carried_->set();
    }
    channel_ = &channel;
    carried_ = std::make_shared<core::Event>();
    if (!finished()) {
        unused_since_.reset();
    }
    if (primes_) {
        // Older parsers would read the empty data as JSON.
        channel.write(sse::priming(sse::EventId::format(id_, sequence), owner_.limits_.retry.count()));
    }
    for (Event const& event : events_) {
        if (event.sequence > sequence) {
            channel.write(event.frame);
        }
    }
    if (finished()) {
        channel.finish();
        carried_->set();
    }
    return carried_;
}

void LegacyStream::detach(ReplyChannel const& channel) noexcept {
    if (channel_ == &channel) {
        channel_ = nullptr;
        if (standing_ && !finished()) {
            unused_since_ = owner_.clock_.now();
        }
    }
}

bool LegacyStream::send(std::string_view message) {
    if (finished()) {
        return false;
    }
    ++sequence_;
    std::string frame = sse::event(sse::EventId::format(id_, sequence_), message);
    bool const written = channel_ != nullptr && channel_->writable() && channel_->write(frame);
    bytes_ += frame.size();
    owner_.bytes_ += frame.size();
    events_.emplace_back(sequence_, std::move(frame));
    McpLimits const& limits = owner_.limits_;
    while (events_.size() > limits.replay_events || (bytes_ > limits.replay_bytes && events_.size() > 1)) {
        bytes_ -= events_.front().frame.size();
        owner_.bytes_ -= events_.front().frame.size();
        events_.pop_front();
    }
    return written;
}

void LegacyStream::finish() {
    if (!finished()) {
        unused_since_ = owner_.clock_.now();
        finished_ = true;
        ears_.reset();
    }
    if (carried_) {
        carried_->set();
    }
    if (channel_ != nullptr) {
        channel_->finish();
    }
}

void LegacyStream::release() {
    if (primes_ && channel_ != nullptr) {
        channel_->finish();
        channel_ = nullptr;
    }
}

std::shared_ptr<LegacyStream> LegacyStreams::make(std::string const& session, Revision revision) {
    std::string id = core::hex_encode(core::random_bytes(8));
    auto stream = std::make_shared<LegacyStream>(*this, id, session, revision);
    streams_.emplace(std::move(id), stream);
    if (bytes_ > limits_.replay_total_bytes) {
        prune();
    }
    return stream;
}

std::shared_ptr<LegacyStream> LegacyStreams::find(std::string_view id, std::string_view session) const {
    auto const it = streams_.find(std::string(id));
    return it != streams_.end() && it->second->session() == session ? it->second : nullptr;
}

void LegacyStreams::end_session(std::string_view session) {
    std::vector<std::shared_ptr<LegacyStream>> ending;
    for (auto const& [id, stream] : streams_) {
        if (stream->session() == session) {
            ending.push_back(stream);
        }
    }
    for (auto const& stream : ending) {
        stream->finish();
        streams_.erase(stream->id());
    }
}

void LegacyStreams::prune() {
    core::SteadyTime const limit = clock_.now() - limits_.replay_age;
    std::erase_if(streams_, [limit](auto const& entry) {
        auto const since = entry.second->unused_since();
        return since && *since < limit;
    });
    if (bytes_ <= limits_.replay_total_bytes) {
        return;
    }
    std::vector<std::shared_ptr<LegacyStream>> unused;
    for (auto const& [id, stream] : streams_) {
        if (stream->unused_since()) {
            unused.push_back(stream);
        }
    }
    std::sort(unused.begin(), unused.end(), [](auto const& a, auto const& b) {
        return *a->unused_since() < *b->unused_since();
    });
    for (auto const& stream : unused) {
        if (bytes_ <= limits_.replay_total_bytes) {
            break;
        }
        stream->forget_events();
        streams_.erase(stream->id());
    }
}

} // namespace protocol

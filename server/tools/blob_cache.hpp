#pragma once

#include "ado/git.hpp"
#include "core/call_context.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace server {

class CallScope;

/// Texts of files by the object id of their content, which never changes: the least recently used ones go
/// when the bytes run out. An entry belongs to one organization and one identity, and is only found under
/// both, so that nobody reads with another's rights. Takes no memory before its first entry. One thread.
class BlobCache {
public:
    using Text = std::shared_ptr<std::string const>; ///< shared with who reads it; nullptr = not there

    /// `max_bytes` 0 keeps nothing.
    BlobCache(std::size_t max_bytes, std::size_t max_file_bytes)
        : max_bytes_(max_bytes), max_file_bytes_(max_file_bytes) {}

    /// `owner` as blob_owner() says it; of an empty one nothing is kept.
    Text find(std::string const& owner, std::string_view object_id);
    /// Keeps the item's text. Files that are binary, too long or without content are passed over.
    void put(std::string const& owner, ado::FileItem const& item);

    /// Whether someone in the organization read the file of this name (see blob_name()) from here: then it is
    /// worth asking for its object id alone. Says nothing about who may read it.
    bool knows_name(std::string const& name) const;
    void put_name(std::string const& owner, ado::FileItem const& item, std::string name);

    std::size_t bytes() const noexcept { return bytes_; }
    std::size_t size() const noexcept { return entries_.size(); }

private:
    class Entry {
    public:
        Entry(std::string key_, Text text_) : key(std::move(key_)), text(std::move(text_)) {}
        std::string key;
        Text text;
        std::string name; ///< the last one it was read under; may be empty
    };
    using Entries = std::list<Entry>; ///< most recently used first

    static std::size_t cost(Entry const& entry) noexcept;
    void forget_name(Entry& entry);
    void drop_last();

    std::size_t max_bytes_;
    std::size_t max_file_bytes_;
    std::size_t bytes_ = 0;
    Entries entries_;
    std::unordered_map<std::string_view, Entries::iterator> by_key_; ///< keys lie in the entries
    std::unordered_map<std::string, std::size_t> names_;             ///< entries that have the name
};

/// The organization and the identity under which the trace's last request was answered; empty when the
/// service did not say who we are.
std::string blob_owner(CallScope const& scope, core::CallTrace const& trace);

/// A request of a call, beside others of it: with a trace of its own, which says for certain under which
/// identity this one was answered, and which goes into the call's when this goes.
class TracedRequest {
public:
    explicit TracedRequest(CallScope const& scope);
    ~TracedRequest();
    TracedRequest(TracedRequest const&) = delete;
    TracedRequest& operator=(TracedRequest const&) = delete;

    core::CallContext const& ctx() const noexcept { return ctx_; }
    std::string owner() const { return blob_owner(scope_, *ctx_.trace); }

private:
    CallScope const& scope_;
    core::CallContext ctx_;
};

/// A file at a commit.
std::string blob_name(CallScope const& scope,
                      std::string_view project,
                      std::string_view repository,
                      std::string_view path,
                      std::string_view commit);

} // namespace server

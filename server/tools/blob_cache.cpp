#include "server/tools/blob_cache.hpp"

#include "core/http/http_message.hpp"
#include "server/tools/call_scope.hpp"

#include <algorithm>

namespace server {

namespace {

/// What an entry takes beside its texts: list and map nodes.
constexpr std::size_t kEntryBytes = 256;

/// SHA-1 or SHA-256 in hexadecimal digits.
bool is_object_id(std::string_view text) noexcept {
    return (text.size() == 40 || text.size() == 64) && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
           });
}

std::string key_of(std::string const& owner, std::string_view object_id) {
    return owner + '\n' + core::to_lower_ascii(object_id);
}

} // namespace

std::size_t BlobCache::cost(Entry const& entry) noexcept {
    return entry.text->capacity() + entry.key.capacity() + 2 * entry.name.capacity() + kEntryBytes;
}

BlobCache::Text BlobCache::find(std::string const& owner, std::string_view object_id) {
    if (owner.empty() || entries_.empty()) {
        return nullptr;
    }
    auto const found = by_key_.find(key_of(owner, object_id));
    if (found == by_key_.end()) {
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, found->second);
    return found->second->text;
}

void BlobCache::put(std::string const& owner, ado::FileItem const& item) {
    bool const is_text = item.has_content && !item.is_binary && !item.is_folder && !item.is_symlink &&
                         item.content.find('\0') == std::string::npos;
    std::size_t const most = std::min(max_file_bytes_, max_bytes_);
    if (owner.empty() || !is_text || item.content.size() > most || !is_object_id(item.object_id)) {
        return;
    }
    std::string key = key_of(owner, item.object_id);
    if (by_key_.contains(key)) {
        return;
    }
    entries_.emplace_front(std::move(key), std::make_shared<std::string const>(item.content));
    by_key_.emplace(entries_.front().key, entries_.begin());
    bytes_ += cost(entries_.front());
    while (bytes_ > max_bytes_) {
        drop_last();
    }
}

bool BlobCache::knows_name(std::string const& name) const {
    return names_.contains(name);
}

void BlobCache::put_name(std::string const& owner, ado::FileItem const& item, std::string name) {
    put(owner, item);
    auto const found = by_key_.find(key_of(owner, item.object_id));
    if (found == by_key_.end() || found->second->name == name) {
        return;
    }
    Entry& entry = *found->second;
    bytes_ -= cost(entry);
    forget_name(entry);
    entry.name = std::move(name);
    ++names_[entry.name];
    bytes_ += cost(entry);
    while (bytes_ > max_bytes_) {
        drop_last();
    }
}

void BlobCache::forget_name(Entry& entry) {
    auto const known = names_.find(entry.name);
    if (known != names_.end() && --known->second == 0) {
        names_.erase(known);
    }
    entry.name.clear();
}

void BlobCache::drop_last() {
    Entry& last = entries_.back();
    bytes_ -= cost(last);
    forget_name(last);
    by_key_.erase(last.key);
    entries_.pop_back();
}

TracedRequest::TracedRequest(CallScope const& scope) : scope_(scope), ctx_(scope.ctx) {
    ctx_.trace = std::make_shared<core::CallTrace>();
}

TracedRequest::~TracedRequest() {
    core::CallTrace const& own = *ctx_.trace;
    core::CallTrace& call = *scope_.ctx.trace;
    call.method = own.method.empty() ? call.method : own.method;
    call.identity = own.identity.empty() ? call.identity : own.identity;
    call.activity_id = own.activity_id.empty() ? call.activity_id : own.activity_id;
    call.upstream_requests += own.upstream_requests;
    call.upstream_time += own.upstream_time;
}

std::string blob_owner(CallScope const& scope, core::CallTrace const& trace) {
    if (trace.identity.empty()) {
        return {};
    }
    return scope.client.organization().key() + '\n' + trace.method + '\n' + trace.identity;
}

std::string blob_name(CallScope const& scope,
                      std::string_view project,
                      std::string_view repository,
                      std::string_view path,
                      std::string_view commit) {
    std::string name = scope.client.organization().key();
    for (std::string_view const part : {project, repository, path, commit}) {
        name.append("\n").append(part);
    }
    return name;
}

} // namespace server

#include "server/config/limits_table.hpp"

#include <array>

namespace server {
namespace {

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kMiB = 1024 * 1024;

// Ranges keep out what cannot work: a deadline shorter than a round trip, a buffer that would take the
// machine.
constexpr std::array kEntries{
    LimitEntry{"connections", &Limits::connections, 1, 1'000'000},
    LimitEntry{"head_bytes", &Limits::head_bytes, 1024, kMiB},
    LimitEntry{"header_fields", &Limits::header_fields, 8, 10'000},
    LimitEntry{"body_bytes", &Limits::body_bytes, 1024, 256 * kMiB},
    LimitEntry{"json_depth", &Limits::json_depth, 8, 512},
    LimitEntry{"json_string_bytes", &Limits::json_string_bytes, 1024, 256 * kMiB},
    LimitEntry{"head_ms", &Limits::head_ms, 100, kHour},
    LimitEntry{"body_ms", &Limits::body_ms, 100, kHour},
    LimitEntry{"keep_alive_ms", &Limits::keep_alive_ms, 100, kHour},
    LimitEntry{"write_ms", &Limits::write_ms, 100, kHour},
    LimitEntry{"tls_handshake_ms", &Limits::tls_handshake_ms, 100, kHour},
    LimitEntry{"stream_queue_events", &Limits::stream_queue_events, 4, 100'000},
    LimitEntry{"stream_queue_bytes", &Limits::stream_queue_bytes, 4096, 64 * kMiB},
    LimitEntry{"stream_keep_alive_ms", &Limits::stream_keep_alive_ms, 100, kHour},
    LimitEntry{"stdio_line_bytes", &Limits::stdio_line_bytes, 1024, 256 * kMiB},
    LimitEntry{"calls", &Limits::calls, 1, 100'000},
    LimitEntry{"calls_queue", &Limits::calls_queue, 0, 1'000'000},
    LimitEntry{"drain_ms", &Limits::drain_ms, 0, kHour},
    LimitEntry{"call_ms", &Limits::call_ms, 100, kHour},
    LimitEntry{"tool_search_ms", &Limits::tool_search_ms, 100, kHour},
    LimitEntry{"tool_read_ms", &Limits::tool_read_ms, 100, kHour},
    LimitEntry{"tool_write_ms", &Limits::tool_write_ms, 100, kHour},
    LimitEntry{"answer_bytes", &Limits::answer_bytes, 1024, 16 * kMiB},
    LimitEntry{"search_answer_bytes", &Limits::search_answer_bytes, 1024, 16 * kMiB},
    LimitEntry{"search_parallel_files", &Limits::search_parallel_files, 1, 64},
    LimitEntry{"search_file_bytes", &Limits::search_file_bytes, 256, kMiB},
    LimitEntry{"search_organizations", &Limits::search_organizations, 1, 1000},
    LimitEntry{"search_parallel_organizations", &Limits::search_parallel_organizations, 1, 64},
    LimitEntry{"search_fallback_files", &Limits::search_fallback_files, 0, 10'000},
    LimitEntry{"search_fallback_bytes", &Limits::search_fallback_bytes, 0, 256 * kMiB},
    LimitEntry{"blob_cache_bytes", &Limits::blob_cache_bytes, 0, 1024 * kMiB},
    LimitEntry{"blob_cache_file_bytes", &Limits::blob_cache_file_bytes, 1024, 64 * kMiB},
    LimitEntry{"idempotency_hours", &Limits::idempotency_hours, 1, 24 * 365},
    LimitEntry{"write_settle_ms", &Limits::write_settle_ms, 500, kDay},
    LimitEntry{"write_recovery_ms", &Limits::write_recovery_ms, 100, kDay},
    LimitEntry{"journal_days", &Limits::journal_days, 1, 36'500},
    LimitEntry{"work_item_rules_ms", &Limits::work_item_rules_ms, 0, kDay},
    LimitEntry{"work_item_rules", &Limits::work_item_rules, 1, 100'000},
    LimitEntry{"mcp_list_page", &Limits::mcp_list_page, 1, 10'000},
    LimitEntry{"mcp_session_idle_ms", &Limits::mcp_session_idle_ms, 100, 30 * kDay},
    LimitEntry{"mcp_sessions_per_principal", &Limits::mcp_sessions_per_principal, 1, 10'000'000},
    LimitEntry{"mcp_streams_per_principal", &Limits::mcp_streams_per_principal, 1, 1'000'000},
    LimitEntry{"mcp_tasks_per_principal", &Limits::mcp_tasks_per_principal, 1, 100'000},
    LimitEntry{"mcp_request_state_ms", &Limits::mcp_request_state_ms, 100, kDay},
    LimitEntry{"mcp_client_answer_ms", &Limits::mcp_client_answer_ms, 100, kDay},
    LimitEntry{"mcp_heartbeat_ms", &Limits::mcp_heartbeat_ms, 100, kHour},
    LimitEntry{"mcp_stream_after_ms", &Limits::mcp_stream_after_ms, 100, kHour},
    LimitEntry{"mcp_replay_events", &Limits::mcp_replay_events, 1, 100'000},
    LimitEntry{"mcp_replay_bytes", &Limits::mcp_replay_bytes, 1024, 64 * kMiB},
    LimitEntry{"mcp_replay_age_ms", &Limits::mcp_replay_age_ms, 100, kDay},
    LimitEntry{"mcp_task_after_ms", &Limits::mcp_task_after_ms, 100, kHour},
    LimitEntry{"mcp_task_ttl_ms", &Limits::mcp_task_ttl_ms, 1000, 30 * kDay},
    LimitEntry{"leg_ms", &Limits::leg_ms, 100, kHour},
    LimitEntry{"stored_connectors", &Limits::stored_connectors, 1, 100'000},
    LimitEntry{"stored_sources", &Limits::stored_sources, 1, 1'000'000},
    LimitEntry{"knowledge_first_ms", &Limits::knowledge_first_ms, 0, kDay},
    LimitEntry{"knowledge_sync_ms", &Limits::knowledge_sync_ms, 1000, 30 * kDay},
    LimitEntry{"knowledge_retry_ms", &Limits::knowledge_retry_ms, 100, kDay},
    LimitEntry{"knowledge_run_ms", &Limits::knowledge_run_ms, 1000, kDay},
    LimitEntry{"knowledge_syncs", &Limits::knowledge_syncs, 1, 16},
    LimitEntry{"knowledge_parallel", &Limits::knowledge_parallel, 1, 16},
    LimitEntry{"knowledge_batch_files", &Limits::knowledge_batch_files, 1, 1000},
    LimitEntry{"knowledge_batch_bytes", &Limits::knowledge_batch_bytes, 64 * 1024, 64 * kMiB},
    LimitEntry{"knowledge_file_bytes", &Limits::knowledge_file_bytes, 1024, 16 * kMiB},
    LimitEntry{"knowledge_files", &Limits::knowledge_files, 1, 1'000'000},
    LimitEntry{"knowledge_rerank_hits", &Limits::knowledge_rerank_hits, 1, 100},
    LimitEntry{"knowledge_rerank_ms", &Limits::knowledge_rerank_ms, 50, kMinute},
    LimitEntry{"sign_in_ms", &Limits::sign_in_ms, 1000, 24 * kHour},
    LimitEntry{"sign_in_flows", &Limits::sign_in_flows, 1, 10'000},
    LimitEntry{"tenant_lookup_ms", &Limits::tenant_lookup_ms, 100, kHour},
    LimitEntry{"tenant_fresh_ms", &Limits::tenant_fresh_ms, 100, 365 * kDay},
    LimitEntry{"tenant_retry_ms", &Limits::tenant_retry_ms, 100, kDay},
    LimitEntry{"tenants", &Limits::tenants, 1, 1'000'000},
    LimitEntry{"credential_warm_up_ms", &Limits::credential_warm_up_ms, 100, kDay},
    LimitEntry{"credential_touch_ms", &Limits::credential_touch_ms, 1000, 30 * kDay},
    LimitEntry{"inbound_token_bytes", &Limits::inbound_token_bytes, 1024, 16 * 1024},
    LimitEntry{"inbound_skew_ms", &Limits::inbound_skew_ms, 0, 300'000},
    LimitEntry{"inbound_verified_tokens", &Limits::inbound_verified_tokens, 1, 1'000'000},
    LimitEntry{"inbound_keys", &Limits::inbound_keys, 1, 1000},
    LimitEntry{"inbound_keys_bytes", &Limits::inbound_keys_bytes, 1024, 16 * kMiB},
    LimitEntry{"inbound_keys_fetch_ms", &Limits::inbound_keys_fetch_ms, 50, kMinute},
    LimitEntry{"inbound_keys_refresh_ms", &Limits::inbound_keys_refresh_ms, 1000, kDay},
    LimitEntry{"inbound_keys_refetch_ms", &Limits::inbound_keys_refetch_ms, 100, kDay},
    LimitEntry{"inbound_keys_stale_ms", &Limits::inbound_keys_stale_ms, 1000, 30 * kDay},
    LimitEntry{"audit_days", &Limits::audit_days, 1, 36'500},
    LimitEntry{"audit_page_records", &Limits::audit_page_records, 1, 1000},
    LimitEntry{"upstream_connections", &Limits::upstream_connections, 1, 1024},
    LimitEntry{"upstream_queue", &Limits::upstream_queue, 0, 100'000},
    LimitEntry{"upstream_connect_ms", &Limits::upstream_connect_ms, 50, 10 * kMinute},
    LimitEntry{"upstream_request_ms", &Limits::upstream_request_ms, 50, kHour},
    LimitEntry{"upstream_idle_ms", &Limits::upstream_idle_ms, 0, kHour},
    LimitEntry{"upstream_body_bytes", &Limits::upstream_body_bytes, 64 * 1024, 256 * kMiB},
    LimitEntry{"upstream_attempts", &Limits::upstream_attempts, 1, 10},
    LimitEntry{"organization_calls", &Limits::organization_calls, 1, 10'000},
    LimitEntry{"organization_queue", &Limits::organization_queue, 0, 100'000},
    LimitEntry{"retry_after_cap_ms", &Limits::retry_after_cap_ms, 0, kHour},
    LimitEntry{"breaker_failures", &Limits::breaker_failures, 1, 1'000'000},
    LimitEntry{"breaker_window_ms", &Limits::breaker_window_ms, 100, kHour},
    LimitEntry{"breaker_open_ms", &Limits::breaker_open_ms, 100, kHour},
};

// Members are all of one size: a member without an entry makes the struct larger than the table.
static_assert(sizeof(Limits) == kEntries.size() * sizeof(std::size_t));
static_assert(sizeof(std::chrono::milliseconds) == sizeof(std::size_t));

} // namespace

std::span<LimitEntry const> limit_entries() noexcept {
    return kEntries;
}

std::int64_t get_limit(Limits const& limits, LimitEntry const& entry) {
    if (auto const* count = std::get_if<std::size_t Limits::*>(&entry.member)) {
        return static_cast<std::int64_t>(limits.**count);
    }
    return (limits.*std::get<std::chrono::milliseconds Limits::*>(entry.member)).count();
}

void set_limit(Limits& limits, LimitEntry const& entry, std::int64_t value) {
    if (auto const* count = std::get_if<std::size_t Limits::*>(&entry.member)) {
        limits.** count = static_cast<std::size_t>(value);
    } else {
        limits.*std::get<std::chrono::milliseconds Limits::*>(entry.member) =
            std::chrono::milliseconds(value);
    }
}

} // namespace server

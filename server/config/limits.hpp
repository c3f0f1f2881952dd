#pragma once

#include <chrono>
#include <cstddef>

namespace server {

/// Every size, rate and deadline of the daemon: the key under `limits:`, its default, its unit. Names end in
/// their unit.
class Limits {
public:
    // Inbound
    std::size_t connections = 4096;                  ///< per listener; at the cap we stop accepting
    std::size_t head_bytes = 16 * 1024;              ///< request line and headers -> 431
    std::size_t header_fields = 100;                 ///< -> 431
    std::size_t body_bytes = 1024 * 1024;            ///< request body -> 413
    std::size_t json_depth = 64;                     ///< nesting of a request
    std::size_t json_string_bytes = 512 * 1024;      ///< one string inside an MCP message, as written
    std::chrono::milliseconds head_ms{10'000};       ///< to receive a head once it began
    std::chrono::milliseconds body_ms{30'000};       ///< to receive a body
    std::chrono::milliseconds keep_alive_ms{75'000}; ///< idle connection; above the 60 s of common proxies
    std::chrono::milliseconds write_ms{30'000};      ///< to write an answer to a slow reader
    std::chrono::milliseconds tls_handshake_ms{10'000};
    std::size_t stream_queue_events = 64;        ///< waiting for a slow reader; more ends its stream
    std::size_t stream_queue_bytes = 256 * 1024; ///< the same in bytes
    std::chrono::milliseconds stream_keep_alive_ms{15'000}; ///< quiet before a comment is sent
    std::size_t stdio_line_bytes = 16 * 1024 * 1024;        ///< one message on standard input
    std::size_t calls = 256;                    ///< in flight, whole daemon; beyond the queue -> 503
    std::size_t calls_queue = 1024;             ///< waiting for a place
    std::chrono::milliseconds drain_ms{20'000}; ///< SIGTERM: for what runs to finish
    // Calls
    std::chrono::milliseconds call_ms{55'000}; ///< one tool call; below the 60 s at which clients give up
    std::chrono::milliseconds tool_search_ms{
        50'000}; ///< search, list, describe: five seconds are left to answer
    std::chrono::milliseconds tool_read_ms{50'000};  ///< tools that read one thing
    std::chrono::milliseconds tool_write_ms{50'000}; ///< tools that write
    std::size_t answer_bytes = 64 * 1024;        ///< largest text of one answer, and of its structured twin
    std::size_t search_answer_bytes = 16 * 1024; ///< default budget where tools search, list or describe
    std::size_t search_parallel_files = 8;       ///< hit files fetched side by side
    std::size_t search_file_bytes = 1050;  ///< of one file's matches where five files or more match, so that
                                           ///< five hits are below 6 KB; where fewer do, they share that
    std::size_t search_organizations = 16; ///< most that one search without `organization` spans
    std::size_t search_parallel_organizations = 4;       ///< of these, asked side by side
    std::size_t search_fallback_files = 100;             ///< read through where the search service is missing
    std::size_t search_fallback_bytes = 4 * 1024 * 1024; ///< the same in bytes
    std::size_t blob_cache_bytes = 8 * 1024 * 1024;      ///< of file texts kept in memory; 0 = none are
    std::size_t blob_cache_file_bytes = 512 * 1024;      ///< a longer text is not kept
    std::size_t idempotency_hours = 24;                  ///< how long a key is remembered
    std::chrono::milliseconds write_settle_ms{300'000}; ///< after it nothing of a write is under way any more
    std::chrono::milliseconds write_recovery_ms{60'000};   ///< between looks for writes that were cut off
    std::size_t journal_days = 30;                         ///< how long settled writes stay in the journal
    std::chrono::milliseconds work_item_rules_ms{600'000}; ///< a type's rules are known this long
    std::size_t work_item_rules = 256;                     ///< types whose rules are known at a time
    // MCP
    std::size_t mcp_list_page = 100;                           ///< entries of one page of a list
    std::chrono::milliseconds mcp_session_idle_ms{86'400'000}; ///< unused for this long a session is gone
    std::size_t mcp_sessions_per_principal = 20'000;           ///< opened within mcp_session_idle_ms
    std::size_t mcp_streams_per_principal = 2'000;             ///< open at the same time
    std::size_t mcp_tasks_per_principal = 256;                 ///< not at their end
    std::chrono::milliseconds mcp_request_state_ms{3'600'000}; ///< to answer an input_required
    std::chrono::milliseconds mcp_client_answer_ms{300'000};   ///< to answer a request of the server's
    std::chrono::milliseconds mcp_heartbeat_ms{10'000};        ///< between progress of its own accord
    std::chrono::milliseconds mcp_stream_after_ms{5'000};      ///< a call this long gets an event stream
    std::size_t mcp_replay_events = 64;                        ///< kept of one stream for Last-Event-ID
    std::size_t mcp_replay_bytes = 256 * 1024;                 ///< the same in bytes
    std::chrono::milliseconds mcp_replay_age_ms{300'000};      ///< how long after the stream's end
    std::chrono::milliseconds mcp_task_after_ms{10'000};       ///< a call this long becomes a task
    std::chrono::milliseconds mcp_task_ttl_ms{86'400'000};     ///< how long a task is kept
    // Connectors
    std::chrono::milliseconds leg_ms{15'000}; ///< one step of `connectors test` and `doctor`
    std::size_t stored_connectors = 500;      ///< made through the API
    std::size_t stored_sources = 2000;        ///< knowledge sources made through the API
    // Knowledge sources: their index
    std::chrono::milliseconds knowledge_first_ms{1000};      ///< after the start: credentials come first
    std::chrono::milliseconds knowledge_sync_ms{86'400'000}; ///< between syncs of a source
    std::chrono::milliseconds knowledge_retry_ms{900'000};   ///< after a sync that failed
    std::chrono::milliseconds knowledge_run_ms{3'600'000};   ///< longest sync; what it got stays
    std::size_t knowledge_syncs = 2;                         ///< sources synced side by side
    std::size_t knowledge_parallel = 4;                      ///< requests of one sync side by side
    std::size_t knowledge_batch_files = 200;                 ///< fetched with one request
    std::size_t knowledge_batch_bytes = 4 * 1024 * 1024;     ///< the same in bytes, before compression
    std::size_t knowledge_file_bytes = 1024 * 1024;          ///< larger files are left out
    std::size_t knowledge_files = 100'000;                   ///< of one source; more are left out
    std::size_t knowledge_rerank_hits = 20;                  ///< looked at by the embedding provider
    std::chrono::milliseconds knowledge_rerank_ms{2'000};    ///< it has so long; then BM25 decides
    // Sign-in
    std::chrono::milliseconds sign_in_ms{600'000};      ///< from the link to the browser's return
    std::size_t sign_in_flows = 100;                    ///< remembered; those that ended are forgotten first
    std::chrono::milliseconds tenant_lookup_ms{10'000}; ///< to ask which tenant an organization is in
    std::chrono::milliseconds tenant_fresh_ms{604'800'000};   ///< how long the answer counts
    std::chrono::milliseconds tenant_retry_ms{60'000};        ///< an old answer serves this long before
    std::size_t tenants = 1000;                               ///< organizations whose tenant is remembered
    std::chrono::milliseconds credential_warm_up_ms{60'000};  ///< after the start, tokens are there by then
    std::chrono::milliseconds credential_touch_ms{3'600'000}; ///< between looks at tokens nobody asks for
    // Inbound tokens of an issuer (inbound.mode entra)
    std::size_t inbound_token_bytes = 16 * 1024;            ///< longest access token
    std::chrono::milliseconds inbound_skew_ms{120'000};     ///< how far the issuer's clock may be off
    std::size_t inbound_verified_tokens = 1024;             ///< remembered, so that hot ones cost little
    std::size_t inbound_keys = 100;                         ///< in an issuer's key set
    std::size_t inbound_keys_bytes = 256 * 1024;            ///< of its metadata, and of its key set
    std::chrono::milliseconds inbound_keys_fetch_ms{5'000}; ///< to fetch one of the two
    std::chrono::milliseconds inbound_keys_refresh_ms{3'600'000}; ///< between fetches in the background
    std::chrono::milliseconds inbound_keys_refetch_ms{300'000};   ///< between fetches for unknown keys
    std::chrono::milliseconds inbound_keys_stale_ms{86'400'000};  ///< keys outlive their last fetch by this
    // Store
    std::size_t audit_days = 400; ///< how long audit records are kept
    std::size_t audit_page_records =
        100; ///< of one answer to GET /api/v1/audit, unless it asks for another number
    // Outbound
    std::size_t upstream_connections = 16; ///< per origin
    std::size_t upstream_queue = 256;      ///< callers waiting for a connection, per origin
    std::chrono::milliseconds upstream_connect_ms{10'000};
    std::chrono::milliseconds upstream_request_ms{30'000}; ///< longest wait for one answer
    std::chrono::milliseconds upstream_idle_ms{50'000};    ///< idle pooled connection
    std::size_t upstream_body_bytes = 8 * 1024 * 1024;     ///< largest answer read from an upstream
    std::size_t upstream_attempts = 3;                     ///< of an idempotent request
    std::size_t organization_calls = 32;                   ///< upstream requests in flight, per organization
    std::size_t organization_queue = 512;                 ///< waiting for one, per organization -> overloaded
    std::chrono::milliseconds retry_after_cap_ms{30'000}; ///< longest upstream pause that is waited out
    std::size_t breaker_failures = 20; ///< more than successes, before requests fail at once
    std::chrono::milliseconds breaker_window_ms{60'000}; ///< in which they count
    std::chrono::milliseconds breaker_open_ms{10'000};   ///< then one request tries again
};

} // namespace server

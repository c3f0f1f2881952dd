target_sources(server_lib PRIVATE
  store/admin_token.cpp
  store/connector_table.cpp
  store/credential_tables.cpp
  store/database.cpp
  store/envelope.cpp
  store/envelope_key_ring.cpp
  store/grant_access.cpp
  store/journal_table.cpp
  store/refresh_lease.cpp
  store/session_table.cpp
  store/state_store.cpp
  store/stored_connectors.cpp
  store/stored_sessions.cpp
  store/stored_tasks.cpp
  store/task_table.cpp
)

target_sources(server_lib PRIVATE
  store/admin_token.cpp
  store/credential_tables.cpp
  store/database.cpp
  store/envelope.cpp
  store/envelope_key_ring.cpp
  store/journal_table.cpp
  store/state_store.cpp
)

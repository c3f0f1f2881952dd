target_sources(server_lib PRIVATE
  knowledge/document.cpp
  knowledge/index_file.cpp
  knowledge/index_search.cpp
  knowledge/index_tables.cpp
  knowledge/match_query.cpp
  knowledge/stored_index.cpp
)

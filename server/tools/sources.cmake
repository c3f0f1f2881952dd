target_sources(server_lib PRIVATE
  tools/clean_text.cpp
  tools/hit_locator.cpp
  tools/query_terms.cpp
  tools/snippet.cpp
  tools/text_fold.cpp
)

target_sources(server_lib PRIVATE
  tools/answer.cpp
  tools/clean_text.cpp
  tools/create_work_item.cpp
  tools/cursor.cpp
  tools/file_window.cpp
  tools/hit_locator.cpp
  tools/parallel.cpp
  tools/project_question.cpp
  tools/prompts.cpp
  tools/query_terms.cpp
  tools/read_arguments.cpp
  tools/read_file.cpp
  tools/search_answer.cpp
  tools/search_arguments.cpp
  tools/search_code.cpp
  tools/search_notes.cpp
  tools/shipped_skills.cpp
  tools/snippet.cpp
  tools/text_fold.cpp
  tools/work_item_request.cpp
  tools/work_item_search.cpp
  tools/write_plan.cpp
)

include(${CMAKE_CURRENT_LIST_DIR}/../skills/embed.cmake)

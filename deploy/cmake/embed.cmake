# Compiles generated text into the server. Written as it is, where configure_file would replace what looks like a variable in
# it, and only when it changed.
function(ado_mcpd_embed output source)
  set(path ${CMAKE_CURRENT_BINARY_DIR}/${output})
  set(before "")
  if(EXISTS ${path})
    file(READ ${path} before)
  endif()
  if(NOT before STREQUAL source)
    file(WRITE ${path} "${source}")
  endif()
  target_sources(server_lib PRIVATE ${path})
endfunction()

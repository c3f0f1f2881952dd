# A room is one static library over one folder. Its includes are spelled "<room>/file.hpp"; the include root that makes
# this resolve is a directory of its own with one link in it, so that a room sees the rooms it links to and no other.
function(ado_mcpd_room name folder)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LINKS" ${ARGN})
  set(root ${CMAKE_BINARY_DIR}/include-roots/${name})
  file(MAKE_DIRECTORY ${root})
  get_filename_component(folder_name ${folder} NAME)
  if(NOT EXISTS ${root}/${folder_name})
    file(CREATE_LINK ${folder} ${root}/${folder_name} SYMBOLIC)
  endif()
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_include_directories(${name} PUBLIC ${root})
  target_link_libraries(${name} PUBLIC ${ROOM_LINKS} PRIVATE ado_mcpd_warnings)
endfunction()

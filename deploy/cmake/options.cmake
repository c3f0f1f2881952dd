# What holds for the whole build: language, output places, ccache.
option(ADO_MCPD_TESTS "Build the tests" ON)
option(ADO_MCPD_FUZZ "Build the fuzz targets and what they need, nothing else; with clang" OFF)
option(ADO_MCPD_WERROR "Warnings are errors" ON)
set(ADO_MCPD_SANITIZE "" CACHE STRING "Sanitizers, comma separated: address,undefined | thread")

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# The binaries are found at <build>/ado-mcpd, <build>/ado-simulator: the contract names these places.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

find_program(ADO_MCPD_CCACHE ccache)
if(ADO_MCPD_CCACHE)
  # Paths are hashed relative to the source tree, so that build directories beside each other share objects.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${ADO_MCPD_CCACHE})
endif()

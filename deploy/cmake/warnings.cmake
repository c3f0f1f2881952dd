# One warning set for our own code. Third-party headers come in as SYSTEM.
add_library(ado_mcpd_warnings INTERFACE)
target_compile_options(ado_mcpd_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Woverloaded-virtual
  -Wold-style-cast -Wcast-qual -Wformat=2 -Wimplicit-fallthrough -Wnull-dereference)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(ado_mcpd_warnings INTERFACE
    -Wduplicated-cond -Wlogical-op -Wextra-semi -Wuseless-cast -Wsuggest-override
    # Fires falsely on awaitable frames at -O2 with GCC 12.
    -Wno-mismatched-new-delete)
endif()
# At -O2 GCC 12 inlines Asio's and the library's streams and sees null dereferences there that cannot be; and assigning a
# literal to a std::string overlaps, it says (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_FLAGS MATCHES "-O[23]")
  target_compile_options(ado_mcpd_warnings INTERFACE -Wno-null-dereference -Wno-restrict)
endif()
if(ADO_MCPD_WERROR)
  target_compile_options(ado_mcpd_warnings INTERFACE -Werror)
endif()
# Sanitizer instrumentation makes GCC 12 see null dereferences and uninitialised values that are not there.
if(ADO_MCPD_SANITIZE)
  target_compile_options(ado_mcpd_warnings INTERFACE -Wno-null-dereference -Wno-maybe-uninitialized)
endif()
